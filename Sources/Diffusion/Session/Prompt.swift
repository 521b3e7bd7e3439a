import Networks
public import Tensors

/// A prompt as the network reads it; the same object means the same prompt, whose preparations are kept for
/// the job.
public final class Prompt {
    /// What was written; nil for an embedding that was computed.
    public let text: String?
    /// The text encoder's answer, or what a method made of it, [1, L, D].
    public let embedding: Tensor
    /// Whether every pass computes from the embedding anew, so that gradients reach it.
    let isFresh: Bool
    private let prepare: () throws -> PromptContext
    private var prepared: PromptContext?

    init(text: String, embedding: Tensor, prepare: @escaping () throws -> PromptContext) {
        self.text = text
        self.embedding = embedding
        isFresh = false
        self.prepare = prepare
    }

    /// A prompt from an embedding [1, L, D] that a method computes or learns; gradients reach it.
    public init(embedding: Tensor) {
        text = nil
        self.embedding = embedding
        isFresh = true
        prepare = { PromptContext(embedding: embedding) }
    }

    /// Keys and values of the prompt, computed at the first use.
    func context() throws -> PromptContext {
        if let prepared { return prepared }
        let context = try prepare()
        if !isFresh { prepared = context }
        return context
    }
}

/// Prompts of whole batches, joined once and kept while the same prompts come again, as in every step of a
/// walk.
struct ContextCache {
    /// Few: sampling uses one or two batches, and each may hold many megabytes.
    private static let most = 8

    private var entries: [(prompts: [Prompt], context: PromptContext)] = []

    /// The context of a batch's rows.
    mutating func context(of prompts: [Prompt]) throws -> PromptContext {
        if let found = entries.first(where: { same($0.prompts, prompts) }) { return found.context }
        let context = PromptContext.concatenated(try prompts.map { try $0.context() })
        guard !prompts.contains(where: \.isFresh) else { return context }
        if entries.count == Self.most { entries.removeFirst() }
        entries.append((prompts, context))
        return context
    }

    private func same(_ left: [Prompt], _ right: [Prompt]) -> Bool {
        left.count == right.count && zip(left, right).allSatisfy { $0 === $1 }
    }
}
