import Diffusion
import Foundation
import Networks
import Tensors
import TestSupport
import Testing
import ToyModels

@testable import Editing

/// The oracles M1–M6 of the framework, on a denoiser in closed form.
@Suite struct MDPTests {
    static let variables = MDP.Variable.allCases.map(\.rawValue)
    /// The toy has no maps.
    static let toyVariables = variables.filter { $0 != "attention" }
    static let whole = ["window-start": "50", "window-length": "50"]

    static func model() -> GaussianModel {
        GaussianModel(
            means: [
                "dog": GaussianModel.mean(side: 16, first: 80, value: 0.8),
                "cat": GaussianModel.mean(side: 16, first: 80, value: -0.8),
            ])
    }

    static func context(
        prompt: String = "dog", source: String? = "cat", steps: Int = 50, guidance: Double = 3,
        inversion: InversionKind = .ddim
    ) throws -> EditContext {
        try EditingTests.context(
            on: model(), prompt: prompt, source: source, steps: steps, guidance: guidance,
            inversion: inversion, dtype: .float64)
    }

    static func edit(_ context: EditContext, _ options: [String: String] = [:]) throws -> EditOutput {
        try MDP(Options(options, of: MDP.description)).edit(context)
    }

    static func distance(_ left: Tensor, _ right: Tensor) -> Double { (left - right).absolute.amax().item }

    /// Where sampling from the inversion's end leads under a prompt.
    static func sampled(_ context: EditContext, _ prompt: Conditioning?) throws -> Tensor {
        let path = try context.invert()
        return try context.session.sample(
            path.start, from: context.startStep, of: context.levels, prompt: try #require(prompt),
            negative: path.negative(at: 1, or: context.negative), scale: context.guidance)
    }

    @Test(
        "M1, M6: weight 1 in every step gives the source path's end, whatever the prompt",
        arguments: toyVariables)
    func allSource(variable: String) throws {
        for inversion in [InversionKind.ddim, .negativePrompt] {
            let context = try Self.context(inversion: inversion)
            let painting = try Self.edit(context, Self.whole.merging(["variable": variable]) { $1 })
            #expect(try Self.distance(painting.latent, Self.sampled(context, context.source)) == 0)
        }
    }

    @Test("M1 with a direct inversion gives the picture itself", arguments: ["noise", "latent"])
    func allSourceDirectly(variable: String) throws {
        let context = try Self.context(inversion: .direct)
        let painting = try Self.edit(context, Self.whole.merging(["variable": variable]) { $1 })
        #expect(Self.distance(painting.latent, context.clean) < 1e-9)
    }

    @Test(
        "M1 with an edit-friendly inversion gives the picture itself, whatever its own guidance",
        arguments: ["noise", "latent"], [1.0, 3.5])
    func allSourceEditFriendly(variable: String, own: Double) throws {
        var context = try Self.context(inversion: .editFriendly)
        context.inversionSettings.options = try InversionKind.editFriendly.options([
            "source-guidance": "\(own)"
        ])
        let painting = try Self.edit(context, Self.whole.merging(["variable": variable]) { $1 })
        #expect(Self.distance(painting.latent, context.clean) < 1e-9)
    }

    @Test(
        "Where the lowest step goes nowhere, direct inversion still gives the picture back, and edits are numbers",
        arguments: [NoiseSchedule.Spacing.leading, .linspace])
    func restingStep(spacing: NoiseSchedule.Spacing) throws {
        let model = Self.model()
        model.schedule = NoiseSchedule(
            betas: NoiseSchedule.betas(.scaledLinear, from: 0.00085, to: 0.012, count: 1000),
            spacing: spacing,
            offset: 0)
        let context = try EditingTests.context(
            on: model, prompt: "dog", source: "cat", steps: 10, guidance: 3, inversion: .direct,
            dtype: .float64)
        #expect(context.levels[1].alphaBar == context.levels[0].alphaBar)
        #expect(Self.distance(try Self.edit(context, Self.whole).latent, context.clean) < 1e-9)
        let half = try Self.edit(context, Self.whole.merging(["weight": "0.5"]) { $1 }).latent
        #expect(half.isFinite && Self.distance(half, context.clean) > 0.01)
    }

    @Test(
        "The notebook's weights: a line, a quarter of a cosine, e⁰ to e⁻⁵, over T_M steps from N - t_max on")
    func notebookWeights() {
        for (shape, value) in [
            (MDPSchedule.Shape.constant, { _ in 1 }), (.linear, { 1 - $0 }), (.cosine, { cos($0 * .pi / 2) }),
            (.exponential, { exp(-5 * $0) }),
        ] as [(MDPSchedule.Shape, (Double) -> Double)] {
            let weights = MDPSchedule(shape: shape, start: 47, length: 26, first: 1).weights(steps: 50)
            for step in 0..<50 {
                let expected = (3..<29).contains(step) ? value(Double(step - 3) / 25) : 0
                #expect(abs(weights[step] - expected) < 1e-12, "\(shape) \(step)")
            }
        }
    }

