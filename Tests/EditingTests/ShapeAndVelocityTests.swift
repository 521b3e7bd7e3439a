import Diffusion
import Networks
import Prompts
import Tensors
import TestSupport
import Testing

@testable import Editing

/// Methods on latents that are wider than tall, and on networks that answer velocities.
@Suite struct ShapeAndVelocityTests {
    /// Methods and what makes them quick.
    static let cases: [(name: String, options: [String: String])] = [
        ("diffedit", ["noises": "2"]), ("sdedit", [:]), ("ddim", [:]), ("plug-and-play", [:]),
        ("pix2pix-zero", ["sentences": "2", "map-guidance": "0.01"]),
        ("multidiffusion", ["bootstrapping": "0.4"]),
        ("cyclediffusion", [:]), ("inpaint", [:]),
    ]

    static func painting(
        _ name: String, _ options: [String: String], on model: any DiffusionModel, clean: Tensor,
        mask: Tensor? = nil, inversion: InversionKind = .ddim
    ) throws -> (context: EditContext, painting: EditOutput) {
        let method = try Registry.method(named: name)
        var context = try EditingTests.context(
            on: model, prompt: "a green pear", source: "a red apple", steps: 4, strength: 0.75, guidance: 3,
            inversion: inversion, seed: 2, mask: mask, clean: clean)
        if name == "multidiffusion", let mask {
            context.regions = [EditRegion(prompt: context.prompt, negative: nil, cells: mask)]
        }
        return (context, try method.init(Options(options, of: method.description)).edit(context))
    }

    /// The upper left 3 rows and 7 columns of 8×12 cells; its transpose is another mask.
    static var corner: Tensor {
        Tensor((0..<96).map { $0 / 12 < 3 && $0 % 12 < 7 ? Float(1) : 0 }, shape: [1, 1, 8, 12])
    }

    @Test(
        "On 8×12 latents a method changes its mask and nothing else",
        arguments: cases.map(\.name) + ["instruct-pix2pix"])
    func wide(name: String) throws {
        let options = Self.cases.first { $0.name == name }?.options ?? [:]
        let model = try tinyModel(name == "instruct-pix2pix" ? "tiny-ip2p" : "tiny-sd1")
        let clean = RandomGenerator(seed: 5).normal([1, 4, 8, 12]) * 0.5
        let (context, painting) = try Self.painting(name, options, on: model, clean: clean, mask: Self.corner)
        #expect(painting.latent.shape == [1, 4, 8, 12] && painting.latent.isFinite)
        let change = (painting.latent - context.clean).absolute
        let outside = (change * (1 - Self.corner)).amax().item
        // SDEdit puts back what is noised to the lowest level, as the model's clean level is.
        #expect(outside < (name == "sdedit" ? 0.15 : 1e-6))
        #expect((change * Self.corner).amax().item > 1e-2)
    }

    @Test("On 8×12 latents DiffEdit finds the place where prompts differ as it lies")
    func wideMask() throws {
        let model = FormulaModel(embeddings: ["dog": .ones([1, 1, 1]), "": .zeros([1, 1, 1])]) {
            latent, _, embedding in
            latent * 0.1 + Self.corner.like(latent) * embedding.sum
        }
        let context = try EditingTests.context(
            on: model, prompt: "dog", steps: 4, clean: RandomGenerator(seed: 1).normal([1, 1, 8, 12]))
        let found = try DiffEditMask(Options([:], of: DiffEdit.description)).find(on: context)
        #expect(found.mask.floats == Self.corner.floats)
    }

