/// What can be wrong with a request for an edit.
public enum EditingError: Error, Equatable, CustomStringConvertible {
    /// No method has this name.
    case unknownMethod(name: String, nearest: String)
    /// The method has no option of this name.
    case unknownOption(name: String, method: String, nearest: String?)
    /// An option is not written as `name=value`.
    case malformedOption(text: String)
    /// An option or setting has a value that it cannot have.
    case badValue(name: String, value: String, expected: String)
    /// The prompt says nothing.
    case emptyPrompt
    /// The method needs something that was not given.
    case missing(what: String, method: String)
    /// Regions were given to a method that has no use for them.
    case unusedRegions(method: String)
    /// Some cells of a canvas are painted by no prompt and no window.
    case uncovered(cells: Int)
    /// The model reads other channels than the method gives.
    case wrongModel(method: String, wanted: String, channels: Int, latentChannels: Int)
    /// An option names a word that the prompt does not have.
    case unknownWord(word: String, prompt: String, nearest: String?)

    /// One line: what happened, where, and what to do.
    public var description: String {
        switch self {
        case .unknownMethod(let name, let nearest):
            "there is no method \"\(name)\"; did you mean \(nearest)? (see: pentimento methods)"
        case .unknownOption(let name, let method, let nearest):
            "\(method) has no option \"\(name)\"; "
                + (nearest.map { "did you mean \($0)?" } ?? "it has none at all")
        case .malformedOption(let text):
            "option \"\(text)\" is not of the form name=value"
        case .badValue(let name, let value, let expected):
            "\(name) is \(value); it must be \(expected)"
        case .emptyPrompt:
            "the prompt is empty; say what the picture should show after the edit"
        case .missing(let what, let method):
            "\(method) needs \(what)"
        case .unusedRegions(let method):
            "\(method) has no use for regions; --method multidiffusion has"
        case .uncovered(let cells):
            "\(cells) cells of the latent are painted by no prompt; give a prompt for the background"
        case .wrongModel(let method, let wanted, let channels, let latentChannels):
            "\(method) needs \(wanted); this model's UNet reads \(channels) channels, its latents have "
                + "\(latentChannels) (see: pentimento doctor)"
        case .unknownWord(let word, let prompt, let nearest):
            "there is no word \"\(word)\" in \"\(prompt)\""
                + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
        }
    }
}

extension Sequence<String> {
    /// The element that takes the fewest insertions, deletions and replacements to become a word; nil of
    /// nothing.
    package func nearest(to word: String) -> String? {
        self.min { editDistance($0, word) < editDistance($1, word) }
    }
}

/// Levenshtein's distance, letters compared without regard to case.
func editDistance(_ left: String, _ right: String) -> Int {
    let (left, right) = (Array(left.lowercased()), Array(right.lowercased()))
    var row = Array(0...right.count)
    for (index, letter) in left.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for column in right.indices {
            let change = diagonal + (letter == right[column] ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = Swift.min(change, diagonal + 1, row[column] + 1)
        }
    }
    return row[right.count]
}
