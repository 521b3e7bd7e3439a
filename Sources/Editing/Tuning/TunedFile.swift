public import Diffusion
import Foundation
import Imaging
import Layers
import Support
import Tensors

/// What was tuned, as a safetensors file: embeddings or weights, and in the metadata what they belong to.
///
/// Learnt once and used for many edits (``EditRequest/tuned``). A file belongs to one base model: its fingerprint is in the
/// record, and any other is refused. Of methods (HiPer, Imagic) it holds the tensors that they learn; of weights for any
/// method (`DreamBoothRequest`) a LoRA as diffusers writes it, which `LoRAFile` reads too.
public struct TunedFile: Sendable, Hashable {
    /// The key of the record among the file's texts.
    public static let key = "pentimento.tuned"

    /// Where it lies.
    public var path: String { file.path }
    /// What it says of itself.
    public let record: TunedRecord
    private let file: SafetensorsFile

    /// Opens a file and reads its header; no tensor is read yet.
    /// - Throws: `TunedFileError`, `SafetensorsError` for a file that is refused.
    public init(contentsOf path: String) throws {
        file = try SafetensorsFile(path: path)
        guard let text = file.metadata[Self.key] else { throw TunedFileError.none(path: path) }
        let data = Data(text.utf8)
        if let version = JSONValue.object(of: data)?["version"]?.number,
            version != version.rounded()
                || version > Double(TunedRecord.currentVersion)
        {
            throw TunedFileError.newer(path: path)
        }
        do {
            record = try JSONDecoder().decode(TunedRecord.self, from: data)
        } catch {
            throw TunedFileError.malformed(path: path, reason: "its record cannot be read")
        }
    }

    /// Refuses a model that it was not tuned over.
    /// - Throws: `TunedFileError.otherModel`.
    public func check(base name: String, fingerprint: String) throws(TunedFileError) {
        guard record.base == fingerprint else {
            throw .otherModel(
                path: path, own: record.model, base: record.base, model: name, fingerprint: fingerprint)
        }
    }

    /// Settings of an edit by the method that it was tuned for, with the options that it was tuned with.
    /// - Throws: `TunedFileError.otherMethod`, `.otherOption` where something else is asked for; `EditingError`.
    public func applied(to settings: EditSettings) throws -> EditSettings {
        let asked = try Registry.method(named: settings.method).description.name
        guard asked == record.method else {
            throw TunedFileError.otherMethod(path: path, own: record.method, asked: asked)
        }
        var settings = settings
        settings.source = settings.source ?? record.source
        for (name, value) in record.settings.sorted(by: { $0.key < $1.key }) {
            if let asked = settings.options[name], asked != value,
                Double(asked).map({ $0 != Double(value) }) ?? true
            {
                throw TunedFileError.otherOption(path: path, name: name, own: value, asked: asked)
            }
            settings.options[name] = value
        }
        return settings
    }

    /// What to say of an edit that is of something else than it was tuned to, a line each.
    /// - Parameter image: the image as the model sees it.
    func advice(for request: EditRequest, seenAs image: Image) -> [String] {
        let name = lastName(of: path)
        var lines: [String] = []
        if let own = record.image, own != Self.hash(of: image) {
            lines.append(
                "\(name) was tuned to another picture, or to this one at another size than "
                    + "\(image.width)x\(image.height)")
        }
        if let prompt = record.prompt, prompt != request.prompt {
            lines.append("\(name) was tuned for the prompt \"\(prompt)\", and this is another")
        }
        return lines
    }

    /// What a stage of a method learnt, with its losses.
    /// - Parameters:
    ///   - name: of the method and its stage.
    ///   - shapes: what it must hold, by name.
    /// - Throws: `TunedFileError.malformed` where it holds no such thing.
    func tuned(_ name: String, shapes: [String: [Int]], device: Device) throws -> Tuned {
        var tensors: [String: Tensor] = [:]
        for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
            guard let found = file.entry(name)?.shape, found == shape else {
                throw TunedFileError.malformed(
                    path: path, reason: "it has no tensor \(name) of shape \(shape)")
            }
            // In memory of its own: some kernels' last digits depend on where a tensor begins, and in a file that is anywhere.
            tensors[name] = try file.tensor(name).copied.to(device: device)
        }
        tensors["losses"] = Tensor(record.losses[name] ?? [])
        return Tuned(tensors: tensors)
    }

    /// A short hash of an image as a model sees it.
    static func hash(of image: Image) -> String {
        var digest = Digest()
        digest.add("\(image.width)x\(image.height)\n")
        digest.add(Data(image.pixels))
        return digest.hexadecimal(bytes: 8)
    }

    /// A file's name and a short hash of its bytes, for records.
    var facts: TunedFacts {
        var digest = Digest()
        digest.add(file)
        return TunedFacts(name: lastName(of: path), hash: digest.hexadecimal(bytes: 6))
    }

    /// Writes a file, whole or not at all.
    static func write(
        _ tensors: [(name: String, tensor: Tensor)], record: TunedRecord,
        metadata: [String: String] = [:], to path: String
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(record), as: UTF8.self)
        // As Python's libraries ask for it.
        try Safetensors.write(
            tensors, metadata: metadata.merging([key: text, "format": "pt"]) { $1 }, to: path)
    }

    /// Whether two files have one path and one record.
    public static func == (left: TunedFile, right: TunedFile) -> Bool {
        (left.path, left.record) == (right.path, right.record)
    }

    /// The path and the record.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(path)
        hasher.combine(record)
    }
}

extension EditRequest {
    /// The request with the options that its file was tuned with.
    /// - Throws: `TunedFileError` where the file does not go with the model, the method or an option.
    func withTunedSettings(for model: ModelFacts) throws -> EditRequest {
        guard let tuned else { return self }
        try tuned.check(base: model.name, fingerprint: model.fingerprint)
        var request = self
        request.settings = try tuned.applied(to: settings)
        return request
    }
}

/// A file of tuned embeddings that an edit used, as records tell of it.
public struct TunedFacts: Sendable, Hashable, Codable {
    /// The file's name, without folders.
    public var name: String
    /// A short hash of its bytes.
    public var hash: String
}