    @Test(
        "A network of velocities paints what its own estimates of the noise paint",
        arguments: cases.map(\.name))
    func velocity(name: String) throws {
        let options = Self.cases.first { $0.name == name }?.options ?? [:]
        let model = try tinyModel("tiny-sd2")
        #expect(model.schedule.prediction == .velocity)
        let clean = RandomGenerator(seed: 5).normal([1, 4, 8, 8]) * 0.5
        // Edit-friendly paths ask at every level for the noise in that level's own latent; plain inversion reads a
        // velocity at the latent's level and tells the network the next one, which a model of noise cannot know.
        let kind = InversionKind.editFriendly
        let all = name == "multidiffusion" ? Tensor.ones([1, 1, 8, 8]) : nil
        let own = try Self.painting(name, options, on: model, clean: clean, mask: all, inversion: kind)
            .painting
        let noise = try Self.painting(
            name, options, on: NoiseOf(model), clean: clean, mask: all, inversion: kind
        ).painting
        #expect(own.latent.isFinite)
        #expect(relativeError(own.latent, noise.latent) < 2e-3)
        // Velocities that were taken for noise would paint something else.
        let wrong = try Self.painting(
            name, options, on: NoiseOf(model, converting: false), clean: clean, mask: all, inversion: kind
        ).painting
        #expect(relativeError(wrong.latent, own.latent) > 0.02)
    }

    @Test("Plain inversion reads a velocity at the level of the latent, and tells the network the next")
    func velocityInversion() throws {
        let model = try tinyModel("tiny-sd2")
        let clean = RandomGenerator(seed: 5).normal([1, 4, 8, 8]) * 0.5
        for name in ["ddim", "diffedit", "pix2pix-zero"] {
            var options =
                name == "pix2pix-zero" ? ["sentences": "1", "rounds": "0", "map-guidance": "0"] : [:]
            if name == "diffedit" { options = ["mask": "none", "encode-prompt": "source"] }
            let (context, painting) = try Self.painting(name, options, on: model, clean: clean)
            let (lower, upper) = (context.levels[1], context.levels[2])
            let latent = painting.inversion[1]
            let source = try #require(context.source)
            let raw = try withoutGradients {
                try model.predict(
                    latent, timesteps: Tensor([Int64(upper.timestep)]),
                    context: model.context(of: source.embedding), plans: [])
            }
            // ε = √ᾱ·v + √(1-ᾱ)·x at the level that the latent is of.
            let noise = raw * lower.sqrtAlphaBar + latent * lower.sqrtOneMinusAlphaBar
            let next = DDIM.step(latent, noise, from: lower, to: upper)
            #expect(relativeError(painting.inversion[2], next) < 1e-4, "\(name)")
        }
    }
}

/// A model of velocities that answers the noise they mean, or the velocities as if they were noise.
final class NoiseOf: DiffusionModel {
    private let model: LoadedModel
    private let converts: Bool
    let schedule: NoiseSchedule

    init(_ model: LoadedModel, converting: Bool = true) {
        self.model = model
        converts = converting
        // The schedule of all tiny models, with noise for an answer.
        schedule = NoiseSchedule.stableDiffusion
        precondition(
            schedule.alphaBars == model.schedule.alphaBars && schedule.offset == model.schedule.offset)
    }

    var facts: ModelFacts { model.facts }
    var device: Device { model.device }
    var sites: [Site] { get throws { try model.sites } }

    func tokenizer() throws -> Tokenizer { try model.tokenizer() }
    func embed(_ text: String) throws -> TextEmbedding { try model.embed(text) }
    func context(of embedding: Tensor) throws -> PromptContext { try model.context(of: embedding) }

    func predict(
        _ latents: Tensor, timesteps: Tensor, context: PromptContext, plans: [Plan]
    ) throws -> Tensor {
        let answers = try model.predict(latents, timesteps: timesteps, context: context, plans: plans)
        guard converts else { return answers }
        return .concatenated(
            timesteps.scalars(as: Int64.self).enumerated().map { row, timestep in
                let level = NoiseLevel(
                    index: 1, timestep: Int(timestep), alphaBar: schedule.alphaBars[Int(timestep)])
                let rows = row..<(row + 1)
                return answers.rows(rows) * level.sqrtAlphaBar + latents.rows(rows)
                    * level.sqrtOneMinusAlphaBar
            })
    }

    func encode(_ image: Tensor) throws -> (mean: Tensor, deviation: Tensor) {
        try model.encode(image)
    }
    func image(of latent: Tensor) throws -> Tensor { try model.image(of: latent) }
    func bytesPerRow(latentShape: [Int], plan: Plan) -> Int {
        model.bytesPerRow(latentShape: latentShape, plan: plan)
    }
}
