import Foundation
import Support
import Tensors

/// Where a model is and what takes the place of parts of it: a diffusers folder or one checkpoint file, and beside it an
/// autoencoder, a text encoder, a tokenizer.
public struct ModelSource: Sendable, Hashable {
    /// The diffusers folder, or the checkpoint in one safetensors file.
    public var path: String
    /// A file or folder whose autoencoder is used; nil for the model's own.
    public var autoencoder: String?
    /// A file or folder whose text encoder is used; nil for the model's own.
    public var textEncoder: String?
    /// A folder whose tokenizer is used; nil for the model's own, or CLIP's for a file.
    public var tokenizer: String?
    /// A diffusers folder whose configurations describe the networks of a file; nil where its shapes do.
    public var configuration: String?
    /// What the network answers, where the model says nothing or something wrong.
    public var prediction: Prediction?

    /// A model as it is.
    public init(_ path: String) { self.path = path }

    /// Whether the model is one file and no folder.
    public var isFile: Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
    }

    /// The folder of the merges that CLIP's tokenizer is made of; nil where the program lies without it.
    public static var clipTokenizer: String? {
        Backend.homes.map { $0 + "/Models/clip-tokenizer" }.first {
            FileManager.default.fileExists(atPath: $0 + "/merges.txt")
        }
    }
}

/// Why a model is taken to answer noise or velocity.
public enum PredictionEvidence: Sendable, Hashable, CustomStringConvertible {
    /// The folder's noise schedule says so.
    case schedule
    /// Whoever named the model says so.
    case asked
    /// The configuration beside the file says so.
    case sidecar(String)
    /// A tensor says so by being there.
    case marker(String)
    /// The texts in the file say so.
    case metadata(String)
    /// All models of the family do, but for a few.
    case family
    /// Nothing speaks for either.
    case nothing
    /// A pass of the network showed it.
    case pass

    /// Whether one pass of the network is to see to it.
    var isWeak: Bool { self == .family || self == .nothing }

    /// As a clause of a sentence.
    public var description: String {
        switch self {
        case .schedule: "as its schedule says"
        case .asked: "as asked"
        case .sidecar(let path): "as \(lastName(of: path)) says"
        case .marker(let name): "as its tensor \(name) says"
        case .metadata(let key): "as its text \(key) says"
        case .family: "as its family does; the first job sees whether that is so"
        case .nothing: "perhaps; the first job sees whether that is so"
        case .pass: "as one pass shows"
        }
    }
}
