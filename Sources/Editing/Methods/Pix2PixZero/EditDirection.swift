import Diffusion
import Tensors

/// The way from one thing to another in the text encoder's space (Δc), [1, L, D].
///
/// Δc = mean of text(S_target) - mean of text(S_source), taken at every token position, padding included. It
/// is the same with opposite sign when the two change places, and zero for equal sentences.
struct EditDirection {
    /// What is averaged on one side.
    enum Bank: Equatable {
        /// Sentences to be embedded.
        case sentences([String])
        /// A file of sentences that somebody embedded.
        case embeddings(path: String, option: String)
    }

    /// What is averaged on one side.
    let sources: Bank
    /// What is averaged on the other.
    let targets: Bank
    /// Whether any of them come from the user's own files.
    let isGiven: Bool

    /// Where the sentences come from.
    ///
    /// Files, where they are named; else sentences about the given words; else about those in which the
    /// prompts differ.
    /// - Throws: `EditingError` where a file cannot be used or there are no words.
    init(_ options: Options, source: String?, target: String?) throws(EditingError) {
        let differing = DifferingWords(from: source ?? "", to: target ?? "")
        func bank(_ side: String, _ words: String?) throws(EditingError) -> Bank {
            let (option, file) = (side + "-sentences", options.text(side + "-sentences"))
            if SentenceBank.holdsEmbeddings(file) { return .embeddings(path: file, option: option) }
            if !file.isEmpty { return .sentences(try SentenceBank.sentences(in: file, option: option)) }
            let given = options.text(side)
            guard let words = given.contains(where: { !$0.isWhitespace }) ? given : words else {
                throw .missing(
                    what: "words to exchange: the prompts do not tell them, so give --option from=… and "
                        + "--option to=…", method: Pix2PixZero.description.name)
            }
            return .sentences(SentenceBank.sentences(about: words, count: options.integer("sentences")))
        }
        isGiven = ["from", "to"].contains { !options.text($0 + "-sentences").isEmpty }
        sources = try bank("from", differing?.source)
        targets = try bank("to", differing?.target)
    }

    /// Reads all sentences; [1, L, D].
    func embedded(by session: DiffusionSession) throws -> Tensor {
        let own = try session.prompt("").embedding
        var means: [Bool: Tensor] = [:]
        // Progress over both sides as one stage.
        var all: [(sentence: String, isTarget: Bool)] = []
        for (bank, isTarget) in [(sources, false), (targets, true)] {
            switch bank {
            case .sentences(let sentences): all += sentences.map { ($0, isTarget) }
            case .embeddings(let path, let option):
                means[isTarget] = try SentenceBank.embedding(in: path, like: own, option: option)
            }
        }
        var cut = 0
        var sums: [Bool: Tensor] = [:]
        for (sentence, isTarget) in session.steps("reading sentences", all) {
            try session.checkCancellation()
            // Not by `session.prompt`, which would keep every one of them.
            let (embedding, cutOff) = try session.model.embed(sentence)
            if cutOff != nil { cut += 1 }
            sums[isTarget] = sums[isTarget].map { $0 + embedding } ?? embedding
        }
        // Of those that are made here a few too long ones do no harm, and nobody can change them.
        if cut > 0, isGiven {
            session.warn("\(cut) of \(all.count) sentences are longer than the model reads and were cut off")
        }
        for (isTarget, sum) in sums { means[isTarget] = sum / Double(all.count { $0.isTarget == isTarget }) }
        guard let source = means[false], let target = means[true] else {
            preconditionFailure("a direction has sentences on both sides")
        }
        return target - source
    }
}
