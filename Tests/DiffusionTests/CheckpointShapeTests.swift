import Foundation
import Networks
import Prompts
import Tensors
import TestSupport
import Testing
import ToyModels

@testable import Diffusion

/// Whole checkpoints by their headers alone: sizes, schedule and the quantity that is answered.
@Suite struct CheckpointShapeTests {
    /// A file of a family's header over a hole on the disk.
    private static func file(
        _ family: String, in folder: Folder, named name: String = "model.safetensors", inputs: Int = 4,
        adding further: [(String, [Int])] = [], metadata: [String: String] = [:]
    ) throws -> String {
        let entries = try SingleFile.header(family).map { entry in
            (entry.name, entry.name.hasSuffix("input_blocks.0.0.weight") ? [320, inputs, 3, 3] : entry.shape)
        }
        try ModelFileKindTests.write(entries + further, metadata: metadata, to: folder[name])
        return folder[name]
    }

    @Test("The shapes of Stable Diffusion 1.x are those of its configurations")
    func first() throws {
        let folder = try Folder()
        let model = try ModelFolder(path: try Self.file("sd1", in: folder))
        #expect(model.unet == UNetConfiguration())
        #expect(model.autoencoder == AutoencoderConfiguration())
        var text = TextEncoderConfiguration()
        text.endTokenId = model.textEncoder.endTokenId
        #expect(model.textEncoder == text)
        #expect(model.schedule == .stableDiffusion)
        #expect(model.predictionEvidence == .family && model.notices == [])
        let ids = try LoadedModel(folder: model).tokenizer().encode("a cat!").ids
        #expect(ids == [49406, 320, 2368, 256] + Array(repeating: 49407, count: 73))
        #expect(try ModelFolder(path: try Self.file("sd1", in: folder, inputs: 9)).unet.inChannels == 9)
    }

    @Test(
        "The shapes of Stable Diffusion 2.x are those of its configurations, and its last text layer is left away"
    )
    func second() throws {
        let folder = try Folder()
        let model = try ModelFolder(path: try Self.file("sd2", in: folder))
        var unet = UNetConfiguration()
        (unet.crossAttentionDim, unet.useLinearProjection) = (1024, true)
        unet.heads = [5, 10, 20, 20]
        #expect(model.unet == unet)
        var text = TextEncoderConfiguration()
        (text.hiddenSize, text.intermediateSize, text.layers, text.heads) = (1024, 4096, 23, 16)
        text.activation = .gelu
        text.endTokenId = model.textEncoder.endTokenId
        #expect(model.textEncoder == text)
        #expect(model.predictionEvidence == .nothing)
        // `!` is 256 and not the padding, as in Stable Diffusion's first code; diffusers' folders make it 0.
        let ids = try LoadedModel(folder: model).tokenizer().encode("a cat!").ids
        #expect(ids == [49406, 320, 2368, 256, 49407] + Array(repeating: 0, count: 72))
        #expect(
            try ModelFolder(path: try Self.file("sd2", in: folder, named: "v2-1_768-ema.safetensors")).unet
                .sampleSize == 96)
    }

    // The nearest wrong order: texts before tensors, or the family before the texts.
    @Test(
        "Who asks counts before the configuration beside the file, that before its tensors, its texts, its family"
    )
    func evidence() throws {
        let folder = try Folder()
        let texts = [
            "modelspec.prediction_type": "epsilon", "modelspec.architecture": "stable-diffusion-v2-768-v",
        ]
        func told(_ path: String, asked: Prediction? = nil) throws -> String {
            var source = ModelSource(path)
            source.prediction = asked
            let model = try ModelFolder(source)
            return
                "\(model.schedule.prediction.rawValue) \(model.predictionEvidence) \(model.unet.sampleSize)"
        }
        let plain = try Self.file(
            "sd2", in: folder, metadata: ["modelspec.architecture": "stable-diffusion-v2-768-v"])
        #expect(try told(plain) == "v_prediction as its text modelspec.architecture says 96")
        let spoken = try Self.file("sd2", in: folder, metadata: texts)
        #expect(try told(spoken) == "epsilon as its text modelspec.prediction_type says 64")
        let marked = try Self.file("sd2", in: folder, adding: [("v_pred", [0])], metadata: texts)
        #expect(try told(marked) == "v_prediction as its tensor v_pred says 96")
        try folder.file("model.yaml", "model:\n  params:\n    unet_config:\n      in_channels: 4\n")
        #expect(try told(marked) == "epsilon as model.yaml says 64")
        try folder.file(
            "model.yaml",
            "model:\n  params:\n    parameterization: \"v\"\n    unet_config:\n      context_dim: 1024\n")
        #expect(try told(marked) == "v_prediction as model.yaml says 96")
        #expect(try told(marked, asked: .noise) == "epsilon as asked 64")
        try folder.file("model.yaml", "unet_config:\n  in_channels: 9\n")
        #expect(
            throws: DiffusionError.malformedFile(
                path: folder["model.yaml"],
                reason: "in_channels is 9, and the file beside it has 4; it belongs to another")
        ) { try told(marked) }
    }

    @Test("A mark of a last level without signal shifts the schedule and its steps")
    func zeroTerminal() throws {
        let folder = try Folder()
        let path = try Self.file("sd1", in: folder, adding: [("v_pred", [0]), ("ztsnr", [0])])
        let schedule = try ModelFolder(path: path).schedule
        #expect(schedule.prediction == .velocity && schedule.spacing == .trailing)
        #expect(schedule.alphaBars.last == 0x1p-24 && abs(schedule.alphaBars[500] - 0.241018783) < 1e-9)
    }

    @Test("Shapes that make no network are refused, not built")
    func impossible() throws {
        let folder = try Folder()
        for name in ["input_blocks.4.0.out_layers.3.weight", "input_blocks.1.0.out_layers.3.weight"] {
            let entries = try SingleFile.header("sd1").map { entry in
                (entry.name, entry.name.hasSuffix(name) ? [7] + entry.shape.dropFirst() : entry.shape)
            }
            try ModelFileKindTests.write(entries, to: folder["x.safetensors"])
            #expect(
                throws: DiffusionError.malformedFile(
                    path: folder["x.safetensors"],
                    reason: "the tensors of its UNet have shapes that make no network")
            ) { try ModelFolder(path: folder["x.safetensors"]) }
        }
    }

    @Test("One pass tells noise from velocity", arguments: Prediction.allCases)
    func probe(prediction: Prediction) throws {
        let model = GaussianModel(schedule: NoiseSchedule.stableDiffusion.with(prediction: prediction))
        let probe = try PredictionProbe(of: model)
        #expect(probe.prediction == prediction)
        #expect(abs(probe.share - (prediction == .noise ? 1 : 0)) < 0.15, "\(probe.share)")
    }
}
