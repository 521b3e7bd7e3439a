import Diffusion
import Tensors
import Testing
import ToyModels

@testable import Editing

/// The oracles of inversions on denoisers in closed form.
@Suite struct InversionTests {
    static var one: Tensor { .full([1, 1, 1, 1], 1) }

    static func largest(_ tensor: Tensor) -> Double { tensor.absolute.amax().item }

    /// A canvas on the Gaussian denoiser with two prompts that mean something.
    static func gaussian(
        _ inversion: InversionKind, source: String? = "cat", steps: Int = 10, guidance: Double = 7.5,
        _ options: [String: String] = [:], seed: UInt64 = 0, dtype: DType = .float64,
        schedule: NoiseSchedule = .stableDiffusion
    ) throws -> EditContext {
        let model = GaussianModel(
            side: 4, schedule: schedule,
            means: [
                "cat": GaussianModel.mean(side: 4, first: 8, value: 0.5),
                "dog": GaussianModel.mean(side: 4, first: 12, value: -0.5),
            ])
        var context = try context(
            on: model, prompt: "dog", source: source, steps: steps, guidance: guidance, inversion: inversion,
            dtype: dtype)
        context.inversionSettings = InversionSettings(options: try inversion.options(options), seed: seed)
        return context
    }

    static func back(_ path: InvertedTrajectory, _ context: EditContext, guidance: Double? = nil) throws
        -> Tensor
    {
        try path.reconstruct(
            by: context.session, guidance: guidance ?? context.guidance, negative: context.negative)
    }

    @Test(
        "2.6.1: on unit Gaussian data inversion and walk back have the published gains",
        arguments: [
            (50, 1, 1.026271470843, 0.999191922489), (20, 1, 1.062053709243, 0.994994451726),
            (50, 0, 1.027224289504, 0.999173388643),
        ])
    func gaussianGain(steps: Int, offset: Int, up: Double, roundTrip: Double) throws {
        let schedule = schedule(offset: offset)
        let model = FormulaModel(schedule: schedule) { latent, timestep, _ in
            latent * (1 - schedule.alphaBars[timestep]).squareRoot()
        }
        let context = try context(on: model, prompt: "x", steps: steps, clean: Self.one, dtype: .float64)
        let path = try context.invert()
        #expect(abs(path.start.item - up) < 1e-11)
        #expect(abs(try Self.back(path, context).item - roundTrip) < 1e-11)
    }

    @Test("2.6.2: replaying the noise of an inversion leads back to the picture")
    func scripted() throws {
        var script: [Int: Tensor] = [:]
        let model = FormulaModel { latent, timestep, _ in
            if let noise = script[timestep] { return noise }
            let noise = (latent * 17).cos + Double(timestep % 7)
            script[timestep] = noise
            return noise
        }
        let context = try context(on: model, prompt: "x", clean: Self.one * 0.75, dtype: .float64)
        let path = try context.invert()
        #expect(script.count == 50)
        #expect(abs(try Self.back(path, context).item - 0.75) < 1e-10)
    }

    @Test("2.6.3: the fixed point is exact, and plain inversion misses by the published amount")
    func fixedPoint() throws {
        func ends(_ kind: InversionKind, _ options: [String: String] = [:]) throws -> (Double, Double) {
            var context = try context(
                on: FormulaModel.toy(), prompt: "x", inversion: kind, clean: Self.one * 0.5, dtype: .float64)
            context.inversionSettings.options = try kind.options(options)
            let path = try context.invert()
            return (path.start.item, try Self.back(path, context).item)
        }
        let plain = try ends(.ddim)
        #expect(abs(plain.0 - 0.5183950875) < 1e-9)
        #expect(abs(plain.1 - 0.4965617017) < 1e-9)
        #expect(try ends(.fixedPoint, ["iterations": "0"]) == plain)
        for acceleration in ["none", "average"] {
            let solved = try ends(
                .fixedPoint, ["iterations": "60", "tolerance": "0", "acceleration": acceleration])
            #expect(abs(solved.0 - 0.5198175889) < 1e-9, "\(acceleration)")
            #expect(abs(solved.1 - 0.5) < 1e-12, "\(acceleration)")
        }
        // Averaging settles too, for at the fixed point all estimates are one.
        let averaged = try ends(.fixedPoint, ["iterations": "60", "tolerance": "0", "averaging": "3"])
        #expect(abs(averaged.1 - 0.5) < 1e-12)
        // A few iterations lie between.
        let few = try ends(.fixedPoint, ["iterations": "1"])
        #expect(abs(few.1 - 0.5) < abs(plain.1 - 0.5) / 5)
    }

