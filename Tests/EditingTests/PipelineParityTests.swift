import Diffusion
import Imaging
import Tensors
import TestSupport
import Testing

@testable import Editing

/// Whole walks against diffusers' pipelines, whose results `Scripts/parity/pipelines.py` writes.
@Suite struct PipelineParityTests {
    let expected: SafetensorsFile
    let image: Image
    let mask: Mask

    init() throws {
        expected = try Fixtures.tensors("pipelines.safetensors")
        image = Image(
            width: 64, height: 64, pixels: try expected.tensor("picture").scalars(as: UInt8.self))
        let bytes = try expected.tensor("mask").scalars(as: UInt8.self)
        mask = Mask(width: 64, height: 64, values: bytes.map { Float($0) / 255 })
    }

    @Test("Panoramas are those of StableDiffusionPanoramaPipeline", arguments: [false, true])
    func panorama(wraps: Bool) throws {
        try withoutGradients {
            let request = GenerationRequest(
                prompt: "a green pear", negative: "a red apple", seed: 7, steps: 6, width: 192, height: 64,
                windows: WindowSettings(side: 8, stride: 2, wraps: wraps))
            let latent = try DiffusionSession(model: try tinyModel()).generatedLatent(request)
            let theirs = try expected.tensor(wraps ? "panorama.wrapped" : "panorama")
            #expect(relativeError(latent, theirs) < 1e-3)
        }
    }

    /// The final latent of an edit of the image.
    func latent(
        _ model: String, _ method: String, options: [String: String] = [:], strength: Double? = nil
    ) throws -> Tensor {
        let request = EditRequest(
            image: image, prompt: "a green pear", method: method, mask: method == "inpaint" ? mask : nil
        ) {
            $0.negative = "a red apple"
            $0.options = options
            $0.seed = 7
            $0.steps = 6
            $0.strength = strength
            $0.traces = true
        }
        let result = try DiffusionSession(model: try tinyModel(model)).edit(request)
        let array = try #require(result.trace.first { $0.name == "final_latent" })
        return Tensor(array.values, shape: array.shape)
    }

    @Test(
        "An inpainting network paints as in StableDiffusionInpaintPipeline",
        arguments: [(1.0, "inpaint"), (0.5, "inpaint.partly")])
    func inpaint(strength: Double, name: String) throws {
        try withoutGradients {
            let ours = try latent("tiny-inpaint", "inpaint", strength: strength)
            #expect(relativeError(ours, try expected.tensor(name)) < 1e-3)
        }
    }

    @Test(
        "An ordinary network is blended as in StableDiffusionInpaintPipeline",
        arguments: [(1.0, "blend"), (0.5, "blend.partly")])
    func blend(strength: Double, name: String) throws {
        try withoutGradients {
            let model = try tinyModel()
            let clean = try DiffusionSession(model: model).encode(image)
            // There the mask is taken at single pixels, here it is averaged; the same one is used for this.
            let cells = mask.nearest(width: 8, height: 8)
            let context = try context(
                on: model, prompt: "a green pear", negative: "a red apple", steps: 6, strength: strength,
                seed: 7, mask: Tensor(cells.values, shape: [1, 1, 8, 8]), clean: clean)
            let painting = try Inpaint(Options([:], of: Inpaint.description)).edit(context)
            #expect(relativeError(painting.latent, try expected.tensor(name)) < 1e-3)
        }
    }

    @Test(
        "Instructions are followed as in StableDiffusionInstructPix2PixPipeline, with ancestral Euler steps and with DDIM",
        arguments: [("instruct.ancestral", [:]), ("instruct", ["sampler": "ddim"])])
    func instruct(name: String, options: [String: String]) throws {
        try withoutGradients {
            let ours = try latent("tiny-ip2p", "instruct-pix2pix", options: options)
            #expect(relativeError(ours, try expected.tensor(name)) < 1e-3)
        }
    }

    @Test("DiffEdit finds, encodes and paints as StableDiffusionDiffEditPipeline does, quirks included")
    func diffEdit() throws {
        try withoutGradients {
            let theirs = try Fixtures.tensors("diffedit.safetensors")
            let pixels = try theirs.tensor("picture").scalars(as: UInt8.self)
            let request = EditRequest(
                image: Image(width: 64, height: 64, pixels: pixels), prompt: "a green pear",
                source: "a red apple", method: "diffedit"
            ) {
                $0.preset = .official
                $0.options = [
                    "mask-noise": "0.4", "clamp": "1.5", "mask-guidance": "1.5", "encode-guidance": "1.5",
                ]
                $0.seed = 1
                $0.steps = 5
                $0.guidance = 1.5
                $0.traces = true
            }
            let result = try DiffusionSession(model: try tinyModel()).edit(request)
            func ours(_ name: String) throws -> Tensor {
                let array = try #require(result.trace.first { $0.name == name })
                return Tensor(array.values, shape: array.shape)
            }
            let mask = try theirs.tensor("mask")
            #expect(try ours("mask").floats == mask.floats)
            #expect(mask.mean.item > 0.05 && mask.mean.item < 0.95)
            let levels = try ours("inversion_levels").squeezed(1)
            let encoded = try theirs.tensor("inversion")
            #expect(relativeError(levels.rows(1..<levels.shape[0]), encoded) < 1e-3)
            #expect(relativeError(try ours("final_latent"), try theirs.tensor("edited")) < 1e-3)
        }
    }
}
