public import Diffusion
import Imaging
import Support

/// A prompt, and what messages call it.
public typealias NamedPrompt = (role: String, text: String)

extension DiffusionSession {
    /// Tells what of prompts is not read as its writer may think: words that the model was never trained on, and the
    /// webui's notation.
    public func advise(on prompts: [NamedPrompt]) {
        var told: Set<String> = []
        // A model that names what it paints says in one line what it does not.
        let kinds = model.settings?.kinds ?? []
        if !kinds.isEmpty {
            let all = prompts.map { PromptAdvice.plain($0.text) }.joined(separator: " ")
            let unknown = model.knownWords?.unknown(in: all) ?? []
            if let advice = PromptAdvice.unknown(
                unknown, to: model.facts.name, kinds: kinds, example: model.settings?.example)
            {
                warn(advice)
            }
        }
        for (role, text) in prompts {
            let unknown = (model.knownWords?.unknown(in: PromptAdvice.plain(text)) ?? []).filter {
                told.insert($0).inserted
            }
            if kinds.isEmpty, let advice = PromptAdvice.unknown(unknown, role: role) { warn(advice) }
            if told.insert(text).inserted, let advice = PromptAdvice.notation(in: text, role: role) {
                warn(advice)
            }
        }
    }

    /// The same for all prompts of an edit.
    func advise(on request: EditRequest) {
        // The words of an instruction are not painted.
        let isSpatial = (try? Registry.method(named: request.method).description.isSpatial) ?? false
        var prompts: [NamedPrompt] = isSpatial ? [] : [("prompt", request.prompt)]
        if let source = request.source { prompts.append(("source prompt", source)) }
        if let negative = request.negative { prompts.append(("negative prompt", negative)) }
        advise(on: prompts + request.regions.prompts)
    }
}

extension PairRequest {
    /// Everything that it asks for in words.
    var named: [NamedPrompt] {
        [("prompt", settings.prompt)] + (settings.source.map { [("source prompt", $0)] } ?? [])
            + (settings.negative.map { [("negative prompt", $0)] } ?? []) + regions.prompts
    }
}

extension GenerationRequest {
    /// Everything that it asks for in words.
    var prompts: [NamedPrompt] {
        [("prompt", prompt)] + (negative.map { [("negative prompt", $0)] } ?? []) + regions.prompts
    }
}

extension [Region] {
    /// What the regions should show.
    fileprivate var prompts: [NamedPrompt] {
        enumerated().flatMap { index, region in
            [("prompt of region \(index + 1)", region.prompt)]
                + (region.target.map { [("target prompt of region \(index + 1)", $0)] } ?? [])
        }
    }
}

/// One-line hints about prompts.
enum PromptAdvice {
    /// Says that words mean nothing to the model; nil where there are none.
    static func unknown(_ words: [String], role: String) -> Message? {
        guard !words.isEmpty else { return nil }
        let more = words.count > 5 ? " and \(words.count - 5) more" : ""
        return
            "the \(role) has words that the model was never trained on, and it cannot paint what they mean: "
            + "\(words.prefix(5).joined(separator: ", "))\(more)"
    }

    /// Says which words a model never saw, which things it knows and how it is asked for others; nil where there are
    /// no such words.
    static func unknown(
        _ words: [String], to model: String, kinds: [String], example: String?
    ) -> Message? {
        guard !words.isEmpty else { return nil }
        let quoted = words.prefix(5).map { "\"\($0)\"" }
        let more = words.count > 5 ? " and \(words.count - 5) more" : ""
        let told = quoted.joined(separator: ", ") + more
        let advice = example.map { "; for what it has no name for, write for instance \"\($0)\"" } ?? ""
        return
            "\(model) never saw the word\(words.count == 1 ? "" : "s") \(told); it knows "
            + "\(kinds.joined(separator: ", "))\(advice)"
    }

    /// A text without what the webui does not take for words.
    static func plain(_ text: String) -> String { text.replacing(/<[^<>]*>|\bBREAK\b/, with: " ") }

    /// Says what the webui would read otherwise; nil where there is nothing of the kind.
    static func notation(in text: String, role: String) -> Message? {
        let patterns: [Regex<Substring>] = [
            /[(\[][^()\[\]:]+:[ ]*[0-9.]+[)\]]/, /\(\([^()]+\)\)/, /<(?:lora|lyco|hypernet):[^<>]*>/,
            /\bBREAK\b/,
        ]
        let found = patterns.flatMap { text.matches(of: $0) }.sorted {
            $0.range.lowerBound < $1.range.lowerBound
        }
        .map { String($0.output) }
        guard !found.isEmpty else { return nil }
        return
            "the \(role) has \(found.prefix(3).joined(separator: ", ")), which other programs take as a command "
            + "and this one reads as plain words; \(.setting("method", "prompt-to-prompt"), plain: "prompt-to-prompt") "
            + "\(Setting.option("weights").control("word:1.3"), plain: "with its option weights=word:1.3") weighs words"
    }
}

extension CheckedRequest {
    /// The least share of the image that an edit usually needs, from which on nothing is said.
    private static let smallArea = 0.05

    /// One line about a mask that a method found and that is small; nil where there is nothing to say.
    func advice(onFound mask: Mask?) -> Message? {
        guard let area = mask.map({ Double($0.area) }), area > 0, area < Self.smallArea,
            let threshold = options.value(of: DiffEditMask.threshold)
        else { return nil }
        let percent = OptionValue.number((area * 1000).rounded() / 10)
        return "the mask that was found covers only \(percent) % of the picture; "
            + "\(Setting.message(DiffEditMask.threshold.name, "\(OptionValue.number(threshold / 2))")) finds more, or draw one"
            + "\(.setting("mask"), before: " for ", plain: "")"
    }
}