    @Test(
        "2.6.5: direct inversion brings the source back to the last bit and leaves targets alone",
        arguments: [1, 7.5, 30])
    func direct(guidance: Double) throws {
        let context = try Self.gaussian(.direct, guidance: guidance, dtype: .float32)
        let path = try context.invert()
        #expect(try Self.back(path, context).isEqual(to: context.clean))
        let edit = DDIMEdit(try Options([:], of: DDIMEdit.description))
        let plain = try edit.edit(Self.gaussian(.ddim, guidance: guidance, dtype: .float32))
        #expect(try edit.edit(context).latent.isEqual(to: plain.latent))
    }

    @Test("2.6.6: without an offset the first step up changes nothing")
    func identityStep() throws {
        let context = try Self.gaussian(.ddim, schedule: schedule(offset: 0))
        let path = try context.invert()
        #expect(path.latents[1].isEqual(to: path.latents[0]))
        #expect(!path.latents[2].isEqual(to: path.latents[1]))
    }

    @Test("5.4.4: with negative-prompt inversion the source does not feel guidance")
    func negativePrompt() throws {
        let context = try Self.gaussian(.negativePrompt)
        let path = try context.invert()
        let plain = try Self.back(path, context, guidance: 1)
        for guidance in [7.5, 20] {
            #expect(try Self.back(path, context, guidance: guidance).isEqual(to: plain))
        }
        // Without it guidance carries the source away.
        let ddim = try Self.gaussian(.ddim)
        let drifted = try Self.back(try ddim.invert(), ddim)
        let (with, without) = (Self.largest(plain - context.clean), Self.largest(drifted - context.clean))
        #expect(with * 5 < without)
    }

