import Diffusion
import Imaging
import Tensors
import TestSupport
import Testing
import ToyModels

@testable import Editing

/// The oracles of inpainting and InstructPix2Pix.
@Suite struct InpaintTests {
    static func inpaint(_ options: [String: String] = [:]) throws -> Inpaint {
        Inpaint(try Options(options, of: Inpaint.description))
    }

    static func instruct(_ options: [String: String] = [:]) throws -> InstructPix2Pix {
        InstructPix2Pix(try Options(options, of: InstructPix2Pix.description))
    }

    static var half: Tensor { Tensor((0..<64).map { $0 % 8 < 4 ? Float(1) : 0 }, shape: [1, 1, 8, 8]) }

    @Test("With an ordinary network what the mask keeps comes back to the last bit, for 2k forwards")
    func blends() throws {
        try withoutGradients {
            for strength in [1, 0.5] {
                let context = try context(
                    on: try tinyModel(), prompt: "a pear", steps: 10, strength: strength, mask: Self.half)
                let painting = try Self.inpaint().edit(context)
                #expect(((painting.latent - context.clean) * (1 - Self.half)).absolute.amax().item == 0)
                #expect(((painting.latent - context.clean) * Self.half).absolute.amax().item > 0.1)
                #expect(context.session.spent.forwards == 2 * Int(10 * strength))
            }
            let nothing = try context(
                on: try tinyModel(), prompt: "a pear", steps: 4, mask: .zeros([1, 1, 8, 8]))
            #expect(try Self.inpaint().edit(nothing).latent.isEqual(to: nothing.clean))
        }
    }

    @Test("Without a mask it is DiffEdit's, and the whole picture when told so")
    func found() throws {
        let model = GaussianModel(
            side: 16, means: ["dog": GaussianModel.mean(side: 16, first: 80, value: 0.4)])
        let context = try context(on: model, prompt: "dog", steps: 10)
        let painting = try Self.inpaint(["noises": "3"]).edit(context)
        #expect(painting.mask?.floats == (0..<256).map { $0 < 80 ? 1 : 0 })
        #expect(context.session.spent.forwards == 2 * 3 + 2 * 10)
        let all = try Self.inpaint(["mask-from": "all"]).edit(context)
        #expect(all.mask?.mean.item == 1)
        // Two prompts that agree everywhere: nothing is open, and the user is told.
        let same = try EditingTests.context(on: model, prompt: "cat", source: "mouse", steps: 10)
        #expect(try Self.inpaint().edit(same).latent.isEqual(to: same.clean))
        #expect(same.session.warnings == ["\(DiffEditMask.emptyMaskAdvice)"])
    }

    @Test("An inpainting network finds a mask too, and pixels under the mask do not reach it")
    func holeChannels() throws {
        try withoutGradients {
            let session = DiffusionSession(model: try tinyModel("tiny-inpaint"))
            var request = EditRequest(
                image: EditTests.image(64, 64), prompt: "a pear", source: "an apple", method: "inpaint"
            ) {
                $0.options = ["noises": "2"]
                $0.steps = 3
            }
            #expect(try session.edit(request).mask != nil)
            let values = (0..<4096).map { $0 % 64 < 24 ? Float(1) : 0 }
            request.mask = Mask(width: 64, height: 64, values: values)
            let one = try DiffusionSession(model: try tinyModel("tiny-inpaint")).edit(request)
            for pixel in 0..<4096 where values[pixel] == 1 { request.image.pixels[pixel * 3] = 0 }
            let two = try DiffusionSession(model: try tinyModel("tiny-inpaint")).edit(request)
            #expect(one.painted == two.painted)
            #expect(one.account.cost.forwards == 6)
        }
    }

    @Test("A model with other channels is refused with what would be right")
    func refused() throws {
        let image = EditTests.image(64, 64)
        let inpaint = EditRequest(image: image, prompt: "x", method: "inpaint") {
            $0.steps = 2
        }
        let instruct = EditRequest(image: image, prompt: "x", method: "instruct-pix2pix") {
            $0.steps = 2
        }
        for (model, request) in [
            ("tiny-ip2p", inpaint), ("tiny-sd1", instruct), ("tiny-inpaint", instruct),
        ] {
            let error = #expect(throws: EditingError.self) {
                try DiffusionSession(model: try tinyModel(model)).edit(request)
            }
            #expect(error?.description.contains("channels, its latents have 4") == true)
        }
    }

    @Test(
        "Guidance by words and picture asks only for estimates that count",
        arguments: [(7.5, "1.5", 3), (7.5, "1", 2), (2, "2", 2), (1, "1", 1)])
    func guidance(words: Double, image: String, forwards: Int) throws {
        try withoutGradients {
            let context = try context(
                on: try tinyModel("tiny-ip2p"), prompt: "a pear", steps: 4, guidance: words)
            _ = try Self.instruct(["image-guidance": image]).edit(context)
            #expect(context.session.spent.forwards == 4 * forwards)
        }
    }

    @Test("At scales 1 and 1 the network is asked once, with words and the unscaled picture")
    func plainInstruction() throws {
        try withoutGradients {
            let model = try tinyModel("tiny-ip2p")
            let context = try context(on: model, prompt: "a pear", steps: 4, guidance: 1, seed: 5)
            let painting = try Self.instruct(["image-guidance": "1", "sampler": "ddim"]).edit(context)
            let session = DiffusionSession(model: model)
            var latent = RandomGenerator(seed: 5).normal([1, 4, 8, 8])
            for k in (1...4).reversed() {
                let noise = try session.noise(
                    in: latent, at: context.levels[k], prompt: try session.prompt("a pear"),
                    extra: context.clean / 0.18215)
                latent = DDIM.step(latent, noise, from: context.levels[k], to: context.levels[k - 1])
            }
            #expect(relativeError(painting.latent, latent) < 1e-6)
        }
    }

    @Test("The picture's influence is scaled by s_I and the words' by s_T, on the closed form")
    func threeEstimates() throws {
        let model = GaussianModel(side: 4, means: ["dog": .full([1, 3, 4, 4], 0.5)])
        model.facts.inputChannels = 6
        model.extraInfluence = 0.1
        let context = try context(on: model, prompt: "dog", steps: 1, guidance: 3, seed: 1)
        let painting = try Self.instruct(["image-guidance": "2", "sampler": "ddim"]).edit(context)
        let start = RandomGenerator(seed: 1).normal([1, 3, 4, 4])
        let level = context.levels[1]
        let variance = level.alphaBar * 0.25 + 1 - level.alphaBar
        let plain = start * (level.sqrtOneMinusAlphaBar / variance)
        let words = -0.5 * level.sqrtAlphaBar * level.sqrtOneMinusAlphaBar / variance
        let noise = plain + words * 3 + context.clean * (0.1 * 2)
        let end = DDIM.step(start, noise, from: level, to: context.levels[0])
        #expect(relativeError(painting.latent, end) < 1e-5)
    }
}
