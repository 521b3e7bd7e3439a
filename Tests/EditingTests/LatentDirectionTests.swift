import Diffusion
import Foundation
import Imaging
import Layers
import Perception
import Support
import Tensors
import TestSupport
import Testing

@testable import Editing

/// DiffusionCLIP on latent models: a tiny random network under the eyes of the still-life pair of towers.
@Suite struct LatentDirectionTests {
    private static let quick = [
        "top": "301", "inversion-steps": "6", "generation-steps": "3", "tuning-steps": "2",
    ]

    private static func context(_ clean: Tensor? = nil) throws -> EditContext {
        var context = try EditingTests.context(
            on: tinyModel(), prompt: "a pencil sketch", source: "a photo", steps: 4, guidance: 1,
            clean: clean, method: method([:]))
        context.clip = stillLifeCLIP
        return context
    }

    private static func method(_ options: [String: String]) throws -> DiffusionCLIPEdit {
        DiffusionCLIPEdit(
            try Options(quick.merging(options) { $1 }, of: DiffusionCLIPEdit.description))
    }

    private static func learning(_ options: [String: String] = [:]) throws -> DiffusionCLIPEdit.Learning {
        .init(try Options(quick.merging(options) { $1 }, of: DiffusionCLIPEdit.description))
    }

    /// Fails for a trajectory that ends at timestep 0 instead of the clean image, and for one along the schedule's steps.
    @Test("The trajectory is DiffusionCLIP's grid with the clean image below it")
    func grid() throws {
        let levels = try Self.method([:]).sampler.levels(of: .stableDiffusion, steps: 4)
        #expect(levels.map(\.timestep) == [0, 0, 100, 200, 301])
        #expect(levels[0].alphaBar == 1)
        #expect(levels[1].alphaBar == NoiseSchedule.stableDiffusion.alphaBars[0])
        #expect(throws: DiffusionError.badSteps(steps: 303, most: 302)) {
            try Self.method([:]).sampler.levels(of: .stableDiffusion, steps: 303)
        }
    }

    /// Fails where the inversion is made by the tuned model, where guidance doubles passes, and where degrees are exchanged.
    @Test(
        "A degree of 0 is what the untuned model makes of the inverted image; costs are those of the description"
    )
    func degrees() throws {
        let untuned = try Self.context()
        let start = try LatentDirection.inverted(untuned.clean, try Self.learning(), in: untuned.session)
        let plain = try untuned.session.sample(
            start, from: 4, of: untuned.levels, prompt: untuned.session.prompt(""))
        let context = try Self.context()
        let whole = try Self.method(["learning-rate": "0.05"]).edit(context)
        // 5 up, two steps of 2·3 and 3 back, 4 down.
        #expect(context.session.spent.forwards == 5 + 12 + 4 && context.session.spent.backwards == 6)
        #expect(relativeError(whole.latent, plain) > 1e-3)
        let none = try Self.method(["learning-rate": "0.05", "degree": "0"]).edit(Self.context())
        #expect(relativeError(none.latent, plain) < 1e-5)
        let half = try Self.method(["learning-rate": "0.05", "degree": "0.5"]).edit(Self.context())
        let (far, near) = (
            relativeError(whole.latent, plain), relativeError(half.latent, plain)
        )
        #expect(near > 0.2 * far && near < 0.8 * far, "\(near) of \(far)")
    }

    /// Fails for gradients that do not pass the decoder, and for those of one move alone.
    @Test("Gradients one pass at a time are those of the whole chain, decoder and towers included")
    func gradients() throws {
        let context = try Self.context()
        let (session, base) = (context.session, try #require(context.session.model as? LoadedModel))
        let learning = try Self.learning(["trainable": "attention"])
        let run = try LatentDirection(
            base, network: stillLifeCLIP.network(on: .cpu), from: "a photo", to: "a pencil sketch", learning)
        let weights = try TunableWeights(.attention, of: base, rank: 1, seed: 0)
        let leaves = weights.tensors.map(\.tensor)
        let example = try run.example(
            context.clean, inverted: LatentDirection.inverted(context.clean, learning, in: session))
        let tuned = DiffusionSession(continuing: session, with: weights.model)
        let chain = DDIMChain(TimeGrid(steps: 3, top: 301).descending(in: session.schedule), stage: "down")
        func noises(_ latents: [Tensor], _ level: NoiseLevel) throws -> [Tensor] {
            let nothing = Conditioning(embedding: context.empty.embedding)
            return try tuned.predict(latents.map { Query($0, at: level, prompt: nothing) })
        }
        let value = try withGradients {
            var latent = example.start
            for move in 0..<chain.moves {
                latent = chain.end(of: move, latent, try noises([latent], chain.levels[move])[0])
            }
            return run.loss(of: try base.image(of: latent), for: example.image)
        }
        let wanted = try session.gradients(of: value, withRespectTo: leaves, rows: 3)
        let found = try chain.gradients(
            from: example.start, withRespectTo: leaves, in: tuned, predicting: noises,
            of: { run.loss(of: try base.image(of: $0), for: example.image) })
        #expect(abs(found.loss - value.item) < 1e-5)
        for (found, wanted) in zip(found.gradients, wanted) where wanted.norm([0]).amax().item > 1e-6 {
            #expect(relativeError(found, wanted) < 1e-3)
        }
    }

    @Test(
        "What several images taught goes into a file, and another image is edited by it without a step or a tower"
    )
    func file() throws {
        let folder = try Folder()
        let images = (0..<2).map { EditTests.image(70 + $0, 66) }
        let request = DiffusionCLIPRequest(
            images: images, source: "a photo", prompt: "a pencil sketch",
            options: Self.quick.merging(["tuning-steps": "4", "learning-rate": "0.005", "clip-weight": "0"]) {
                $1
            },
            clip: stillLifeCLIP)
        let record = try DiffusionSession(model: tinyModel()).tune(request, to: folder["a.safetensors"])
        #expect(record.method == "diffusionclip" && record.images == 2 && record.image == nil)
        #expect(record.prompt == "a pencil sketch" && record.source == "a photo")
        #expect(record.settings["top"] == "301" && record.settings["tuning-steps"] == "4")
        let losses = try #require(record.losses["diffusionclip"])
        #expect(losses.count == 4)
        // Images by turns: each lies nearer the second time.
        #expect(losses[2] < losses[0] && losses[3] < losses[1], "\(losses)")
        // 2·5 up, four steps of 2·3 and 3 back.
        #expect(record.cost.forwards == 34 && record.cost.backwards == 12)

        var edit = EditRequest(
            image: EditTests.image(64, 64), prompt: "a pencil sketch", method: "diffusionclip"
        ) { $0.steps = 4 }
        edit.tuned = try TunedFile(contentsOf: folder["a.safetensors"])
        edit.settings = try #require(edit.tuned).applied(to: edit.settings)
        let result = try DiffusionSession(model: tinyModel()).edit(edit)
        #expect(result.account.cost.backwards == 0 && result.account.cost.forwards == 9)
        #expect(result.account.timesteps == [0, 100, 200, 301])
        #expect(result.account.warnings.isEmpty, "\(result.account.warnings)")
    }

    @Test("What breaks the inversion or fits no grid is refused before anything is computed")
    func refused() throws {
        func checked(_ change: (inout EditSettings) -> Void) throws {
            _ = try EditSettings(prompt: "a sketch", source: "a photo", method: "diffusionclip", change)
                .checked()
        }
        #expect(
            throws: EditingError.badValue(
                name: "guidance", value: "7.5",
                expected: "1: DiffusionCLIP inverts and generates without guidance")
        ) { try checked { $0.guidance = 7.5 } }
        #expect(
            throws: EditingError.badValue(
                name: "inversion-steps", value: "40",
                expected: "at most 31, a point for each timestep up to top")
        ) { try checked { $0.options = ["top": "30"] } }
        try checked { $0.guidance = 1 }
        #expect(throws: DiffusionCLIPError.images("there are none")) {
            try DiffusionCLIPRequest(images: [], source: "a", prompt: "b", clip: stillLifeCLIP).check()
        }
        #expect(throws: DiffusionCLIPError.sameTexts(source: "a photo", target: "a photo")) {
            _ = try LatentDirection(
                tinyModel(), network: stillLifeCLIP.network(on: .cpu), from: "a photo", to: "a photo",
                try Self.learning())
        }
    }
}
