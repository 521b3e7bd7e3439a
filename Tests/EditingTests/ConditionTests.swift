import Diffusion
import Imaging
import Support
import Tensors
import TestSupport
import Testing

@testable import Editing

/// What has an effect and what has none, for every method: what descriptions say is what edits do.
@Suite struct ConditionTests {
    static let methods = Registry.all.map { $0.description }

    /// A small edit by a method, as far as nothing else is asked for.
    static func request(_ method: MethodDescription, _ change: (inout EditRequest) -> Void = { _ in })
        -> EditRequest
    {
        let pixels: [UInt8] = (0..<768).map { (index: Int) in UInt8((index * 37 + index / 16) % 256) }
        var request = EditRequest(
            image: Image(width: 16, height: 16, pixels: pixels), prompt: "a green pear",
            source: method.needs.source == .required ? "a red apple" : nil, method: method.name,
            regions: (try? regions(for: method.name)) ?? []
        ) {
            $0.seed = 3
            $0.steps = 4
        }
        if method.name == "pix2pix-zero" { request.options = ["sentences": "2", "rounds": "1"] }
        if method.name == "hiper" { request.options = ["tuning-steps": "2"] }
        if method.name == "imagic" { request.options = ["embedding-steps": "2", "model-steps": "2"] }
        if method.name == "sine" { request.options = ["tuning-steps": "2", "learning-rate": "0.001"] }
        if method.name == "text2live" {
            // So large a rate that two steps of a small generator show in bytes.
            request.options = ["tuning-steps": "2", "width": "4", "views": "2", "learning-rate": "0.1"]
        }
        request.clip = clip(for: method.name)
        request.relevance = (try? relevance(for: method.name)) ?? nil
        // It follows an instruction; to a network that learnt nothing things must be shown.
        if method.isSpatial {
            (request.prompt, request.source) = ("flip the apple", "a red apple and a cup on a table")
            request.mask = Mask(width: 16, height: 16, filledWith: 0).marking([
                70, 71, 72, 86, 87, 102, 118, 119,
            ])
            request.steps = 8
        }
        // A network that learnt nothing finds differences of one size; about half of them are to be a mask.
        if ["diffedit", "inpaint"].contains(method.name) { request.options = ["threshold": "0.3"] }
        // Which phrases it takes by itself depends on the model's language.
        if method.name == "ledits" { request.options = ["phrases": "words"] }
        change(&request)
        return request
    }

    /// What a request paints, and whether its inversion was measured.
    static func edit(_ request: EditRequest) throws -> EditResult {
        let needs = try Registry.method(named: request.method).description.needs
        return try withoutGradients {
            try DiffusionSession(model: try tinyModel(needs.imageChannels ? "tiny-ip2p" : "tiny-sd1")).edit(
                request)
        }
    }

    /// Asserts that a change of a setting shows in the image exactly where no word says that it has no effect.
    func check(
        _ setting: Setting, _ base: EditRequest, _ change: (inout EditRequest) -> Void,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var changed = base
        change(&changed)
        let differs = try Self.edit(changed).painted != Self.edit(base).painted
        let isUnused = try changed.checked().unused.contains { $0.setting == setting }
        #expect(differs == !isUnused, "\(setting.message) of \(base.method)", sourceLocation: sourceLocation)
    }

    @Test("A setting changes the picture, or it is said that it has no effect", arguments: methods)
    func effects(method: MethodDescription) throws {
        let base = Self.request(method)
        try check(.source, base) { $0.source = method.isSpatial ? "a blue apple" : "a blue cube" }
        try check(.negative, base) { $0.negative = "a blue cube" }
        try check(.strength, base) { $0.strength = 0.25 }
        try check(.inversion, base) { $0.inversion = .editFriendly }
        let unguided = Self.request(method) { $0.guidance = 1 }
        try check(.negative, unguided) { $0.negative = "a blue cube" }
        // The pixels beside the mask are the photo's anyway; what was painted before that counts.
        try check(.mask, base) {
            $0.mask = Mask(width: 16, height: 16, values: (0..<256).map { $0 % 16 < 5 ? 1 : 0 })
        }
    }

    @Test("An inversion is measured, or it is said that there is none to measure", arguments: methods)
    func measures(method: MethodDescription) throws {
        let request = Self.request(method) { $0.measuresInversion = true }
        let isUnused = try request.checked().unused.contains { $0.setting == .measure }
        let isMeasured = try Self.edit(request).account.roundTrip != nil
        #expect(isMeasured == !isUnused)
    }

