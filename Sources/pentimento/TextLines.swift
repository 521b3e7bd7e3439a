import Foundation

/// Lists that users bring, one entry a line.
enum TextLines {
    /// The lines of a text in UTF-8, without the space around them and without empty ones; pipes will do, and `-` is
    /// standard input.
    /// - Throws: `Failure` for what is missing, cannot be read or is no text.
    static func read(_ path: String) throws -> [String] {
        guard path == "-" || FileManager.default.fileExists(atPath: path) else {
            throw Failure.missing("\(path) does not exist")
        }
        guard path != "-" || isatty(STDIN_FILENO) == 0 else {
            throw Failure.badInput("standard input is a terminal; send a list into it")
        }
        // Not `contents(atPath:)`, which believes that a pipe is empty.
        let handle = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
        guard let handle, let data = try? handle.readToEnd() ?? Data(),
            let text = String(data: data, encoding: .utf8)
        else {
            let name = path == "-" ? "standard input" : path
            throw Failure.badInput("\(name) is not a text file in UTF-8")
        }
        return text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
    }
}
