import Foundation
import Tensors

extension SentenceBank {
    /// The most bytes a file of sentences may have.
    static let mostBytes = 1 << 20
    /// The most sentences.
    static let mostSentences = 10_000

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

    /// The mean of the embedded sentences that a safetensors file holds in its one tensor, [n, L, D] or [L, D];
    /// [1, L, D].
    /// - Parameters:
    ///   - shape: what the model's own embeddings are, [1, L, D].
    ///   - option: whose value the path is, for the error.
    /// - Throws: `EditingError.badValue` that says what is wrong with the file.
    static func embedding(in path: String, like own: Tensor, option: String) throws(EditingError) -> Tensor {
        func refused(_ reason: String) -> EditingError {
            .badValue(
                name: "option \(option)", value: "\"\(path)\"",
                expected: "a safetensors file with one tensor of embedded sentences, but \(reason)")
        }
        let tensor: Tensor
        do {
            let file = try SafetensorsFile(path: path)
            guard file.names.count == 1 else { throw refused("it holds \(file.names.count) tensors") }
            tensor = try file.tensor(file.names[0])
        } catch let error as EditingError {
            throw error
        } catch {
            throw refused("\(error)")
        }
        let wanted = Array(own.shape.dropFirst())
        let sentences = tensor.shape.count == 2 ? tensor.reshaped([1] + tensor.shape) : tensor
        guard sentences.shape.count == 3, Array(sentences.shape.dropFirst()) == wanted, sentences.shape[0] > 0
        else {
            throw refused("its tensor is \(tensor.shape) and this model's embeddings are \(wanted)")
        }
        let mean = sentences.to(dtype: .float32).mean([0], keeping: true).like(own)
        guard mean.isFinite else { throw refused("it holds values that are not numbers") }
        return mean
    }
}
