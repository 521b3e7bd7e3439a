import Foundation
public import Support
import Tensors

/// A textual inversion as people share it: vectors that stand for a word in a prompt.
///
/// Gal et al., "An Image is Worth One Word", 2022 (arXiv 2208.01618). Read are the files of webui and kohya
/// (`emb_params`), of diffusers (one tensor called after the word) and `clip_l`; the file's own name is a word as well.
public struct EmbeddingFile: Sendable {
    /// Where it lies.
    public var path: String { file.path }
    /// The words that mean it.
    public let words: [String]
    /// How many vectors it has (n).
    public let count: Int
    /// Width of a vector (D).
    public let width: Int
    private let file: SafetensorsFile
    private let tensor: String

    /// Opens a file and reads its header.
    /// - Throws: `EmbeddingError`, `SafetensorsError` for a file that is refused.
    public init(contentsOf path: String) throws {
        let url = URL(fileURLWithPath: path)
        if ["pt", "bin", "ckpt", "png", "webp"].contains(url.pathExtension.lowercased()) {
            throw EmbeddingError.otherFormat(path: path)
        }
        file = try SafetensorsFile(path: path)
        let own = url.deletingPathExtension().lastPathComponent
        let isPair = file.names.contains("clip_l") && file.names.contains("clip_g")
        guard !isPair else { throw EmbeddingError.otherFamily(path: path, width: 2048, wanted: nil) }
        let known = ["emb_params", "clip_l", "text_encoders_0"].first(where: file.names.contains)
        guard let name = known ?? (file.names.count == 1 ? file.names[0] : nil),
            let shape = file.shape(of: name),
            (1...2).contains(shape.count), let width = shape.last, width > 0
        else { throw EmbeddingError.none(path: path, what: ModelFileKind(of: file.inventory).what) }
        tensor = name
        self.width = width
        count = shape.count == 2 ? shape[0] : 1
        guard (1...73).contains(count) else { throw EmbeddingError.badCount(path: path, count: count) }
        words = known == nil && name.lowercased() != own.lowercased() ? [name, own] : [own]
    }

    /// A short hash of its bytes.
    public var hash: String {
        var digest = Digest()
        digest.add(file)
        return digest.hexadecimal(bytes: 6)
    }

    /// The vectors, [n, D] in float32, for a text encoder of a width.
    /// - Throws: `EmbeddingError` for one of another width, or for vectors that are not numbers.
    func vectors(width wanted: Int) throws -> Tensor {
        guard width == wanted else {
            throw EmbeddingError.otherFamily(path: path, width: width, wanted: wanted)
        }
        let vectors = try file.tensor(tensor).to(dtype: .float32).reshaped([count, width])
        guard vectors.isFinite else { throw EmbeddingError.notFinite(path: path) }
        return vectors
    }
}

/// Why a textual inversion cannot be used.
public enum EmbeddingError: UserError, Equatable {
    /// The file holds something else.
    case none(path: String, what: String)
    /// A pickle, or a picture with vectors in it.
    case otherFormat(path: String)
    /// Its vectors are of another width than the text encoder's.
    case otherFamily(path: String, width: Int, wanted: Int?)
    /// It has no vector, or more than a prompt has places.
    case badCount(path: String, count: Int)
    /// Its vectors are not numbers.
    case notFinite(path: String)
    /// Two files mean the same word.
    case twice(word: String)

    /// The file is where the cause lies, or that two of a name were given.
    public var kind: UserErrorKind {
        switch self {
        case .otherFormat: .unsupported
        case .twice: .request
        case .none, .otherFamily, .badCount, .notFinite: .badInput
        }
    }

    /// One line: what happened, where, and what to do.
    public var description: String {
        switch self {
        case .none(let path, let what): "\(path) is \(what), and no textual inversion"
        case .otherFormat(let path):
            "\(path): textual inversions are read as safetensors alone; pickles are programs and are never run"
        case .otherFamily(let path, let width, let wanted):
            "\(path) is for another text encoder, \(Self.family(width))"
                + (wanted.map { ": its vectors are \(width) wide, and this model's \($0)" } ?? "")
        case .badCount(let path, let count): "\(path) has \(count) vectors; a prompt has places for 1 to 73"
        case .notFinite(let path): "\(path) holds values that are not numbers; fetch it again"
        case .twice(let word): "two textual inversions mean the word \"\(word)\"; rename one of the files"
        }
    }

    private static func family(_ width: Int) -> String {
        ModelFileKind.family(width: width).map { "of \($0)" } ?? "of another family"
    }
}

/// A textual inversion that a model's prompts may name, as records tell of it.
public struct EmbeddingFacts: Sendable, Hashable, Codable {
    /// The words that mean it.
    public var words: [String]
    /// A short hash of its file's bytes.
    public var hash: String
    /// How many places of a prompt it takes.
    public var vectors: Int
}
