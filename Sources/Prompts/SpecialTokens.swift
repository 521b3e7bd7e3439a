import Support

/// The special tokens of a folder: which there are, and how each is looked for in a prompt.
///
/// Follows what transformers 5 makes of the files, since the ids of prompts with such tokens depend on it. Stable
/// Diffusion 2 names `!` as its padding, for example, and thereby every `!` in a prompt becomes id 0.
struct SpecialTokens {
    /// A token as a file describes it, before it has an id.
    private struct Description {
        var content: String
        var isNormalized: Bool
        var stripsLeft = false
        var stripsRight = false
    }

    let added: AddedTokens
    let start: Int
    let end: Int
    let padding: Int

    /// The names that settings use, in the order in which the tokens are added.
    private static let names = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]
    private static let defaults = [
        "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>",
    ]

    /// The text of the token that stands for what the vocabulary cannot write.
    static func unknown(settings: [String: JSONValue], map: [String: JSONValue]) -> String {
        let value = settings["added_tokens_decoder"] == nil ? map["unk_token"] : nil
        let named = value ?? settings["unk_token"] ?? .null
        return named.text ?? named.object?["content"]?.text ?? "<|endoftext|>"
    }

    /// - Parameters:
    ///   - folder: where the files are, for messages.
    ///   - settings: members of `tokenizer_config.json`.
    ///   - map: members of `special_tokens_map.json`.
    ///   - wholeFile: `added_tokens` of `tokenizer.json`.
    ///   - table: ids by token.
    init(
        folder: TokenizerFolder, settings: [String: JSONValue], map: [String: JSONValue],
        wholeFile: [JSONValue], table: ByteTable
    ) throws(TokenizerError) {
        let path = folder.path(of: TokenizerFolder.settings)
        var named: [String: JSONValue] = Self.defaults.mapValues { .text($0) }
        for name in Self.names { named[name] = settings[name] ?? named[name] }

        let declared: [Int: Description]
        if let decoder = settings["added_tokens_decoder"]?.object {
            declared = try Self.declared(decoder, path: path)
        } else {
            // Where settings declare tokens with ids, the older files are not read.
            for name in Self.names { named[name] = map[name] ?? named[name] }
            let contents = named.values.compactMap { $0.text ?? $0.object?["content"]?.text }
            declared = try Self.declared(in: folder, wholeFile, special: contents)
        }

        var descriptions = declared.sorted { $0.key < $1.key }.map(\.value)
        let declaredContents = Set(descriptions.map(\.content))
        let extra =
            (settings["extra_special_tokens"] ?? settings["additional_special_tokens"]
            ?? map["additional_special_tokens"])?.list ?? []
        for value in Self.names.compactMap({ named[$0] }) + extra where value != .null {
            let description = try Self.description(of: value, isSpecial: true, path: path)
            if !declaredContents.contains(description.content) { descriptions.append(description) }
        }

        let tokens = try Self.number(descriptions, table: table, declared: declared, path: path)
        func id(_ name: String) throws(TokenizerError) -> Int {
            guard let value = named[name], value != .null else {
                throw .missingEntry(path: path, token: name)
            }
            let content = try Self.description(of: value, isSpecial: true, path: path).content
            guard let token = tokens.first(where: { $0.content == content }) else {
                throw .missingEntry(path: path, token: content)
            }
            return token.id
        }
        start = try id("bos_token")
        end = try id("eos_token")
        padding = try id("pad_token")
        added = AddedTokens(tokens)
    }

    /// Tokens that `added_tokens_decoder` declares, by id.
    private static func declared(
        _ decoder: [String: JSONValue], path: String
    ) throws(TokenizerError) -> [Int: Description] {
        var declared: [Int: Description] = [:]
        for (key, value) in decoder {
            guard let id = Int(key) else {
                throw .unsupported(path: path, setting: "an added token with the id \"\(key)\"")
            }
            declared[id] = try description(of: value, isSpecial: false, path: path)
        }
        return declared
    }

    /// Tokens that `added_tokens.json` and `tokenizer.json` declare, by id; those of the latter count.
    private static func declared(
        in folder: TokenizerFolder, _ wholeFile: [JSONValue], special: [String]
    ) throws(TokenizerError) -> [Int: Description] {
        var declared: [Int: Description] = [:]
        for (content, value) in try folder.members(of: TokenizerFolder.addedTokens) {
            guard let id = value.number.flatMap({ Int(exactly: $0) }) else {
                throw .unsupported(
                    path: folder.path(of: TokenizerFolder.addedTokens),
                    setting: "an id for \"\(content)\" that is not a whole number")
            }
            declared[id] = Description(content: content, isNormalized: !special.contains(content))
        }
        for value in wholeFile {
            let path = folder.path(of: TokenizerFolder.whole)
            guard let id = value.object?["id"]?.number.flatMap({ Int(exactly: $0) }) else {
                throw .missingEntry(path: path, token: "id of an added token")
            }
            declared[id] = try description(of: value, isSpecial: false, path: path)
        }
        return declared
    }

    /// Gives every token its id: the vocabulary's, or the next one after it.
    ///
    /// A later description of a token wins.
    private static func number(
        _ descriptions: [Description], table: ByteTable, declared: [Int: Description], path: String
    ) throws(TokenizerError) -> [AddedToken] {
        var tokens: [AddedToken] = []
        var next = table.count
        for description in descriptions where !description.content.isEmpty {
            let known = tokens.first { $0.content == description.content }?.id
            let id = table[description.content.utf8] ?? known ?? next
            if id == next { next += 1 }
            tokens.removeAll { $0.content == description.content }
            tokens.append(
                AddedToken(
                    content: description.content, id: id, isNormalized: description.isNormalized,
                    stripsLeft: description.stripsLeft, stripsRight: description.stripsRight))
        }
        for (id, description) in declared {
            guard let token = tokens.first(where: { $0.content == description.content }), token.id != id
            else {
                continue
            }
            throw .unsupported(
                path: path,
                setting: "id \(id) for the added token \"\(token.content)\", which belongs at \(token.id)")
        }
        return tokens
    }

    private static func description(
        of value: JSONValue, isSpecial: Bool, path: String
    ) throws(TokenizerError) -> Description {
        if let content = value.text { return Description(content: content, isNormalized: false) }
        guard let members = value.object, let content = members["content"]?.text else {
            throw .unsupported(path: path, setting: "a special token that is neither text nor a description")
        }
        if members["single_word"]?.flag == true {
            throw .unsupported(path: path, setting: "single_word for the token \"\(content)\"")
        }
        let special = isSpecial || members["special"]?.flag ?? false
        return Description(
            content: content, isNormalized: members["normalized"]?.flag ?? !special,
            stripsLeft: members["lstrip"]?.flag ?? false, stripsRight: members["rstrip"]?.flag ?? false)
    }
}
