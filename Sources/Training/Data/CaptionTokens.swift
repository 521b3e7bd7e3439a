import Prompts
import Tensors

/// Captions as token ids, each tokenised once.
final class CaptionTokens {
    let tokenizer: Tokenizer
    private let captions: [[String]]
    private var known: [Int: [Int32]] = [:]
    private let most: Int
    private lazy var empty = ids(of: "")
    /// How often one of the first two captions is drawn before all get their chance.
    private static let leadingShare = 0.4

    init(_ tokenizer: Tokenizer, captions: [[String]]) {
        self.tokenizer = tokenizer
        self.captions = captions
        most = captions.reduce(1) { max($0, $1.count) }
    }

    /// A tokenizer whose words come from the captions.
    static func learned(from captions: [[String]], vocabulary: Int, contextLength: Int) throws -> Tokenizer {
        try Tokenizer.train(
            on: captions.prefix(20_000).flatMap { $0.prefix(4) }, vocabularySize: vocabulary,
            contextLength: contextLength)
    }

    func ids(of text: String) -> [Int32] { tokenizer.encode(text).ids.map(Int32.init) }

    /// A caption for each image, or the empty one, as int64 [B, L].
    ///
    /// The first two are drawn half of the time or more: it is how people will ask.
    func drawn(for images: [Int], emptyShare: Double, draws: inout Draws, device: Device) -> Tensor {
        var flat: [Int32] = []
        flat.reserveCapacity(images.count * tokenizer.contextLength)
        for image in images {
            let isEmpty = draws.unit() < emptyShare
            let count = captions[image].count
            let choice = draws.below(draws.unit() < Self.leadingShare ? min(count, 2) : count)
            if isEmpty {
                flat += empty
                continue
            }
            let key = image * most + choice
            if known[key] == nil { known[key] = ids(of: captions[image][choice]) }
            flat += known[key] ?? empty
        }
        return Tensor(flat, shape: [images.count, tokenizer.contextLength]).to(device: device).to(
            dtype: .int64)
    }

    /// Texts as int64 [B, L].
    func tensor(_ texts: [String], device: Device) -> Tensor {
        Tensor(texts.flatMap(ids), shape: [texts.count, tokenizer.contextLength]).to(
            dtype: .int64, device: device)
    }
}
