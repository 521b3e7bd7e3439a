import Foundation

/// Lists that users bring, one entry a line.
enum TextLines {
    /// The lines of a text in UTF-8, without the space around them and without empty ones; pipes will do.
    /// - Throws: `Failure` for what is missing, cannot be read or is no text.
    static func read(_ path: String) throws -> [String] {
        guard FileManager.default.fileExists(atPath: path) else {
            throw Failure.missing("\(path) does not exist")
        }
        // Not `contents(atPath:)`, which believes that a pipe is empty.
        guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.readToEnd() ?? Data(),
            let text = String(data: data, encoding: .utf8)
        else { throw Failure.badInput("\(path) is not a text file in UTF-8") }
        return text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
    }
}
