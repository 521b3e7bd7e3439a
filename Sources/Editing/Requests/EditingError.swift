public import Diffusion
public import Support

/// What can be wrong with a request for an edit.
public enum EditingError: UserError, Equatable {
    /// No method has this name.
    case unknownMethod(name: String, known: [String])
    /// The method has no option of this name.
    case unknownOption(name: String, method: String, known: [String])
    /// An option is not written as `name=value`.
    case malformedOption(text: String)
    /// An option or setting has a value that it cannot have.
    case badValue(name: String, value: String, expected: String)
    /// The share of the trajectory that is to be redone is less than one step.
    case noStep(strength: Double, steps: Int)
    /// The prompt says nothing.
    case emptyPrompt
    /// The method needs something that was not given.
    case missing(Requirement, method: String)
    /// A method samples in one way alone.
    case fixedSampler(method: String, sampler: SamplerKind)
    /// A sampler was named twice over: as a setting and by an option of the method.
    case twoSamplers(method: String, option: String)
    /// Regions were given to a method that has no use for them.
    case unusedRegions(method: String)
    /// The model is to be shown a mask's surroundings alone, by a method that needs the whole image.
    case unusedFocus(method: String)
    /// Only what would be changed is to be shown, by a method that does not tell.
    case noPreview(method: String, known: [String])
    /// Some cells of a canvas are painted by no prompt and no window.
    case uncovered(cells: Int)
    /// The model reads other channels than the method gives.
    case wrongModel(method: String, wanted: String, channels: Int, latentChannels: Int)
    /// An option names a word that the prompt does not have.
    case unknownWord(word: String, prompt: String, nearest: String?)
    /// A tuning led to numbers that are none.
    case diverged(stage: String, step: Int)
    /// The prompt reaches into the places of the embedding that the method tunes.
    case promptTooLong(prompt: String, tokens: Int, most: Int)
    /// The model's weights cannot be tuned.
    case notTunable(method: String)
    /// The method learns nothing that could be kept in a file.
    case notTuning(method: String, known: [String])
    /// There is no memory for a tuning; `lighter` is what takes less, as a sentence goes on after "or".
    case noMemoryToTune(bytes: Int?, lighter: Message?)
    /// The model's folder tells of settings that make no sense.
    case modelSettings(path: String, reason: Message)

    /// All are about what was asked for, but for what a model's folder says.
    public var kind: UserErrorKind {
        switch self {
        case .modelSettings: .badInput
        case .notTunable: .unsupported
        case .diverged: .fault
        case .noMemoryToTune: .environment
        default: .request
        }
    }

    /// One line: what happened, where, and what to do.
    public var description: String { "\(message)" }

