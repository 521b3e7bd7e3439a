import Perception
import Tensors

/// The three texts of an edit as CLIP reads them, each in a number of sentences.
struct LayerTexts {
    /// What the edited image should show, [K, projection].
    let composition: Tensor
    /// What the image shows now, in the same sentences.
    let source: Tensor
    /// What the layer alone should show, over green.
    let screen: Tensor

    /// Sentences that a text is put into.
    static let sentences = [
        "{}", "{}.", "{}!", "{}?", "{}...", "a photo of {}.", "photo of {}.", "an image of {}.",
        "image of {}.",
        "a picture of {}.", "picture of {}.", "this is {}.", "here one sees {}.", "a view of {}.",
    ]
    /// Sentences about the layer alone.
    static let screenSentences = ["{} over a green screen.", "{} in front of a green screen."]

    /// The texts' embeddings, not of unit length.
    /// - Parameter areSentences: whether texts are put into sentences, or stand alone.
    init(composition: String, source: String, screen: String, areSentences: Bool, clip: CLIPScorer) {
        func read(_ text: String, in sentences: [String]) -> Tensor {
            clip.features(
                of: (areSentences ? sentences : ["{}"]).map { sentence in
                    sentence.split(separator: "{}", omittingEmptySubsequences: false).joined(separator: text)
                })
        }
        self.composition = read(composition, in: Self.sentences)
        self.source = read(source, in: Self.sentences)
        self.screen = read(screen, in: Self.screenSentences)
    }

    /// Which of `count` sentences a loss sees: a random number of random ones, an int64 tensor.
    static func choice(of count: Int, _ dice: LayerDice) -> Tensor {
        let taken = 1 + dice.index(below: count)
        return Tensor((0..<taken).map { _ in Int64(dice.index(below: count)) })
    }
}
