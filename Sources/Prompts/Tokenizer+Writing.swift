import Foundation
import Support

extension Tokenizer {
    /// Writes the tokenizer as a folder that this package and Python's `CLIPTokenizer` read alike.
    ///
    /// Leaves `vocab.json`, `merges.txt`, `tokenizer_config.json` and `special_tokens_map.json`; every file appears
    /// whole or not at all. The folder is made where it does not exist.
    /// - Throws: `TokenizerError.unreachable`, naming the file that could not be written.
    public func write(to folder: String) throws(TokenizerError) {
        do {
            try WholeFolder.make(folder)
        } catch {
            throw .unreachable(path: folder, reason: (error as? WriteFailure)?.reason ?? "\(error)")
        }
        let entries = vocabulary.tokens.enumerated().map { id, token in
            "  " + Self.quoted(String(decoding: token, as: UTF8.self)) + ": \(id)"
        }
        try Self.write(
            "{\n" + entries.joined(separator: ",\n") + "\n}\n", to: folder, as: TokenizerFolder.vocabulary)

        let merges = vocabulary.mergedPairs.map { left, right in
            [left, right].map { String(decoding: vocabulary.tokens[Int($0)], as: UTF8.self) }
                .joined(separator: " ") + "\n"
        }
        try Self.write("#version: 0.2\n" + merges.joined(), to: folder, as: TokenizerFolder.merges)

        let named = [
            ("bos_token", startToken), ("eos_token", endToken), ("pad_token", paddingToken),
            ("unk_token", endToken),
        ].map { name, id in "  \"\(name)\": " + Self.quoted(token(of: id) ?? "") }
        try Self.write(
            "{\n" + named.joined(separator: ",\n") + "\n}\n", to: folder, as: TokenizerFolder.specialTokens)

        let added = added.all.map { token in
            """
                "\(token.id)": {
                  "content": \(Self.quoted(token.content)),
                  "lstrip": \(token.stripsLeft),
                  "normalized": \(token.isNormalized),
                  "rstrip": \(token.stripsRight),
                  "single_word": false,
                  "special": true
                }
            """
        }
        let settings =
            ["  \"added_tokens_decoder\": {\n" + added.joined(separator: ",\n") + "\n  }"] + named + [
                "  \"clean_up_tokenization_spaces\": false", "  \"do_lower_case\": true",
                "  \"errors\": \"replace\"", "  \"model_max_length\": \(contextLength)",
                "  \"tokenizer_class\": \"CLIPTokenizer\"",
            ]
        try Self.write(
            "{\n" + settings.joined(separator: ",\n") + "\n}\n", to: folder, as: TokenizerFolder.settings)
    }

    /// A string as JSON, with everything but ASCII escaped.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for unit in text.utf16 {
            switch unit {
            case 0x22: result += "\\\""
            case 0x5C: result += "\\\\"
            case 0x20..<0x7F: result.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            default:
                let digits = String(unit, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return result + "\""
    }

    private static func write(_ text: String, to folder: String, as name: String) throws(TokenizerError) {
        let path = folder + "/" + name
        do {
            try WholeFile.write(text, to: path)
        } catch {
            throw .unreachable(path: path, reason: (error as? WriteFailure)?.reason ?? "\(error)")
        }
    }
}
