import Diffusion
import Imaging
import Tensors
import TestSupport
import Testing
import ToyModels

@testable import Editing

/// The oracles of SDEdit and its variants.
@Suite struct SDEditTests {
    static func sdedit(_ options: [String: String] = [:], preset: Preset = .paper) throws -> SDEdit {
        SDEdit(try Options(options, of: SDEdit.description, preset: preset))
    }

    static func distance(_ left: Tensor, _ right: Tensor) -> Double { (left - right).absolute.amax().item }

    static var model: GaussianModel { EditTests.model() }

    @Test("Strength 0 leaves the latent alone")
    func nothing() throws {
        let context = try context(on: Self.model, prompt: "dog", strength: 0)
        #expect(try Self.sdedit().edit(context).latent.isEqual(to: context.clean))
    }

    @Test("K repeats cost 2kK forwards, one guided by the prompt alone half of that")
    func cost() throws {
        for (repeats, guidance, expected) in [(1, 7.5, 20), (3, 7.5, 60), (3, 1, 30)] {
            let context = try context(
                on: Self.model, prompt: "dog", steps: 20, strength: 0.5, guidance: guidance)
            _ = try Self.sdedit(["repeats": "\(repeats)", "eta": "0.5"]).edit(context)
            #expect(context.session.spent.forwards == expected)
        }
    }

    @Test("With everything kept the end is the latent noised to the last level, however often repeated")
    func kept() throws {
        let context = try context(
            on: Self.model, prompt: "dog", steps: 10, strength: 0.5, seed: 6, mask: .zeros([1, 1, 16, 16]))
        let painting = try Self.sdedit(["repeats": "2"]).edit(context)
        let random = RandomGenerator(seed: 6)
        _ = random.normal(context.clean.shape)
        let noise = random.normal(context.clean.shape)
        #expect(
            Self.distance(painting.latent, DDIM.addNoise(context.clean, noise, to: context.levels[0])) < 1e-6)
        // The published code puts the background back one level too noisy.
        let quirk = try EditingTests.context(
            on: Self.model, prompt: "dog", steps: 10, strength: 0.5, seed: 6, mask: .zeros([1, 1, 16, 16]))
        let official = try Self.sdedit(["background": "origin"]).edit(quirk)
        let first = RandomGenerator(seed: 6).normal(context.clean.shape)
        #expect(
            Self.distance(official.latent, DDIM.addNoise(context.clean, first, to: context.levels[1])) < 1e-6)
    }

    @Test("A second repeat starts from what the first one made, with noise of its own")
    func repeats() throws {
        let twice = try context(on: Self.model, prompt: "dog", steps: 10, strength: 0.4, guidance: 1, seed: 2)
        let painting = try Self.sdedit(["repeats": "2"]).edit(twice)
        let once = try context(on: Self.model, prompt: "dog", steps: 10, strength: 0.4, guidance: 1, seed: 2)
        let first = try Self.sdedit().edit(once).latent
        let noise = once.random.normal(first.shape)
        let start = try #require(painting.trace["noised_latent_2"])
        #expect(Self.distance(start, DDIM.addNoise(first, noise, to: once.levels[once.startStep])) < 1e-6)
        // Every repeat brings the latent closer to what the prompt means.
        let mean = GaussianModel.mean(side: 16, first: 96, value: 0.8)
        #expect((painting.latent - mean).squared.mean.item < (first - mean).squared.mean.item)
    }

    @Test("η adds fresh noise in every step; η = 0 adds none")
    func eta() throws {
        var ends: [Tensor] = []
        for eta in ["0", "0", "1"] {
            let context = try context(on: Self.model, prompt: "dog", steps: 10, strength: 0.5, seed: 3)
            ends.append(try Self.sdedit(["eta": eta]).edit(context).latent)
        }
        #expect(ends[0].isEqual(to: ends[1]))
        #expect(Self.distance(ends[0], ends[2]) > 0.01)
    }

    @Test("Masked in pixels, what is kept has the photo's own pixels after every repeat")
    func pixels() throws {
        let values = (0..<256).map { Float($0 % 16 < 6 ? 1 : 0) }
        let request = EditRequest(
            image: EditTests.image(16, 16), prompt: "dog", method: "sdedit",
            mask: Mask(width: 16, height: 16, values: values)
        ) {
            $0.options = ["mask-space": "pixel", "repeats": "2"]
            $0.steps = 10
            $0.strength = 0.5
            $0.paste = .none
        }
        let result = try DiffusionSession(model: Self.model).edit(request)
        for pixel in 0..<256 where values[pixel] == 0 {
            let range = (pixel * 3)..<(pixel * 3 + 3)
            #expect(result.painted.pixels[range] == request.image.pixels[range])
        }
        var latent = request
        latent.options["mask-space"] = "latent"
        #expect(try DiffusionSession(model: Self.model).edit(latent).painted != result.painted)
    }

    @Test("The official preset is the paper's own algorithm: three times, with fresh noise")
    func official() throws {
        let context = try context(on: Self.model, prompt: "dog", steps: 10, strength: 0.5, seed: 8)
        let preset = try Self.sdedit(preset: .official).edit(context)
        let spelled = try EditingTests.context(
            on: Self.model, prompt: "dog", steps: 10, strength: 0.5, seed: 8)
        let same = try Self.sdedit(["repeats": "3", "eta": "1", "background": "origin"]).edit(spelled)
        #expect(preset.latent.isEqual(to: same.latent))
        #expect(context.session.spent.forwards == 2 * 5 * 3)
    }
}
