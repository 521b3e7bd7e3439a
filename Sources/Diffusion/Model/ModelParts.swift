import Foundation
import Layers
import Networks
import Prompts
import Support
import Tensors

/// Where a part's weights lie: in a folder of their own, or among others in one file.
enum PartOrigin: Sendable {
    case folder(String)
    case file(path: String, tensors: [String: StoredTensor])

    /// The folder or the file, for messages.
    var place: String {
        switch self {
        case .folder(let path), .file(let path, _): path
        }
    }
}

/// Where a tokenizer is read from.
enum TokenizerOrigin: Sendable {
    /// A tokenizer's folder, or the model folder around it.
    case folder(String)
    /// CLIP's merges.
    case merges(folder: String, Tokenizer.Padding)
}

extension ModelFolder {
    /// A part's weights, opened now.
    func store(of part: Part, dtype: DType, device: Device) throws -> WeightStore {
        switch origins[part] {
        case .folder(let path):
            try WeightStore(folder: path, name: part.weights, dtype: dtype, device: device)
        case .file(let path, let tensors):
            WeightStore(
                file: try SafetensorsFile(path: path), tensors: tensors, dtype: dtype, device: device)
        case nil: throw DiffusionError.missingComponent(name: part.rawValue)
        }
    }

    /// Where a part's weights lie, for messages.
    func place(of part: Part) -> String { origins[part]?.place ?? path }

    /// The tokenizer, its context no longer than the text encoder's.
    func tokenizer() throws -> Tokenizer {
        let longest = textEncoder.contextLength
        switch tokens {
        case .folder(let path):
            let tokenizer = try Tokenizer(folder: path)
            guard tokenizer.contextLength > longest else { return tokenizer }
            return try Tokenizer(folder: path, contextLength: longest)
        case .merges(let folder, let padding):
            return try Tokenizer(mergesIn: folder, contextLength: longest, padding: padding)
        }
    }
}

extension ModelSource {
    /// What was named in the place of a part.
    func replacement(of part: ModelFolder.Part) -> String? {
        switch part {
        case .unet: nil
        case .autoencoder: autoencoder
        case .textEncoder: textEncoder
        }
    }
}

/// The parts of a model beside its UNet, and what was named to take their place.
struct ModelParts {
    var autoencoder: AutoencoderConfiguration
    var textEncoder: TextEncoderConfiguration
    var origins: [ModelFolder.Part: PartOrigin]
    var tokens: TokenizerOrigin
    var fingerprint: String
    /// Which part came from elsewhere, a line each.
    var notices: [String] = []

    /// Puts what a source names in the place of the model's own parts.
    /// - Throws: `DiffusionError` for what is no such part.
    mutating func replace(by source: ModelSource) throws {
        var named: [String] = []
        if let path = source.autoencoder {
            let scale = autoencoder.scalingFactor
            let found = try Self.autoencoder(
                at: path, shaped: source.configuration == nil ? nil : autoencoder)
            (origins[.autoencoder], autoencoder) = (found.origin, found.shape)
            // How far latents are spread is the base model's, whatever the file is called.
            autoencoder.scalingFactor = scale
            named.append(path)
            notices.append("\(source.path): the autoencoder is that of \(found.origin.place)")
        }
        if let path = source.textEncoder {
            let found = try Self.textEncoder(
                at: path, shaped: source.configuration == nil ? nil : textEncoder)
            (origins[.textEncoder], textEncoder) = (found.origin, found.shape)
            named.append(path)
            notices.append("\(source.path): the text encoder is that of \(found.origin.place)")
        }
        if let path = source.tokenizer { tokens = .folder(path) }
        guard !named.isEmpty || source.prediction != nil else { return }
        fingerprint = try Fingerprint.of(
            base: fingerprint, files: named, texts: [source.prediction?.rawValue].compactMap(\.self))
    }

    /// An autoencoder in a file of its own, in a checkpoint, or in a folder.
    /// - Parameter known: the shape of one in a file, where it is known; else its tensors tell.
    private static func autoencoder(
        at path: String, shaped known: AutoencoderConfiguration?
    ) throws -> (origin: PartOrigin, shape: AutoencoderConfiguration) {
        if let folder = try folder(at: path, part: .autoencoder) {
            return (.folder(folder), try AutoencoderConfiguration(contentsOf: folder + "/config.json"))
        }
        let inventory = try ModelFolder.inventory(ofFile: path)
        let header = HeaderNames(inventory)
        let tensors = CheckpointFile.autoencoder(in: header).tensors
        guard tensors["decoder.conv_in.weight"] != nil else {
            let kind = ModelFileKind(of: inventory)
            throw DiffusionError.notAModel(
                path: path, what: kind.what, advice: "an autoencoder is named in the place of the model's own"
            )
        }
        let shape =
            known ?? AutoencoderConfiguration { name in tensors[name].flatMap { header.shape($0.name) } }
        if known == nil { try CheckpointShapes.check(shape, path: path) }
        return (.file(path: path, tensors: tensors), shape)
    }

    /// A text encoder in a file of its own, in a checkpoint, or in a folder; `known` as of an autoencoder.
    private static func textEncoder(
        at path: String, shaped known: TextEncoderConfiguration?
    ) throws -> (origin: PartOrigin, shape: TextEncoderConfiguration) {
        if let folder = try folder(at: path, part: .textEncoder) {
            return (.folder(folder), try TextEncoderConfiguration(contentsOf: folder + "/config.json"))
        }
        let inventory = try ModelFolder.inventory(ofFile: path)
        let header = HeaderNames(inventory)
        guard let tower = TextTower(in: header) else {
            let kind = ModelFileKind(of: inventory)
            throw DiffusionError.notAModel(
                path: path, what: kind.what,
                advice: "a text encoder is named in the place of the model's own")
        }
        let shape = known ?? CheckpointShapes.textEncoder(tower, in: header)
        if known == nil { try CheckpointShapes.check(shape, path: path) }
        return (.file(path: path, tensors: tower.tensors), shape)
    }

    /// The folder of a part: the one named, or that in the model folder named; nil where a file was named.
    private static func folder(at path: String, part: ModelFolder.Part) throws -> String? {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw DiffusionError.missingFile(path: path, purpose: part.purpose)
        }
        guard isFolder.boolValue else { return nil }
        let inner = "\(path)/\(part.rawValue)"
        return FileManager.default.fileExists(atPath: inner + "/config.json") ? inner : path
    }
}