    @Test(
        "A network that answers a number for each prompt is mixed as the notebook mixes: w of the source, 1 - w of the new",
        arguments: toyVariables, MDPSchedule.Shape.allCases)
    func mixing(variable: String, shape: MDPSchedule.Shape) throws {
        let (a, b, guidance) = (0.75, -0.5, 3.0)
        let model = FormulaModel(embeddings: [
            "cat": .full([1, 1, 1], a).to(dtype: .float64), "dog": .full([1, 1, 1], b).to(dtype: .float64),
        ]) { latent, _, embedding in latent.zerosLike + embedding.reshaped([1, 1, 1, 1]).like(latent) }
        let context = try EditingTests.context(
            on: model, prompt: "dog", source: "cat", steps: 10, guidance: guidance,
            clean: .full([1, 1, 1, 1], 0.3), dtype: .float64)
        let painting = try Self.edit(
            context,
            [
                "variable": variable, "schedule": shape.rawValue, "window-start": "40", "window-length": "30",
                "weight": "0.9",
            ])
        let start = try context.invert().start.item
        var (source, edited) = (start, start)
        for step in 0..<10 {
            let k = 10 - step
            let part = Double(step - 2) / 5
            let share: Double =
                switch shape {
                case .constant: 1
                case .linear: 1 - part
                case .cosine: cos(part * .pi / 2)
                case .exponential: exp(-5 * part)
                }
            let weight = (2..<8).contains(step) ? 0.9 * share : 0
            let (kept, added) = DDIM.coefficients(from: context.levels[k], to: context.levels[k - 1])
            source = kept * source + added * guidance * a
            if variable == "latent" {
                edited = weight * source + (1 - weight) * (kept * edited + added * guidance * b)
            } else {
                edited = kept * edited + added * guidance * (weight * a + (1 - weight) * b)
            }
        }
        #expect(abs(painting.latent.item - edited) < 1e-9)
    }

    @Test("M2: weight 0 is plain sampling under the new prompt", arguments: toyVariables)
    func noSource(variable: String) throws {
        for options in [["window-length": "0"], ["weight": "0"]] {
            for inversion in [InversionKind.ddim, .negativePrompt, .direct] {
                let context = try Self.context(inversion: inversion)
                let painting = try Self.edit(context, options.merging(["variable": variable]) { $1 })
                #expect(try Self.distance(painting.latent, Self.sampled(context, context.prompt)) == 0)
            }
        }
    }

    @Test(
        "M3: in a window from the start, noise, latent and switching the prompt are one; later they are not")
    func window() throws {
        func edits(start: String) throws -> [Tensor] {
            try ["noise", "latent", "condition"].map {
                try Self.edit(
                    Self.context(), ["variable": $0, "window-start": start, "window-length": "20"]
                ).latent
            }
        }
        let early = try edits(start: "50")
        #expect(Self.distance(early[0], early[1]) == 0)
        #expect(Self.distance(early[0], early[2]) == 0)
        let late = try edits(start: "47")
        #expect(Self.distance(late[0], late[1]) > 1e-3)
        #expect(Self.distance(late[0], late[2]) > 1e-3)
    }

    @Test("M4: equal prompts give the source for every variable and schedule", arguments: toyVariables)
    func equalPrompts(variable: String) throws {
        for shape in MDPSchedule.Shape.allCases.map(\.rawValue) {
            let context = try Self.context(prompt: "cat")
            let painting = try Self.edit(context, ["variable": variable, "schedule": shape])
            #expect(try Self.distance(painting.latent, Self.sampled(context, context.source)) < 1e-9)
        }
    }

    @Test(
        "M5: weights begin with 1, fill the window and are zero outside, for any number of steps",
        arguments: MDPSchedule.Shape.allCases, [1, 10, 20, 50, 73, 100])
    func schedules(shape: MDPSchedule.Shape, steps: Int) {
        let weights = MDPSchedule(shape: shape, start: 47, length: 26, first: 1).weights(steps: steps)
        let begin = steps - Int((47 * Double(steps) / 50).rounded())
        let count = Int((26 * Double(steps) / 50).rounded())
        #expect(weights.count == steps)
        #expect(weights[..<begin].allSatisfy { $0 == 0 })
        #expect(weights[(begin + count)...].allSatisfy { $0 == 0 })
        let window = weights[begin..<(begin + count)]
        #expect(window.first == 1)
        #expect(zip(window, window.dropFirst()).allSatisfy { shape == .constant ? $0 == $1 : $0 > $1 })
        guard count > 1, let last = window.last else { return }
        let end: Double = [.constant: 1, .linear: 0, .cosine: 0, .exponential: 0.006_737_947][shape] ?? -1
        #expect(abs(last - end) < 1e-9)
    }

