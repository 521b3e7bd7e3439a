import Foundation
import TestSupport
import Testing

@testable import Diffusion

@Suite struct ModelIndexTests {
    private func index(_ json: String) throws -> ModelIndex {
        let file = try ScratchFile(json, named: "model_index.json")
        return try ModelIndex(folder: URL(fileURLWithPath: file.path).deletingLastPathComponent().path)
    }

    @Test(
        "Pipelines of other families are told by name",
        arguments: [
            ("StableDiffusionXLPipeline", "Stable Diffusion XL (SDXL)"),
            ("StableDiffusionXLInstructPix2PixPipeline", "Stable Diffusion XL (SDXL)"),
            ("StableDiffusion3Img2ImgPipeline", "Stable Diffusion 3 (SD 3)"), ("FluxFillPipeline", "FLUX"),
            ("Flux2Pipeline", "FLUX.2"), ("WanImageToVideoPipeline", "Wan"),
            ("PixArtSigmaPipeline", "PixArt"),
            ("KandinskyV22Pipeline", "Kandinsky"), ("StableCascadePriorPipeline", "Stable Cascade"),
            ("StableDiffusionDepth2ImgPipeline", "Stable Diffusion 2 with depth"),
            ("StableUnCLIPImg2ImgPipeline", "Stable unCLIP"), ("IFSuperResolutionPipeline", "DeepFloyd IF"),
            ("LatentConsistencyModelPipeline", "latent consistency models (LCM)"),
            ("AltDiffusionPipeline", "AltDiffusion"), ("QwenImageEditPipeline", "Qwen-Image"),
        ])
    func families(className: String, family: String) throws {
        let error = #expect(throws: DiffusionError.self) { try index(#"{"_class_name": "\#(className)"}"#) }
        guard case .otherFamily(let path, let found)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(found == family)
        #expect(
            error?.description
                == "\(path): a model of the family \(family), whose networks are others; Stable Diffusion 1.x and "
                + "2.x run here")
    }

    private static let parts =
        #""unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"], "#
        + #""text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"]"#

    @Test("A part without effect is told, and what judges or prepares pictures is not")
    func otherParts() throws {
        let found = try index(
            "{\"_class_name\": \"StableDiffusionControlNetPipeline\", \(Self.parts), "
                + #""controlnet": ["diffusers", "ControlNetModel"], "safety_checker": ["x", "Checker"], "#
                + #""image_encoder": [null, null], "requires_safety_checker": true}"#)
        #expect(found.notices.count == 1)
        #expect(
            found.notices[0].hasSuffix("/model_index.json: the part controlnet (ControlNetModel) is not used")
        )
        #expect(found.corrects)
        let instructions = try index(
            "{\"_class_name\": \"StableDiffusionInstructPix2PixPipeline\", \(Self.parts)}")
        #expect(!instructions.corrects)
        #expect(instructions.notices == [])
    }

    @Test("A second text encoder means SDXL, and another network is named")
    func otherNetworks() throws {
        let two = #expect(throws: DiffusionError.self) {
            try index(#"{"text_encoder_2": ["transformers", "CLIPTextModelWithProjection"]}"#)
        }
        if case .otherFamily(_, "Stable Diffusion XL (SDXL)")? = two {
        } else {
            Issue.record("\(String(describing: two))")
        }
        let network = #expect(throws: DiffusionError.self) {
            try index(
                #"{"_class_name": "NewPipeline", "transformer": ["diffusers", "NewTransformer2DModel"]}"#)
        }
        if case .unsupportedClass(_, "the network", "NewTransformer2DModel")? = network {
        } else {
            Issue.record("\(String(describing: network))")
        }
    }

    @Test("A folder without a list of parts is told for what it is")
    func otherFolders() throws {
        let config = try ScratchFile(#"{"_class_name": "ControlNetModel"}"#)
        let folder = URL(fileURLWithPath: config.path).deletingLastPathComponent().path
        #expect(
            throws: DiffusionError.notAModel(
                path: folder, what: "one network (ControlNetModel) and no whole model",
                advice: "name the folder that holds its model_index.json")
        ) { try ModelFolder(path: folder) }
        let weights = try ScratchFile("", named: "adapter.safetensors")
        try ModelFileKindTests.write([("unet.x.lora_A.weight", [3])], to: weights.path)
        let error = #expect(throws: DiffusionError.self) {
            try ModelFolder(path: URL(fileURLWithPath: weights.path).deletingLastPathComponent().path)
        }
        if case .notAModel(weights.path, "a LoRA, which changes a model and is none", _)? = error {
        } else {
            Issue.record("\(String(describing: error))")
        }
        let cache = URL(fileURLWithPath: folder).appendingPathComponent("models--a--b").path
        try FileManager.default.createDirectory(
            atPath: cache + "/snapshots/0123abcd", withIntermediateDirectories: true)
        #expect(
            throws: DiffusionError.notAModel(
                path: cache, what: "an entry of the Hugging Face cache",
                advice: "the model lies further down: name \(cache)/snapshots/0123abcd")
        ) { try ModelFolder(path: cache) }
    }
}
