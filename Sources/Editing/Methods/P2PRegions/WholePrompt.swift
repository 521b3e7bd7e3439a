import Prompts

/// What the whole picture reads: the global prompt and those of all its regions, with commas between.
struct WholePrompt {
    /// The text.
    let text: String
    /// Which region each word between white space belongs to, by its place in the request's list; nil for the global
    /// prompt.
    let owners: [Int?]

    /// - Parameter regions: the prompts of the picture's regions, with their places in the request's list.
    init(_ prompt: String, regions: [(index: Int, prompt: String)]) {
        let pieces = ([(nil, prompt)] + regions.map { (Optional($0.index), $0.prompt) }).filter {
            $1.hasWords
        }
        text = RegionPairing.joined(pieces.map { $1 })
        owners = pieces.flatMap { owner, piece in
            piece.split(whereSeparator: \.isWhitespace).map { _ in owner }
        }
    }
}

extension RegionPairing {
    /// What both pictures read as a whole.
    var wholePrompts: Sides<WholePrompt> {
        Sides { side in
            WholePrompt(
                prompts[side],
                regions: context.layout.enumerated().compactMap { index, region in
                    switch (region.effectiveRole, side) {
                    case (.added, .source), (.removed, .target): nil
                    case (.edited, .target): (index, region.target ?? "")
                    default: (index, region.prompt)
                    }
                })
        }
    }
}
