import Diffusion
import Editing

extension ModelSettings.Values {
    /// As they are written on a command line; nil where there are none.
    var flags: String? {
        var words: [String] = []
        if let steps { words.append("--steps \(steps)") }
        if let guidance { words.append("--guidance \(OptionValue.number(guidance))") }
        if let strength { words.append("--strength \(OptionValue.number(strength))") }
        words += options.sorted { $0.key < $1.key }.map { "--option \($0.key)=\($0.value)" }
        return words.isEmpty ? nil : words.joined(separator: " ")
    }
}

extension Preset {
    /// What `--preset` says of itself.
    static var help: String {
        "Which defaults: paper, official (the published code, quirks included) or fast; where none is named, the model's "
            + "own (\(ModelSettings.file) in its folder) before the paper's."
    }
}
