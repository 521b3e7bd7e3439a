import Support

extension Tokenizer {
    /// The context length of CLIP's text encoders, taken where a folder names none.
    public static let defaultContextLength = 77

    /// Beyond this a `model_max_length` is a placeholder for "not known", which Python writes as 10³⁰.
    private static let longestBelievable = 100_000.0

    /// Reads the tokenizer of a diffusers folder.
    ///
    /// Takes `tokenizer.json` where there is one, as transformers 5 does, else `vocab.json` and `merges.txt`; the
    /// settings come from `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json`, each optional.
    /// - Parameters:
    ///   - folder: the tokenizer's folder, or the model folder that has it as `tokenizer`.
    ///   - contextLength: how many ids a prompt takes; by default what the folder says
    /// (`model_max_length`), or 77.
    /// - Throws: `TokenizerError`, naming the file and what is wrong with it.
    public init(folder: String, contextLength: Int? = nil) throws(TokenizerError) {
        let files = try TokenizerFolder(folder)
        let settings = try files.members(of: TokenizerFolder.settings)
        let map = try files.members(of: TokenizerFolder.specialTokens)
        let settingsPath = files.path(of: TokenizerFolder.settings)
        try Self.refuseUnsupported(settings, path: settingsPath)

        let table: ByteTable
        let mergeList: MergeList
        var declared: [JSONValue] = []
        var vocabularyName = TokenizerFolder.whole
        var mergesName = TokenizerFolder.whole
        if files.has(TokenizerFolder.whole) {
            let whole = try files.wholeFile()
            (table, mergeList, declared) = (whole.table, whole.merges, whole.added)
        } else {
            (vocabularyName, mergesName) = (TokenizerFolder.vocabulary, TokenizerFolder.merges)
            let missing = [vocabularyName, mergesName].filter { !files.has($0) }
            guard missing.isEmpty else { throw .filesMissing(folder: files.path, missing: missing) }
            table = try files.vocabularyTable()
            mergeList = try files.mergeList()
        }
        let vocabulary = try Vocabulary(
            table: table, mergeList: mergeList,
            unknown: SpecialTokens.unknown(settings: settings, map: map),
            path: files.path(of: vocabularyName), mergePath: files.path(of: mergesName))
        let special = try SpecialTokens(
            folder: files, settings: settings, map: map, wholeFile: declared, table: table)
        var length = try Self.contextLength(settings, path: settingsPath)
        if let contextLength { length = contextLength }
        try self.init(
            vocabulary: vocabulary, added: special.added, contextLength: length,
            startToken: special.start, endToken: special.end, paddingToken: special.padding)
    }

    private static func contextLength(
        _ settings: [String: JSONValue], path: String
    ) throws(TokenizerError) -> Int {
        guard let value = settings["model_max_length"], value != .null else { return defaultContextLength }
        guard let number = value.number, number == number.rounded(), number >= 0 else {
            throw .unsupported(path: path, setting: "a model_max_length that is not a whole number")
        }
        return number > longestBelievable ? defaultContextLength : Int(number)
    }

    private static func refuseUnsupported(
        _ settings: [String: JSONValue], path: String
    ) throws(TokenizerError) {
        if let kind = settings["tokenizer_class"]?.text,
            !["CLIPTokenizer", "CLIPTokenizerFast", "TokenizersBackend"].contains(kind)
        {
            throw .unsupported(path: path, setting: "tokenizer_class \"\(kind)\" (only CLIPTokenizer is)")
        }
        for name in ["padding_side", "truncation_side"] {
            if let side = settings[name]?.text, side != "right" {
                throw .unsupported(path: path, setting: "\(name) \"\(side)\"")
            }
        }
        for name in ["add_bos_token", "add_eos_token"] where settings[name]?.flag == false {
            throw .unsupported(path: path, setting: "\(name) to false")
        }
        if settings["split_special_tokens"]?.flag == true {
            throw .unsupported(path: path, setting: "split_special_tokens")
        }
    }
}
