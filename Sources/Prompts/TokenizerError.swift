public import Support

/// What can be wrong with a tokenizer's files, or with a question asked of a prompt.
public enum TokenizerError: UserError, Equatable {
    /// A folder holds neither `vocab.json` with `merges.txt` nor `tokenizer.json`.
    case filesMissing(folder: String, missing: [String])
    /// A file cannot be read or written.
    case unreachable(path: String, reason: String)
    /// A file is something else than its name says, such as a web page in place of JSON.
    case notTheFile(path: String, found: String)
    /// A file breaks its format at a byte.
    case malformed(path: String, byte: Int, reason: String)
    /// A vocabulary names a token, or uses an id, more than once.
    case duplicate(path: String, what: String)
    /// The ids of a vocabulary do not run from zero without a gap.
    case idsNotContiguous(path: String, missing: Int, count: Int)
    /// A merge names, or makes, a token that the vocabulary lacks.
    case unknownToken(path: String, merge: Int, token: String)
    /// A special token, or a symbol for a byte, has no id.
    case missingEntry(path: String, token: String)
    /// A setting asks for behaviour that is not provided here.
    case unsupported(path: String, setting: String)
    /// A context length too short for the start and end tokens and one token between them.
    case contextTooShort(length: Int)
    /// A vocabulary too small for the byte symbols and the special tokens.
    case vocabularyTooSmall(size: Int, least: Int)
    /// A word or phrase does not occur in a prompt.
    case phraseNotFound(phrase: String, prompt: String)
    /// A word or phrase occurs only where the prompt was cut.
    case phraseCutOff(phrase: String, prompt: String, contextLength: Int)

    /// Where the cause lies: in the tokenizer's files, or in what was asked of a prompt.
    public var kind: UserErrorKind {
        switch self {
        case .filesMissing: .missing
        case .unsupported: .unsupported
        case .unreachable, .notTheFile, .malformed, .duplicate, .idsNotContiguous, .unknownToken,
            .missingEntry,
            .contextTooShort, .vocabularyTooSmall, .phraseNotFound, .phraseCutOff:
            .badInput
        }
    }

    /// One line: what happened, where, and what to do.
    public var description: String {
        switch self {
        case .filesMissing(let folder, let missing):
            let names = missing.joined(separator: " and ")
            return "no tokenizer in \(folder): \(names) missing, and no tokenizer.json; "
                + "point to a diffusers folder or its tokenizer folder"
        case .unreachable(let path, let reason):
            return "cannot reach \(path): \(reason)"
        case .notTheFile(let path, let found):
            return "\(path) is \(found), not a tokenizer file; download it again"
        case .malformed(let path, let byte, let reason):
            return "\(path) is damaged at byte \(byte): \(reason)"
        case .duplicate(let path, let what):
            return "\(path) lists \(what) more than once"
        case .idsNotContiguous(let path, let missing, let count):
            return
                "\(path) has \(count) tokens but none with id \(missing); ids must run from 0 without a gap"
        case .unknownToken(let path, let merge, let token):
            return "\(path): merge \(merge) needs the token \"\(token)\", which the vocabulary lacks; "
                + "vocabulary and merges must come from the same model"
        case .missingEntry(let path, let token):
            return "\(path) has no entry for \"\(token)\""
        case .unsupported(let path, let setting):
            return "\(path) sets \(setting), which is not supported"
        case .contextTooShort(let length):
            return "a context length of \(length) has no room for text; it must be at least 3"
        case .vocabularyTooSmall(let size, let least):
            return "a vocabulary of \(size) tokens is too small; it must hold at least \(least)"
        case .phraseNotFound(let phrase, let prompt):
            return
                "\"\(phrase)\" is not in the prompt \"\(prompt)\"; use whole words as the prompt spells them"
        case .phraseCutOff(let phrase, let prompt, let contextLength):
            return "\"\(phrase)\" lies beyond the \(contextLength) tokens that the model reads of "
                + "\"\(prompt)\"; shorten the prompt or move the phrase forward"
        }
    }
}
