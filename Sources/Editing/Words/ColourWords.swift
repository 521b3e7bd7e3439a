/// Words by which prompts tell colours, and whether two prompts differ in nothing else.
enum ColourWords {
    /// Basic colours of English, common shades, and what makes them lighter or darker.
    static let all: Set<String> = [
        "red", "orange", "yellow", "green", "blue", "purple", "violet", "pink", "brown", "black", "white",
        "grey", "gray",
        "turquoise", "cyan", "magenta", "crimson", "scarlet", "maroon", "beige", "cream", "ivory", "golden",
        "silver",
        "teal", "lilac", "lavender", "peach", "salmon", "coral", "indigo", "navy", "olive", "tan", "pale",
        "dark",
        "light", "bright", "deep", "colored", "coloured", "colorful", "colourful",
    ]

    /// Whether the words that one prompt has and the other has not are colours, articles and «and» alone, and a colour
    /// among them: the things stay what they are.
    static func areAllThatDiffers(between source: String, and prompt: String) -> Bool {
        func words(_ text: String) -> [String] {
            text.lowercased().split { !$0.isLetter && $0 != "'" }.map(String.init)
        }
        let changed = words(prompt).difference(from: words(source)).map { change in
            switch change {
            case .insert(_, let word, _), .remove(_, let word, _): word
            }
        }
        return changed.contains(where: all.contains)
            && changed.allSatisfy { all.contains($0) || ["a", "an", "the", "and"].contains($0) }
    }
}
