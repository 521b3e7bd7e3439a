import Diffusion
import Tensors

/// The way from one thing to another in the text encoder's space (Δc), [1, L, D].
///
/// Δc = mean of text(S_target) - mean of text(S_source), taken at every token position, padding included. It is the
/// same with opposite sign when the two change places, and zero for equal sentences.
struct EditDirection {
    /// What is averaged on one side.
    enum Bank: Equatable {
        /// Sentences to be embedded.
        case sentences([String])
        /// Sentences that somebody embedded, in the file that an option names.
        case embeddings(NamedArray, path: String, option: String)
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
    /// - Throws: `EditingError` where nothing is known of a file or there are no words.
    init(_ options: Options, files: [String: OptionFile] = [:], source: String?, target: String?)
        throws(EditingError)
    {
        let differing = DifferingWords(from: source ?? "", to: target ?? "")
        func bank(
            _ file: TypedOption<String>, _ words: TypedOption<String>, _ differing: String?
        ) throws(EditingError) -> Bank {
            let (path, given) = (options[file], options[words])
            if !path.isEmpty {
                switch files[file.name] {
                case .sentences(let sentences) where !sentences.isEmpty: return .sentences(sentences)
                case .embeddings(let array): return .embeddings(array, path: path, option: file.name)
                default: throw .unread(file, method: Pix2PixZero.description.name)
                }
            }
            guard let words = given.contains(where: { !$0.isWhitespace }) ? given : differing else {
                throw .missing(
                    .words(from: Pix2PixZero.from.name, to: Pix2PixZero.to.name),
                    method: Pix2PixZero.description.name)
            }
            return .sentences(
                SentenceBank.sentences(about: words, count: options[Pix2PixZero.sentences]))
        }
        isGiven = [Pix2PixZero.fromSentences, Pix2PixZero.toSentences].contains { !options[$0].isEmpty }
        sources = try bank(Pix2PixZero.fromSentences, Pix2PixZero.from, differing?.source)
        targets = try bank(Pix2PixZero.toSentences, Pix2PixZero.to, differing?.target)
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
            case .embeddings(let array, let path, let option):
                means[isTarget] = try SentenceBank.embedding(of: array, like: own, path: path, option: option)
            }
        }
        var cut = 0
        var sums: [Bool: Tensor] = [:]
        for (sentence, isTarget) in session.steps("reading sentences", all) {
            try session.checkCancellation()
            // Not by `session.prompt`, which would keep every one of them.
            let read = try session.model.embed(sentence)
            if read.cutOff != nil { cut += 1 }
            sums[isTarget] = sums[isTarget].map { $0 + read.embedding } ?? read.embedding
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
