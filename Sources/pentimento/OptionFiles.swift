import Editing
import Foundation
import Imaging
import Tensors

/// Files that options of methods name, which the library never opens.
enum OptionFiles {
    /// The most bytes a file of sentences may have.
    static let mostBytes = 1 << 20
    /// The most sentences.
    static let mostSentences = 10_000

    /// What the files hold that settings name in options of their method, by the option's name.
    static func read(for settings: EditSettings) throws -> [String: OptionFile] {
        var files: [String: OptionFile] = [:]
        let known = try Registry.method(named: settings.method).files
        for (option, kind) in known.sorted(by: { $0.key < $1.key }) {
            guard let path = settings.options[option], !path.isEmpty else { continue }
            switch kind {
            case .mask: files[option] = .mask(try Mask(contentsOf: path))
            case .sentences where holdsEmbeddings(path):
                files[option] = .embeddings(try embeddings(in: path, option: option))
            case .sentences: files[option] = .sentences(try sentences(in: path, option: option))
            }
        }
        return files
    }

    /// The lines of a file that are not blank.
    /// - Parameter option: whose value the path is, for the error.
    /// - Throws: `EditingError.badValue` that says what is wrong with the file.
    static func sentences(in path: String, option: String) throws(EditingError) -> [String] {
        func refused(_ reason: String) -> EditingError {
            .badValue(
                name: "option \(option)", value: "\"\(path)\"",
                expected: "a text file with one sentence per line, but \(reason)")
        }
        // A pipe or device could keep the program waiting or never end; only regular files are opened.
        let url = URL(fileURLWithPath: path).resolvingSymlinksInPath()
        guard let facts = try? FileManager.default.attributesOfItem(atPath: url.path) else {
            throw refused("there is no such file")
        }
        guard facts[.type] as? FileAttributeType == .typeRegular else { throw refused("it is no file") }
        guard let handle = FileHandle(forReadingAtPath: url.path) else { throw refused("it cannot be read") }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: mostBytes + 1) else {
            throw refused("it has no sentences")
        }
        guard data.count <= mostBytes else { throw refused("it is larger than \(mostBytes) bytes") }
        guard let text = String(validating: data, as: UTF8.self), !text.unicodeScalars.contains("\0") else {
            throw refused("it is not UTF-8 text")
        }
        let lines = text.split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces.union(["\u{FEFF}"])) }.filter { !$0.isEmpty }
        guard !lines.isEmpty else { throw refused("it has no sentences") }
        guard lines.count <= mostSentences else {
            throw refused("it has \(lines.count) sentences; at most \(mostSentences) are read")
        }
        return lines
    }

    /// Whether a file is named as one that holds embeddings, or as one from which they could be converted.
    static func holdsEmbeddings(_ path: String) -> Bool {
        ["safetensors", "pt", "pth", "bin", "ckpt"].contains((path as NSString).pathExtension.lowercased())
    }

    /// The embedded sentences that a safetensors file holds in its one tensor.
    /// - Parameter option: whose value the path is, for the error.
    /// - Throws: `EditingError.badValue` that says what is wrong with the file.
    static func embeddings(in path: String, option: String) throws(EditingError) -> NamedArray {
        func refused(_ reason: String) -> EditingError {
            .badValue(
                name: "option \(option)", value: "\"\(path)\"",
                expected: "a safetensors file with one tensor of embedded sentences, but \(reason)")
        }
        do {
            let file = try SafetensorsFile(path: path)
            guard file.names.count == 1 else { throw refused("it holds \(file.names.count) tensors") }
            let tensor = try file.tensor(file.names[0])
            return NamedArray(name: file.names[0], shape: tensor.shape, values: tensor.floats)
        } catch let error as EditingError {
            throw error
        } catch {
            throw refused("\(error)")
        }
    }
}

extension EditRequest {
    /// The request with what the files hold that its options name.
    func withFiles() throws -> EditRequest {
        var request = self
        request.files = try OptionFiles.read(for: settings)
        return request
    }
}
