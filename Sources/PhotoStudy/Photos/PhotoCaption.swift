import Perception

/// What a photo shows, in the words of the captions: `a photo of an orange rose`, `a photo of white daisies`.
struct PhotoCaption {
    let kind: String
    let colour: String
    /// Whether it shows one of them.
    let isOne: Bool

    /// The prompt.
    var text: String {
        guard isOne else { return "a photo of \(colour) \(LabelJudge.plural(of: kind))" }
        let article = colour.first.map("aeiou".contains) == true ? "an" : "a"
        return "a photo of \(article) \(colour) \(kind)"
    }
}