    @Test(
        "e.3: with the noise kept, the source comes back from the noise exactly at the guidance of its inversion",
        arguments: [3.5, 1, 15])
    func editFriendly(guidance: Double) throws {
        let context = try Self.gaussian(.editFriendly, ["source-guidance": "\(guidance)"])
        let path = try context.invert()
        func walk(_ path: InvertedTrajectory) throws -> Tensor {
            var latent = path.start
            for k in (1...path.startStep).reversed() {
                let noise = try context.session.noise(
                    in: latent, at: path.levels[k], prompt: path.prompt, negative: context.negative,
                    scale: guidance)
                latent = path.step(latent, noise, from: k)
            }
            return latent
        }
        #expect(Self.largest(try walk(path) - context.clean) < 1e-12)
        // As methods walk it, to the last bit, whatever their guidance.
        #expect(try Self.back(path, context, guidance: 7.5).isEqual(to: context.clean))
        // The published code forgets the last noise and so the image.
        let official = try Self.gaussian(
            .editFriendly, ["source-guidance": "\(guidance)", "last-noise": "false"])
        #expect(Self.largest(try walk(try official.invert()) - context.clean) > 1e-4)
        #expect(
            try InversionKind.editFriendly.options(preset: .official)[EditFriendlyInversion.lastNoise]
                == false)
    }

    @Test("e.3: the noise of an edit-friendly path is larger than fresh noise, and levels are independent")
    func editFriendlyStatistics() throws {
        let context = try Self.gaussian(.editFriendly, steps: 50)
        let path = try context.invert()
        let noises = Tensor.stacked(path.noises)
        #expect(noises.squared.mean.item > 1.2)
        // ε of neighbouring levels, which a diffusion process would tie together.
        let drawn = (1...path.startStep).map { k in
            (path.latents[k] - context.clean * path.levels[k].sqrtAlphaBar)
                / path.levels[k].sqrtOneMinusAlphaBar
        }
        let products = zip(drawn, drawn.dropFirst()).map { ($0 * $1).mean.item }
        #expect(abs(products.reduce(0, +) / Double(products.count)) < 0.1)
        #expect(abs(Tensor.stacked(drawn).squared.mean.item - 1) < 0.1)
    }

    @Test("An edit-friendly path follows its own seed, and draws nothing from the method's noise")
    func editFriendlySeed() throws {
        let context = try Self.gaussian(.editFriendly, seed: 4)
        let (path, again) = (try context.invert(), try context.invert())
        #expect(path.start.isEqual(to: again.start))
        let other = try Self.gaussian(.editFriendly, seed: 5)
        #expect(!path.start.isEqual(to: try other.invert().start))
        #expect(context.random.normal([3]).isEqual(to: RandomGenerator(seed: 0).normal([3])))
    }

    @Test(
        "Where the schedule ends clean, the last step of an edit-friendly path has no noise and stays finite")
    func editFriendlyCleanEnd() throws {
        let context = try Self.gaussian(.editFriendly, schedule: schedule(endsClean: true))
        let path = try context.invert()
        #expect(Self.largest(path.noises[0]) == 0)
        #expect(Tensor.stacked(path.noises).isFinite)
        #expect(try Self.back(path, context).isEqual(to: context.clean))
    }

    @Test("Every inversion costs what it says, K = 10")
    func costs() throws {
        for (kind, source, guidance, options, forwards, backwards) in [
            (InversionKind.ddim, "cat", 7.5, [:], 10, 0),
            (.negativePrompt, "cat", 7.5, [:], 10, 0),
            (.direct, "cat", 7.5, [:], 10, 0),
            (.nullText, "cat", 7.5, ["stop": "-1"], 40 + 100, 100),
            (.nullText, "cat", 7.5, ["stop": "-1", "iterations": "4"], 40 + 40, 40),
            (.nullText, "cat", 7.5, ["stop": "1e9"], 40 + 10, 10),
            (.nullText, "cat", 1, ["stop": "-1"], 10, 0),
            (.editFriendly, "cat", 7.5, [:], 20, 0),
            (.editFriendly, "cat", 7.5, ["source-guidance": "1"], 10, 0),
            (.editFriendly, nil, 7.5, [:], 10, 0),
            (.fixedPoint, "cat", 7.5, ["tolerance": "0"], 60, 0),
            (.fixedPoint, "cat", 7.5, ["tolerance": "0", "iterations": "2", "guidance": "2"], 60, 0),
            (.fixedPoint, "cat", 7.5, ["tolerance": "1"], 20, 0),
        ] as [(InversionKind, String?, Double, [String: String], Int, Int)] {
            let context = try Self.gaussian(kind, source: source, guidance: guidance, options)
            let path = try context.invert()
            #expect(path.startStep == 10 && path.kind == kind && !path.isKept)
            #expect(context.session.spent.forwards == forwards, "\(kind) \(options)")
            #expect(context.session.spent.backwards == backwards, "\(kind) \(options)")
        }
    }

    @Test(
        "Every method that inverts takes every inversion, and starts from the picture's own latent",
        arguments: InversionKind.allCases)
    func everyMethod(kind: InversionKind) throws {
        for method in Registry.all where method.description.standard.inversion != nil {
            func paint() throws -> EditOutput {
                try method.init(Options([:], of: method.description)).edit(
                    Self.gaussian(kind, dtype: .float32))
            }
            let (one, two) = (try paint(), try paint())
            let name = method.description.name
            #expect(one.latent.isFinite, "\(name)")
            #expect(one.latent.isEqual(to: two.latent), "\(name)")
            // Regions begin with fresh noise unless told otherwise.
            if name != MultiDiffusion.description.name { #expect(one.inversion.count == 11, "\(name)") }
        }
    }

    @Test("A climb of no levels is the picture itself and costs nothing", arguments: InversionKind.allCases)
    func nothing(kind: InversionKind) throws {
        let context = try Self.gaussian(kind)
        let path = try context.invert(to: 0)
        #expect(path.latents.count == 1 && path.start.isEqual(to: context.clean))
        #expect(try Self.back(path, context).isEqual(to: context.clean))
        #expect(context.session.spent.forwards == 0)
    }

    @Test("Inversions describe themselves, and wrong names are answered with the nearest right one")
    func descriptions() throws {
        #expect(InversionDescription.all.map(\.kind) == InversionKind.allCases)
        for description in InversionDescription.all {
            for option in description.options {
                for value in [option.standard] + option.presets.values {
                    #expect(try option.value(of: value.description) == value)
                }
            }
        }
        func message(_ body: () throws -> Void) -> String {
            #expect(throws: EditingError.self) { try body() }?.description ?? ""
        }
        #expect(message { _ = try InversionKind.named("nultext") }.contains("did you mean null-text?"))
        #expect(
            message { _ = try InversionKind.nullText.options(["iteration": "3"]) }
                == "null-text has no option \"iteration\"; did you mean iterations?")
        #expect(message { _ = try InversionKind.ddim.options(["x": "3"]) }.contains("it has none at all"))
        #expect(
            message { _ = try InversionKind.fixedPoint.options(["tolerance": "nan"]) }.contains("from 0 to 1")
        )
    }

    @Test("A negative prompt that an inversion leaves no place for is told of")
    func negativeWarning() throws {
        for (kind, expected) in [(InversionKind.ddim, 0), (.negativePrompt, 1), (.nullText, 1), (.direct, 0)]
        {
            let model = GaussianModel(side: 4)
            let context = try context(
                on: model, prompt: "dog", source: "cat", negative: "fog", steps: 2, inversion: kind)
            _ = try context.invert()
            #expect(context.session.warnings.count == expected)
        }
    }
}
