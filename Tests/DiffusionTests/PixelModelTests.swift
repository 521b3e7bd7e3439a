import Diffusion
import Foundation
import Layers
import Networks
import Tensors
import TestSupport
import Testing

/// Folders of unconditional models in pixel space.
@Suite struct PixelModelTests {
    static let models = ["tiny-ddpm", "tiny-adm"]

    static func model(_ name: String) throws -> PixelModel {
        try PixelModel(folder: try PixelModelFolder(path: Fixtures.model(name)))
    }

    // Fails for a schedule that ends with the ᾱ of timestep 0 as Stable Diffusion's does, for an offset of 1, for
    // clipped predictions, and for a variance taken for noise.
    @Test("DDIM leads where diffusers' leads, by the first three channels", arguments: models)
    func ddim(name: String) throws {
        let expected = try Fixtures.expected(name)
        let session = DiffusionSession(model: try Self.model(name))
        let levels = try session.schedule.levels(steps: 4)
        #expect(levels.map(\.timestep) == [0, 0, 250, 500, 750])
        #expect(levels[0].alphaBar == 1)
        let found = try withoutGradients {
            try session.sample(
                try expected.tensor("noise"), from: 4, of: levels, prompt: .unconditional())
        }
        #expect(relativeError(found, try expected.tensor("ddim.4")) < 2e-5)
        #expect(session.spent.forwards == 4)
    }

    @Test("Images are the latents, of a scale and a factor of 1")
    func images() throws {
        let model = try Self.model("tiny-ddpm")
        let image = RandomGenerator(seed: 3).uniform([1, 3, 16, 16]) * 2 - 1
        #expect(model.encode(image).mean.isEqual(to: image) && model.image(of: image).isEqual(to: image))
        #expect(model.encode(image).deviation.isEqual(to: image.zerosLike) && model.latentScale == 1)
        let facts = model.facts
        #expect(facts.latentChannels == 3 && facts.inputChannels == 3)
        #expect(facts.latentFactor == 1 && facts.imageSide == 16)
        #expect(facts.name == "tiny-ddpm" && facts.fingerprint.count == 16)
    }

    @Test("What needs prompts is told that there are none")
    func noPrompts() throws {
        let session = DiffusionSession(model: try Self.model("tiny-ddpm"))
        #expect(throws: DiffusionError.missingComponent(name: "text encoder")) { try session.prompt("a dog") }
        let folder = Fixtures.model("tiny-ddpm")
        let error = #expect(throws: DiffusionError.noPrompts(path: folder)) { try ModelFolder(path: folder) }
        let message =
            ": an unconditional diffusion model in pixel space, which has no text encoder; this needs a model that "
            + "reads prompts"
        #expect(error?.description == folder + message)
        #expect(PixelModelFolder.isPixelModel(folder))
        #expect(!PixelModelFolder.isPixelModel(Fixtures.model("tiny-sd1")))
        let other = Fixtures.model("tiny-sd1")
        #expect(
            throws: DiffusionError.notAModel(
                path: other, what: "a StableDiffusionPipeline and no unconditional model in pixel space",
                advice: "name the folder of a DDPMPipeline or DDIMPipeline with a UNet2DModel")
        ) { try PixelModelFolder(path: other) }
    }

    @Test("Clipping of the folder's own sampler is told, and not done")
    func notices() throws {
        let folder = try PixelModelFolder(path: Fixtures.model("tiny-ddpm"))
        let said =
            "/scheduler/scheduler_config.json: clip_sample is not done here: clean images are predicted as the network "
            + "sees them, so that an inversion finds its way back"
        #expect(folder.notices == [folder.path + said])
    }

    @Test("Replaced weights make another model, and gradients reach them; the first answers as before")
    func overlays() throws {
        let model = try Self.model("tiny-adm")
        let image = RandomGenerator(seed: 3).normal([1, 3, 16, 16])
        let timesteps = Tensor([Int64(40)])
        func answer(_ model: PixelModel) throws -> Tensor {
            try model.predict(
                image, timesteps: timesteps, context: model.context(of: .zeros([1])), plans: [])
        }
        let before = try withoutGradients { try answer(model) }
        let leaves = model.unetTensors().map { ($0.name, ($0.tensor * 1.1).detached.requiringGradient) }
        let tuned = try model.overlaid(
            unet: .replacing(Dictionary(uniqueKeysWithValues: leaves)))
        #expect(tuned.facts.fingerprint != model.facts.fingerprint)
        let loss = try withGradients { try answer(tuned).squared.mean }
        let slopes = gradients(of: loss, withRespectTo: leaves.map(\.1))
        #expect(slopes.allSatisfy(\.isFinite) && slopes.allSatisfy { $0.squared.sum.item > 0 })
        #expect(try withoutGradients { try answer(model) }.isEqual(to: before))
        #expect(throws: WeightError.self) {
            try model.overlaid(unet: .replacing(["conv_in.weigth": .zeros([1])]))
        }
    }
}