    @Test("An option that is said to count only elsewhere changes nothing", arguments: methods)
    func options(method: MethodDescription) throws {
        let base = Self.request(method)
        var painted: Image?
        for option in method.options {
            let text: String
            switch option.kind {
            case .integer(let range):
                text =
                    "\(option.standard == .integer(range.upperBound) ? range.lowerBound : range.upperBound)"
            case .number(let range):
                text = "\(option.standard == .number(range.upperBound) ? range.lowerBound : range.upperBound)"
            case .choice(let names): text = names.first { $0 != option.standard.description } ?? names[0]
            case .flag: text = option.standard == .flag(true) ? "false" : "true"
            case .text: text = "pear"
            }
            let request = Self.request(method) { $0.options[option.name] = text }
            guard let checked = try? request.checked(),
                checked.unused.contains(where: { $0.setting == .option(option.name) })
            else { continue }
            let usual = try painted ?? Self.edit(base).painted
            painted = usual
            do {
                let other = try Self.edit(request).painted
                #expect(other == usual, "\(option.name)=\(text)")
            } catch EditingError.missing {
                // Refused outright, which says more.
            }
        }
    }

    @Test(
        "One line names everything that has no effect, and when it would have one",
        arguments: [
            ("plug-and-play", "plug-and-play makes no use of a strength"),
            ("sdedit", "sdedit makes no use of a source prompt, an inversion, measuring the inversion"),
            ("diffedit", nil),
            (
                "multidiffusion",
                "multidiffusion makes no use of a source prompt (which counts only with start=inverted), an inversion "
                    + "(which counts only with start=inverted), measuring the inversion (which counts only with "
                    + "start=inverted)"
            ),
        ] as [(String, String?)])
    func messages(method: String, expected: String?) throws {
        var request = EditRequest(image: Image(width: 2, height: 2), prompt: "a pear", method: method)
        if method == "plug-and-play" {
            request.strength = 0.2
        } else {
            (request.source, request.inversion, request.measuresInversion) = ("an apple", .nullText, true)
        }
        #expect(try request.checked().advice?.description == expected)
    }

    @Test("Options are said to depend on other options, on the mask and on the inversion")
    func optionMessages() throws {
        func advice(
            _ method: String, _ options: [String: String], _ change: (inout EditRequest) -> Void = { _ in }
        )
            throws -> String?
        {
            var request = EditRequest(
                image: Image(width: 2, height: 2), prompt: "a pear", source: "an apple", method: method
            ) {
                $0.options = options
            }
            change(&request)
            return try request.checked().advice?.description
        }
        #expect(
            try advice("diffedit", ["percentile": "90"])
                == "diffedit makes no use of option percentile (which counts only with outliers=percentile)"
        )
        #expect(try advice("diffedit", ["percentile": "90", "outliers": "percentile"]) == nil)
        #expect(
            try advice("inpaint", ["threshold": "0.2"]) { $0.mask = Mask(width: 1, height: 1, filledWith: 1) }
                == "inpaint makes no use of a source prompt (which counts only without a mask and with mask-from=diffedit), "
                + "option threshold (which counts only without a mask)")
        #expect(
            try advice("prompt-to-prompt", ["blend-threshold": "0.2", "correction": "both"]) {
                $0.inversion = .ddim
            }
                == "prompt-to-prompt makes no use of option blend-threshold (which counts only with blend), "
                + "option correction (which counts only with inversion direct)")
        #expect(
            try advice("ddim", [:]) { ($0.guidance, $0.negative) = (1, "blurry") }
                == "ddim makes no use of a negative prompt (which counts only with a guidance other than 1)")
    }

    @Test(
        "A strength that leaves no step is refused before anything is computed, whatever the method",
        arguments: methods.filter { $0.standard.strength != nil })
    func noStep(method: MethodDescription) throws {
        let request = Self.request(method) { ($0.strength, $0.steps) = (0.1, 5) }
        let error = #expect(throws: EditingError.noStep(strength: 0.1, steps: 5)) { try request.checked() }
        #expect(
            error?.description
                == "a strength of 0.1 leaves none of 5 steps to be redone, so nothing would be edited; use a strength "
                + "of at least 0.2, or at least 10 steps")
        // What the message names suffices, in steps that do not divide too.
        #expect(
            try Self.request(method) { ($0.strength, $0.steps) = (0.1, 10) }.checked().settings.steps == 10)
        #expect(
            try Self.request(method) { ($0.strength, $0.steps) = (0.334, 3) }.checked().settings.steps == 3)
    }

    @Test("A request without what has no effect asks for the same edit")
    func sparing() throws {
        let request = Self.request(SDEdit.description) {
            ($0.source, $0.inversion, $0.inversionOptions) = ("an apple", .nullText, ["iterations": "3"])
        }
        #expect(try request.withoutUnusedSettings() == Self.request(SDEdit.description))
    }

    @Test("An edit tells of settings without effect, and counts under the method's own name")
    func told() throws {
        let result = try Self.edit(
            Self.request(SDEdit.description) { ($0.method, $0.source) = ("SDEdit", "an apple") })
        #expect(result.account.warnings == ["sdedit makes no use of a source prompt"])
        #expect(result.account.method == "sdedit")
    }
}
