import Diffusion
import Foundation
import Imaging
import Tensors
import TestSupport
import Testing
import ToyModels

@testable import Editing

/// Whole edits, from image to image, on the closed-form denoiser.
@Suite struct EditTests {
    static func image(_ width: Int, _ height: Int) -> Image {
        let pixels = (0..<(width * height * 3)).map { UInt8(($0 * 37 + $0 / width) % 256) }
        return Image(width: width, height: height, pixels: pixels)
    }

    static func model(for method: String? = nil) -> GaussianModel {
        let model = GaussianModel(
            side: 16, means: ["dog": GaussianModel.mean(side: 16, first: 96, value: 0.8)])
        for type in Registry.all where type.description.name == method {
            if type.description.needs.imageChannels { model.facts.inputChannels = 6 }
        }
        return model
    }

    static func engine(for method: String? = nil) -> Engine { Engine { model(for: method) } }

    /// Those that repaint what a closed form can show: who learns from the image, or moves things, needs a network with
    /// words, and has tests of its own.
    static let names = Registry.all.map { $0.description }.filter { !$0.needs.tuning && !$0.isSpatial }.map(
        \.name)

    @Test(
        "A seed gives the same picture every time, and every method gives one of the photo's size",
        arguments: names)
    func deterministic(method: String) async throws {
        let request = try EditingTests.request(
            image: Self.image(40, 40), prompt: "dog", source: "cat", method: method
        ) {
            $0.seed = 3
            $0.steps = 10
        }
        let first = try await Self.engine(for: method).edited(request)
        let second = try await Self.engine(for: method).edited(request)
        #expect(first.image == second.image)
        #expect((first.image.width, first.image.height) == (40, 40))
        #expect(first.image != request.image)
        #expect(first.account.cost.forwards == second.account.cost.forwards)
        #expect(first.account.workingSize == [16, 16])
        #expect(first.account.timesteps.count == 10)
    }

    @Test("Every method leaves the pixels outside a given mask alone", arguments: names)
    func masked(method: String) async throws {
        let values = (0..<(40 * 40)).map { Float($0 % 40 < 15 ? 1 : 0) }
        let mask = Mask(width: 40, height: 40, values: values)
        let request = try EditingTests.request(
            image: Self.image(40, 40), prompt: "dog", source: "cat", method: method, mask: mask
        ) {
            $0.steps = 10
        }
        let result = try await Self.engine(for: method).edited(request)
        var changed = 0
        for pixel in 0..<(40 * 40) {
            let range = (pixel * 3)..<(pixel * 3 + 3)
            let same = result.image.pixels[range] == request.image.pixels[range]
            if values[pixel] == 0 { #expect(same) } else if !same { changed += 1 }
        }
        #expect(changed > 100)
        #expect(result.mask == mask)
    }

    @Test("Every method stops before its next pass when cancelled", arguments: names)
    func cancelled(method: String) throws {
        let model = Self.model(for: method)
        var cancelled = false
        model.beforePass = { if $0 == 4 { cancelled = true } }
        let session = DiffusionSession(model: model, isCancelled: { cancelled })
        #expect(throws: CancellationError.self) {
            try session.edit(
                EditingTests.request(image: Self.image(16, 16), prompt: "dog", source: "cat", method: method))
        }
        #expect(model.passes.count == 4)
    }

    @Test("SDEdit and encode–decode cost what the specification counts")
    func costs() async throws {
        let image = Self.image(16, 16)
        for (method, guidance, expected) in [
            ("sdedit", 7.5, 50), ("sdedit", 1, 25), ("ddim", 7.5, 120), ("ddim", 1, 80),
            ("diffedit", 7.5, 140),
        ] {
            let request = EditRequest(image: image, prompt: "dog", method: method) {
                $0.guidance = guidance
            }
            #expect(try await Self.engine().edited(request).account.cost.forwards == expected)
        }
    }

    @Test(
        "A photo of any shape is worked on at the model's size and comes back at its own",
        arguments: [
            (1, 1), (100, 7), (7, 100), (33, 47),
        ])
    func sizes(width: Int, height: Int) async throws {
        let request = EditRequest(image: Self.image(width, height), prompt: "x", method: "sdedit") {
            $0.steps = 5
        }
        let engine = Engine { GaussianModel(side: 16) }
        let result = try await engine.edited(request)
        #expect((result.image.width, result.image.height) == (width, height))
        #expect(result.account.workingSize.max() == 16)
    }

