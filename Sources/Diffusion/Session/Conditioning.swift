import Networks
public import Prompts
public import Tensors

/// A text as the text encoder reads it.
public struct TextEmbedding {
    /// The tokens, cut to what the encoder reads (L); nil where a model has no words.
    public let tokens: TokenizedPrompt?
    /// The last hidden state, [1, L, D].
    public let embedding: Tensor
    /// The hidden state of the end token (CLIP's pooled vector), [1, D]; nil where an encoder has none.
    public let pooled: Tensor?

    /// What of the text did not fit; nil where all of it did.
    public let cutOff: String?

    /// An embedding with what it was made of.
    public init(
        _ embedding: Tensor, tokens: TokenizedPrompt? = nil, pooled: Tensor? = nil, cutOff: String? = nil
    ) {
        self.tokens = tokens
        self.embedding = embedding
        self.pooled = pooled
        self.cutOff = cutOff
    }
}

/// What the UNet is conditioned on in one row: a prompt's tokens and embedding, or an embedding that a method made.
///
/// The same object means the same conditioning, whose keys and values are kept for the job.
public final class Conditioning {
    /// What was written; nil for an embedding that was computed.
    public let text: String?
    /// The prompt's tokens; nil for an embedding that was computed, and for models without words.
    public let tokens: TokenizedPrompt?
    /// What cross-attention reads (C), [1, L, D].
    public let embedding: Tensor
    /// The pooled vector of the prompt, [1, D]; nil where there is none.
    public let pooled: Tensor?
    /// Whether every pass computes from the embedding anew, so that gradients reach it.
    let isFresh: Bool
    private let prepare: () throws -> PromptContext
    private var prepared: PromptContext?

    init(text: String, _ read: TextEmbedding, prepare: @escaping () throws -> PromptContext) {
        self.text = text
        tokens = read.tokens
        embedding = read.embedding
        pooled = read.pooled
        isFresh = false
        self.prepare = prepare
    }

    /// Conditioning on an embedding [1, L, D] that a method computes or learns; gradients reach it.
    public init(embedding: Tensor, pooled: Tensor? = nil) {
        (text, tokens) = (nil, nil)
        self.embedding = embedding
        self.pooled = pooled
        isFresh = true
        prepare = { PromptContext(embedding: embedding) }
    }

    /// No conditioning, for models that are not told what to show.
    public static func unconditional() -> Conditioning { Conditioning(embedding: .zeros([1, 1, 1])) }

    /// Conditioning on the straight line from this one to another, at a share of the way.
    ///
    /// - Precondition: both have embeddings of one shape.
    public func mixed(with other: Conditioning, share: Double) -> Conditioning {
        func mix(_ own: Tensor, _ other: Tensor) -> Tensor { own * (1 - share) + other * share }
        let pooled = pooled.flatMap { own in other.pooled.map { mix(own, $0) } }
        return Conditioning(embedding: mix(embedding, other.embedding), pooled: pooled)
    }

    /// Conditioning moved by a direction in the space of embeddings, [1, L, D].
    public func moved(by direction: Tensor) -> Conditioning {
        Conditioning(embedding: embedding + direction, pooled: pooled)
    }

    /// Keys and values of the prompt, computed at the first use.
    func context() throws -> PromptContext {
        if let prepared { return prepared }
        let context = try prepare()
        if !isFresh { prepared = context }
        return context
    }
}

/// Prompts of whole batches, joined once and kept while the same prompts come again, as in every step of a walk.
struct ContextCache {
    /// Few: sampling uses one or two batches, and each may hold many megabytes.
    private static let most = 8

    private var entries: [(prompts: [Conditioning], context: PromptContext)] = []

    /// The context of a batch's rows.
    mutating func context(of prompts: [Conditioning]) throws -> PromptContext {
        if let found = entries.first(where: { same($0.prompts, prompts) }) { return found.context }
        let context = PromptContext.concatenated(try prompts.map { try $0.context() })
        try checkMemory()
        guard !prompts.contains(where: \.isFresh) else { return context }
        if entries.count == Self.most { entries.removeFirst() }
        entries.append((prompts, context))
        return context
    }

    private func same(_ left: [Conditioning], _ right: [Conditioning]) -> Bool {
        left.count == right.count && zip(left, right).allSatisfy { $0 === $1 }
    }
}
