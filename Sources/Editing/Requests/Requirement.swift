public import Support

/// What a method needs and was not given.
public enum Requirement: Sendable, Hashable {
    /// A prompt that says what the image shows now; `option` is what asks for it, where the method does not always.
    case source(option: String? = nil)
    /// A mask of what may change.
    case mask
    /// At least one region.
    case region
    /// A network that tells where an image shows a text.
    case relevance
    /// A pair of CLIP towers.
    case clip
    /// Prompts that were not computed.
    case textPrompts
    /// An option without which another makes no sense.
    case option(String, beside: String)
    /// A value of an option, written in such a way, without which another option's value makes no sense.
    case value(option: String, form: String, for: String)
    /// What the file of an option holds (`EditRequest.files`), which whoever asks has to read.
    case file(of: String)
    /// The words to exchange, where the prompts do not tell them.
    case words(from: String, to: String)

    /// What it is, in words that follow "needs".
    var message: Message {
        switch self {
        case .source(let option):
            "a prompt that says what the picture shows now\(.setting("source"), before: " (", after: ")", plain: "")"
                + Message(option.map { " for \($0)" } ?? "")
        case .mask:
            "a mask of what may change\(.setting("mask"), before: " (", after: ")", plain: "")"
        case .region: "at least one region\(.setting("region"), before: " (", after: ")", plain: "")"
        case .relevance:
            "a network that tells where a picture shows a text\(.setting("relevance"), before: " (", after: ")", plain: "")"
        case .clip: "a pair of CLIP towers\(.setting("clip"), before: " (", after: ")", plain: "")"
        case .textPrompts: "prompts that are texts"
        case .option(let name, let other): "option \(name) beside \(other)"
        case .value(let name, let form, let other):
            "\(Setting.message(name, form)) for \(other)"
        case .file(let option): "what the file of option \(option) holds (EditRequest.files)"
        case .words(let from, let to):
            "words to exchange: the prompts do not tell them, so give \(Setting.message(from, "…")) and "
                + "\(Setting.message(to, "…"))"
        }
    }
}
