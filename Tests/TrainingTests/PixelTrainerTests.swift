import Diffusion
import Foundation
import Imaging
import Networks
import Tensors
import TestSupport
import Testing

@testable import Training

extension TrainingConfiguration {
    /// The smallest model in pixel space.
    static func tinyPixels(in folder: String) -> TrainingConfiguration {
        var tiny = TrainingConfiguration.tiny(in: folder)
        tiny.kind = .pixels
        (tiny.pixels.channels, tiny.pixels.attention) = ([8, 16], [false, true])
        (tiny.pixels.headChannels, tiny.pixels.normGroups, tiny.pixels.samples) = (8, 4, 4)
        (tiny.pixels.batch, tiny.pixels.steps, tiny.pixels.warmup) = (4, 6, 2)
        return tiny
    }
}

@Suite(.serialized) struct PixelTrainerTests {
    private func file(_ folder: String) -> Data? {
        FileManager.default.contents(atPath: folder + "/unet/diffusion_pytorch_model.safetensors")
    }

    @Test("A model in pixel space whose run was stopped comes to the same bits", arguments: [false, true])
    func resumes(channelsLast: Bool) throws {
        let scratch = try Scratch()
        var whole = TrainingConfiguration.tinyPixels(in: scratch.path + "/whole")
        whole.pixels.channelsLast = channelsLast
        #expect(try train(whole) == .finished)
        var pieces = TrainingConfiguration.tinyPixels(in: scratch.path + "/pieces")
        pieces.pixels.channelsLast = channelsLast
        #expect(try train(pieces, stoppingAfter: ("pixels", 4)) == .stopped)
        #expect(!FileManager.default.fileExists(atPath: pieces.output))
        #expect(try train(pieces) == .finished)
        #expect(losses(pieces) == losses(whole))
        #expect(file(whole.output) != nil && file(whole.output) == file(pieces.output))
    }

    @Test("Its loss falls, sheets are made, and its folder opens and answers what was trained")
    func learns() throws {
        let scratch = try Scratch()
        var tiny = TrainingConfiguration.tinyPixels(in: scratch.path)
        (tiny.logSteps, tiny.pixels.steps, tiny.pixels.batch) = (20, 100, 8)
        (tiny.pixels.learningRate, tiny.samples.everySteps) = (4e-3, 60)
        tiny.precision = .bfloat16
        #expect(try train(tiny) == .finished)
        let curve = ProgressLog(path: tiny.work + "/progress.jsonl").lines().map(\.loss)
        let (first, last) = (try #require(curve.first), try #require(curve.last))
        #expect(last < first * 0.6, "\(curve)")
        let sheets = try FileManager.default.contentsOfDirectory(atPath: tiny.work + "/samples").sorted()
        #expect(sheets.map { ($0 as NSString).deletingPathExtension } == ["pixels-100", "pixels-60"])

        let trainer = try Trainer(tiny)
        let stage = try trainer.pixelStage()
        try trainer.restore(stage)
        let model = try PixelModel(folder: try PixelModelFolder(path: tiny.output))
        #expect(model.schedule == DenoisingLoss.pixelSchedule() && model.notices == [])
        let noise = RandomGenerator(seed: 2).normal([2, 3, 16, 16])
        let timesteps = Tensor([Int64(10), 700])
        let (read, kept) = try withoutGradients {
            (
                model.unet(noise, timesteps: timesteps),
                try stage.averagedModel().unet(noise, timesteps: timesteps)
            )
        }
        // The folder's numbers have 16 bits.
        #expect(relativeError(read, kept) < 5e-3)
        #expect(try stage.heldOutError() < 0.9)
        let text = try String(contentsOfFile: tiny.output + "/training.json", encoding: .utf8)
        #expect(text.contains("\"held out: squared error of the noise\"") && !text.contains(scratch.path))
    }

    @Test("Pictures of a folder need no captions")
    func folder() throws {
        let scratch = try Scratch()
        let pictures = scratch.path + "/pictures"
        try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
        for shade in 0..<4 {
            let pixels = [UInt8](repeating: UInt8(shade * 60), count: 16 * 16 * 3)
            try Image(width: 16, height: 16, pixels: pixels).write(to: "\(pictures)/\(shade).ppm")
        }
        var tiny = TrainingConfiguration.tinyPixels(in: scratch.path)
        (tiny.data.source, tiny.data.folder, tiny.data.heldOut) = (.folder, pictures, 1)
        #expect(try tiny.examine() == ["4 pictures in \(pictures)"])
        #expect(tiny.summary.contains("a diffusion model in pixel space in 6 steps, on the pictures in"))
        let images = try Trainer(tiny).loadImages()
        #expect(images.count == 3 && images.heldOut == 1)
    }
}