    @Test("A window that would begin before the end of its steps is cut off there")
    func cutOff() {
        let weights = MDPSchedule(shape: .constant, start: 10, length: 40, first: 0.5).weights(steps: 50)
        #expect(weights == [Double](repeating: 0, count: 40) + [Double](repeating: 0.5, count: 10))
    }

    @Test("Predictions that nobody needs are not made")
    func cost() throws {
        // N = 50, T = 25, the window from step 2 to 26. Paths that begin with one latent share a row there.
        for (variable, inversion, weight, expected) in [
            ("noise", InversionKind.direct, "1", 50 + 2 * 25),
            ("noise", .direct, "0.5", 50 + 2 * 50),
            ("noise", .negativePrompt, "1", 50 + 27 + 2 * 25 - 1),
            ("noise", .ddim, "1", 50 + 2 * 27 + 2 * 25 - 1),
            ("latent", .direct, "1", 50 + 2 * 25),
            ("condition", .direct, "1", 50 + 2 * 50),
            ("guidance", .direct, "1", 50 + 2 * 50),
            ("guidance", .direct, "0.5", 50 + 2 * 50 + 25),
        ] {
            let context = try Self.context(inversion: inversion)
            _ = try Self.edit(context, ["variable": variable, "weight": weight])
            #expect(context.session.spent.forwards == expected, "\(variable), \(inversion), \(weight)")
            #expect(context.session.spent.backwards == 0)
        }
    }

    @Test("Amplified noise of the source is what its name says")
    func amplify() throws {
        let options = Self.whole.merging(["amplify": "0"]) { $1 }
        let context = try Self.context()
        let painting = try Self.edit(context, options)
        // Without noise every move only scales.
        let scale = (context.levels[0].alphaBar / context.levels[50].alphaBar).squareRoot()
        #expect(Self.distance(painting.latent, try context.invert().start * scale) < 1e-9)
    }

    // MARK: With a network

    static func tiny(
        prompt: String = "a green pear", mask: Tensor? = nil, limits: BatchLimits = BatchLimits(),
        inversion: InversionKind = .direct
    ) throws -> EditContext {
        try EditingTests.context(
            on: tinyModel(), prompt: prompt, source: "a red apple", steps: 6, guidance: 3,
            inversion: inversion, mask: mask, clean: RandomGenerator(seed: 1).normal([1, 4, 8, 8]),
            limits: limits)
    }

    @Test(
        "Passes of one row give what shared passes give, and a mask keeps the rest to the last bit",
        arguments: variables)
    func batchesAndMask(variable: String) throws {
        let mask = GaussianModel.mean(side: 8, first: 32, value: 1).narrowed(1, from: 0, count: 1)
        let options = ["variable": variable, "weight": "0.5"]
        let context = try Self.tiny(mask: mask)
        let together = try Self.edit(context, options)
        let single = try Self.edit(Self.tiny(mask: mask, limits: BatchLimits(rows: 1)), options)
        #expect(relativeError(together.latent, single.latent) < 1e-4)
        #expect(((together.latent - context.clean) * (1 - mask)).absolute.amax().item == 0)
        #expect(((together.latent - context.clean) * mask).absolute.amax().item > 0)
    }

    @Test("Mixing maps changes the edit, costs one forward a step of the window, and not where prompts agree")
    func maps() throws {
        let options = ["variable": "attention"]
        let context = try Self.tiny()
        let mixed = try Self.edit(context, options)
        let free = try Self.edit(Self.tiny(), ["variable": "attention", "window-length": "0"])
        #expect(Self.distance(mixed.latent, free.latent) > 1e-4)
        // Six to invert, twelve to walk down, and the source's maps in the three steps of the window.
        #expect(context.session.spent.forwards == 6 + 12 + 3)
        let same = try Self.tiny(prompt: "a red apple", inversion: .ddim)
        let replayed = try Self.edit(same, Self.whole.merging(options) { $1 })
        #expect(Self.distance(replayed.latent, try Self.sampled(same, same.source)) < 1e-4)
    }

    @Test("Tokens find their partners: kept, swapped one for one, or none")
    func alignment() {
        #expect(MapMixing.alignment(from: [9, 1, 2, 3, 8], to: [9, 1, 5, 3, 8]) == [0, 1, 2, 3, 4])
        #expect(MapMixing.alignment(from: [9, 1, 3, 8, 8], to: [9, 1, 5, 3, 8]) == [0, 1, nil, 2, 3])
        #expect(MapMixing.alignment(from: [9, 1, 2, 3, 8], to: [9, 1, 3, 8, 8]) == [0, 1, 3, 4, nil])
        #expect(MapMixing.alignment(from: [9, 8, 8], to: [9, 4, 5]) == [0, 1, 2])
    }
}