    @Test("The account and the trace hold what was done, and the account survives JSON")
    func account() async throws {
        let request = EditRequest(image: Self.image(16, 16), prompt: "dog", source: "cat") {
            $0.seed = 11
            $0.steps = 20
            $0.traces = true
            $0.measuresInversion = true
        }
        let result = try await Self.engine().edited(request)
        #expect(
            result.trace.map(\.name) == [
                "difference", "final_latent", "initial_latent", "inversion_levels", "mask", "mask_soft",
            ])
        #expect(result.trace[3].shape == [17, 1, 3, 16, 16])
        #expect(result.account.maskArea == 0.375)
        let roundTrip = try #require(result.account.roundTrip)
        #expect(roundTrip.rms > 0 && roundTrip.rms < 0.1)
        #expect(result.account.options["noises"] == .integer(10))
        #expect(result.account.cost.peakBytes > 0)
        let data = try JSONEncoder().encode(result.account)
        let back = try JSONDecoder().decode(EditRecord.self, from: data)
        #expect(back.seed == 11)
        #expect(back.timesteps == result.account.timesteps)
        #expect(back.cost == result.account.cost)
    }

    @Test(
        "SDEdit's first timestep is the one it noised to, and two pictures stay two at strength 1"
    )
    func sdeditLevels() throws {
        let model = GaussianModel(side: 16)
        let session = DiffusionSession(model: model)
        let request = EditRequest(image: Self.image(16, 16), prompt: "x", method: "sdedit") {
            $0.guidance = 1
            $0.strength = 0.5
        }
        _ = try session.edit(request)
        #expect(model.timesteps == stride(from: 481, through: 1, by: -20).map { $0 })
        var other = request
        other.strength = 1
        let one = try session.edit(other)
        other.image = Image(width: 16, height: 16, red: 255)
        #expect(try session.edit(other).painted != one.painted)
    }

    @Test("A model folder edits, generates and reconstructs; one with a mask channel says what it needs")
    func folders() async throws {
        let engine = Engine(folder: try ModelFolder(path: Fixtures.model("tiny-sd1")))
        let image = Self.image(20, 12)
        let edit = EditRequest(image: image, prompt: "a green pear", source: "a red apple") {
            $0.options = ["noises": "2"]
            $0.steps = 4
        }
        let result = try await engine.edited(edit)
        #expect((result.image.width, result.image.height) == (20, 12))
        #expect(result.account.model.fingerprint.count == 16)

        let generation = GenerationRequest(prompt: "a pear", seed: 5, steps: 3)
        let one = try await engine.result { try $0.generate(generation) }
        let two = try await engine.result { try $0.generate(generation) }
        #expect(one.image == two.image)
        #expect(one.cost.forwards == 6)

        let walk = try await engine.result {
            try $0.reconstruct(.init(image: image, prompt: "a pear", steps: 4))
        }
        #expect((walk.image.width, walk.image.height) == (20, 12))
        #expect(walk.levels.shape[0] == 5)
        #expect(walk.cost.forwards == 8)

        let inpainting = Engine(folder: try ModelFolder(path: Fixtures.model("tiny-inpaint")))
        let error = await #expect(throws: DiffusionError.self) { try await inpainting.edited(edit) }
        #expect(error?.description.contains("9 channels") == true)
    }

    @Test(
        "Pictures made together are those made alone, and the way between two prompts begins and ends at them"
    )
    func samples() throws {
        try withoutGradients {
            let session = DiffusionSession(model: try tinyModel(), limits: BatchLimits(rows: 5))
            let texts = ["a red apple", "a green pear", "a blue cube"]
            let together = try session.samples(
                of: try texts.map { try session.prompt($0) }, seeds: [1, 2, 3], steps: 4, guidance: 3)
            #expect(session.spent.forwards == 3 * 2 * 4)
            for (index, text) in texts.enumerated() {
                let alone = try session.generate(
                    GenerationRequest(prompt: text, seed: UInt64(index + 1), steps: 4, guidance: 3))
                let far = zip(alone.image.pixels, together[index].pixels).count {
                    abs(Int($0) - Int($1)) > 1
                }
                #expect(far == 0)
            }
            let way = try session.prompts(from: texts[0], to: texts[1], count: 3)
            let ends = (try session.prompt(texts[0]).embedding, try session.prompt(texts[1]).embedding)
            #expect(way[0].embedding.isEqual(to: ends.0) && way[2].embedding.isEqual(to: ends.1))
            #expect(relativeError(way[1].embedding * 2, ends.0 + ends.1) < 1e-6)
        }
    }
}