    /// The same with the settings that it points to.
    public var message: Message {
        switch self {
        case .unknownMethod(let name, let known):
            "there is no method \"\(name)\"; \(Self.meant(by: name, known))\(.command("methods"), before: " (see: ", after: ")", plain: "")"
        case .unknownOption(let name, let method, let known):
            "\(method) has no option \"\(name)\"; \(Self.otherOption(name, known))"
        case .malformedOption(let text):
            "option \"\(text)\" is not of the form name=value"
        case .badValue(let name, let value, let expected):
            "\(name) is \(value); it must be \(expected)"
        case .noStep(let strength, let steps):
            "a strength of \(OptionValue.number(strength)) leaves none of \(steps) steps to be redone, so nothing "
                + "would be edited; \(Self.leastThatRedoes(strength, steps))"
        case .emptyPrompt:
            "the prompt is empty; say what the picture should show after the edit"
        case .missing(let requirement, let method):
            "\(method) needs \(requirement.message)"
        case .fixedSampler(let method, let sampler):
            "\(method) samples in its own way, which its inversion and its levels are made for, and not by \(sampler.rawValue); "
                + "\(Registry.all.filter { $0.takesSamplers }.map { $0.description.name }.joined(separator: ", ")) take any "
                + "\(.setting("sampler"), plain: "sampler")"
        case .twoSamplers(let method, let option):
            "\(method) is told twice how to step: by \(.setting("sampler"), plain: "a sampler") and by its option \(option); "
                + "leave one out"
        case .unusedRegions(let method):
            "\(method) has no use for regions; \(.setting("method", "multidiffusion"), plain: "multidiffusion") has"
        case .unusedFocus(let method):
            "\(method) works on the whole picture where it is given regions or moves things; leave out "
                + "\(.setting("focus"), plain: "focus")"
        case .noPreview(let method, let known):
            "\(method) does not tell what it would change before it paints; \(known.joined(separator: ", ")) do, and "
                + "every method where a \(.setting("mask"), plain: "mask") is given"
        case .uncovered(let cells):
            "\(cells) cells of the latent are painted by no prompt; give a prompt for the background"
        case .wrongModel(let method, let wanted, let channels, let latentChannels):
            "\(method) needs \(wanted); this model's UNet reads \(channels) channels, its latents have "
                + "\(latentChannels)\(.command("doctor"), before: " (see: ", after: ")", plain: "")"
        case .unknownWord(let word, let prompt, let nearest):
            "there is no word \"\(word)\" in \"\(prompt)\""
                + Message(nearest.map { "; did you mean \"\($0)\"?" } ?? "")
        case .diverged(let stage, let step):
            "\(stage): the loss of step \(step) is no number; tune with a smaller learning rate"
        case .promptTooLong(let prompt, let tokens, let most):
            "\"\(prompt)\" takes \(tokens) tokens, and \(most) are left beside those that are tuned; write less, or "
                + "tune fewer (\(Setting.message("tokens", "N")))"
        case .notTunable(let method):
            "\(method) tunes the weights of a model's folder, and this model has none"
        case .notTuning(let method, let known):
            "\(method) learns nothing before it edits; \(known.joined(separator: ", ")) do"
        case .noMemoryToTune(let bytes, let lighter):
            "there is not enough memory to tune\(bytes.map { ", for \($0) bytes more" } ?? ""); work at a smaller "
                + "\(.setting("size"), plain: "size")" + (lighter.map { ", or \($0)" } ?? "")
        case .modelSettings(let path, let reason):
            "\(path): " + reason
        }
    }
}

extension EditingError {
    /// The method that may have been meant by a name, or all there are.
    private static func meant(by name: String, _ known: [String]) -> String {
        known.nearest(to: name).map { "did you mean \($0)?" } ?? "there are \(known.joined(separator: ", "))"
    }

    /// What may have been meant by the name of an option that is not there.
    private static func otherOption(_ name: String, _ known: [String]) -> Message {
        let setting = name.lowercased()
        if settings.contains(setting) {
            return
                "it is \(.setting(setting), before: "given as ", plain: "a setting of its own, not of the method")"
        }
        if let nearest = known.nearest(to: name) { return "did you mean \(nearest)?" }
        return known.isEmpty ? "it has none at all" : "it has \(known.joined(separator: ", "))"
    }

    /// What is no option of a method but a setting that all commands which edit understand.
    private static let settings: Set<String> = [
        "prompt", "source", "negative", "mask", "region", "method", "preset", "seed", "steps", "guidance",
        "strength", "inversion", "size", "feather", "focus", "model", "device", "dtype", "threads",
    ]

    /// The least strength, and the fewest steps, with which a step is redone.
    private static func leastThatRedoes(_ strength: Double, _ steps: Int) -> String {
        // Rounded up, so that what is told suffices.
        let least = OptionValue.number((1000 / Double(steps)).rounded(.up) / 1000)
        let fewest = (1 / strength).rounded(.up)
        return "use a strength of at least \(least)"
            + (fewest <= 1000 ? ", or at least \(Int(fewest)) steps" : "")
    }
}

extension Sequence<String> {
    /// The element that a word was probably meant to be; nil where none is near.
    ///
    /// Near is what takes a few insertions, deletions and replacements (one where the word has three letters or fewer,
    /// else two, or one for every three letters), or what begins with the word.
    package func nearest(to word: String) -> String? {
        let most = word.count < 4 ? 1 : Swift.max(2, word.count / 3)
        let ranked = map { (name: $0, distance: editDistance($0, word)) }
        if let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= most {
            return best.name
        }
        return word.count < 3 ? nil : first { $0.lowercased().hasPrefix(word.lowercased()) }
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
