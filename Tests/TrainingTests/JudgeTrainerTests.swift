import Diffusion
import Foundation
import Imaging
import Perception
import Prompts
import StillLife
import StillLifeStudy
import Tensors
import Testing

@testable import Training

extension TrainingConfiguration {
    /// The smallest judge that goes through everything.
    static func tinyJudge(in folder: String) -> TrainingConfiguration {
        var tiny = TrainingConfiguration.tiny(in: folder)
        tiny.kind = .judge
        (tiny.judge.channels, tiny.judge.normGroups) = ([4, 8, 8, 8], 2)
        (tiny.judge.batch, tiny.judge.steps, tiny.judge.warmup) = (4, 6, 2)
        return tiny
    }

    /// The smallest pair of towers.
    static func tinyPair(in folder: String) -> TrainingConfiguration {
        var tiny = TrainingConfiguration.tiny(in: folder)
        tiny.kind = .clip
        tiny.clip.tokenizer = folder + "/tokenizer"
        (tiny.clip.visionWidth, tiny.clip.visionLayers, tiny.clip.visionHeads) = (16, 1, 2)
        (tiny.clip.textWidth, tiny.clip.textLayers, tiny.clip.textHeads) = (16, 1, 2)
        (tiny.clip.projection, tiny.clip.batch, tiny.clip.steps, tiny.clip.warmup) = (8, 4, 6, 2)
        return tiny
    }
}

@Suite(.serialized) struct JudgeTrainerTests {
    @Test("A judge's run that was stopped comes to the same bits, and its folder judges")
    func judge() throws {
        let scratch = try Scratch()
        let base = TrainingConfiguration.tiny(in: scratch.path + "/base")
        #expect(try train(base) == .finished)
        var whole = TrainingConfiguration.tinyJudge(in: scratch.path + "/whole")
        whole.judge.autoencoder = base.output + "/vae"
        #expect(try train(whole) == .finished)
        var pieces = TrainingConfiguration.tinyJudge(in: scratch.path + "/pieces")
        pieces.judge.autoencoder = base.output + "/vae"
        #expect(try train(pieces, stoppingAfter: ("judge", 4)) == .stopped)
        #expect(!FileManager.default.fileExists(atPath: pieces.output))
        #expect(try train(pieces) == .finished)
        #expect(losses(pieces) == losses(whole))
        let file = "/model.safetensors"
        #expect(
            FileManager.default.contents(atPath: whole.output + file)
                == FileManager.default.contents(atPath: pieces.output + file))

        let judge = try Judge(folder: whole.output)
        #expect(judge.side == 16)
        #expect(judge.attributes(of: [Scene.random(seed: 1).render(size: 16)])[0].objects.isEmpty == false)
        let text = try String(contentsOfFile: whole.output + "/training.json", encoding: .utf8)
        #expect(text.contains("round trips: one.kind and colour") && !text.contains(scratch.path))
    }

    @Test("A judge's loss falls, and cells say where objects are")
    func learns() throws {
        let scratch = try Scratch()
        var tiny = TrainingConfiguration.tinyJudge(in: scratch.path)
        (tiny.logSteps, tiny.judge.steps, tiny.judge.batch, tiny.judge.learningRate) = (20, 120, 8, 5e-3)
        tiny.judge.degraded = 0
        #expect(try train(tiny) == .finished)
        let curve = ProgressLog(path: tiny.work + "/progress.jsonl").lines().map(\.loss)
        let (first, last) = (try #require(curve.first), try #require(curve.last))
        #expect(last < first * 0.9, "\(curve)")
    }

    @Test("The truth of a picture's cells adds up to one, and follows the renderer")
    func truth() throws {
        let scratch = try Scratch()
        let tiny = TrainingConfiguration.tinyJudge(in: scratch.path)
        let images = try JudgeImages(tiny.data, in: scratch.path, control: TrainingControl())
        let truth = images.truth([0, 1], device: .cpu)
        #expect(truth.cells.shape == [2, 17, 4, 4])
        #expect(truth.cells.sum([1]).floats.allSatisfy { abs($0 - 1) < 1e-6 })
        for row in 0..<2 {
            let scene = images.scene(row)
            let rendering = scene.rendering(size: 16)
            for (object, described) in scene.objects.enumerated() {
                let kind = ObjectKind.allCases.firstIndex(of: described.kind) ?? 0
                let samples = rendering.coverage[object].reduce(0) { $0 + Int($1) }
                let found = truth.cells.selected(0, at: row).selected(0, at: kind + 1).sum.item
                #expect(abs(found - Double(samples) / 64) < 1e-4)
                #expect(truth.kinds.selected(0, at: row).floats[kind] == 1)
            }
            #expect(truth.counts.selected(0, at: row).argmax(0).item == Double(scene.objects.count - 1))
        }
    }

    @Test("Degraded pictures stay near their pictures, and without a share nothing changes")
    func degradation() {
        let image = Scene.random(seed: 2).render(size: 16).tensor()
        let batch = Tensor.concatenated([image, image])
        var draws = Draws(state: 1)
        let random = RandomGenerator(seed: 1)
        #expect(Degradation(share: 0)(batch, draws: &draws, random: random).isEqual(to: batch))
        let worse = Degradation(share: 1)(batch, draws: &draws, random: random)
        let distance = (worse - batch).squared.mean.squareRoot.item
        #expect(distance > 0.005 && distance < 0.4 && worse.shape == batch.shape)
    }
}

@Suite(.serialized) struct CLIPTrainerTests {
    private func configuration(in scratch: Scratch) throws -> TrainingConfiguration {
        let tiny = TrainingConfiguration.tinyPair(in: scratch.path)
        let images = StillLifeImages(section: tiny.data)
        try CaptionTokens.learned(
            from: (0..<24).map { images.captions($0) }, vocabulary: 530, contextLength: 12
        ).write(to: tiny.clip.tokenizer)
        return tiny
    }

    @Test("A pair's run that was stopped comes to the same bits, and its folder opens")
    func pair() throws {
        let scratch = try Scratch()
        var whole = try configuration(in: scratch)
        (whole.work, whole.output) = (scratch.path + "/work1", scratch.path + "/model1")
        #expect(try train(whole) == .finished)
        var pieces = whole
        (pieces.work, pieces.output) = (scratch.path + "/work2", scratch.path + "/model2")
        #expect(try train(pieces, stoppingAfter: ("clip", 4)) == .stopped)
        #expect(try train(pieces) == .finished)
        #expect(losses(pieces) == losses(whole))
        let pair = try CLIPScorer(folder: pieces.output)
        let scene = Scene.random(seed: 1)
        let cosines = pair.cosines(
            [scene.render(size: 16), scene.render(size: 20)], [scene.caption, scene.caption])
        #expect(cosines.allSatisfy { abs($0) <= 1.0001 })
        // The image of another size is the same scene.
        #expect(abs(cosines[0] - cosines[1]) < 0.3)
    }

    @Test("The loss is the cross entropy of the diagonal, and equal captions do not count against each other")
    func loss() {
        let eye = Tensor([1, 0, 0, 0, 1, 0, 0, 0, 1] as [Float], shape: [3, 3])
        let scale = Tensor([0] as [Float], shape: [])
        let apart = CLIPLoss()(eye, eye, logitScale: scale, captions: [0, 1, 2]).item
        #expect(abs(apart - log((exp(1.0) + 2) / exp(1.0))) < 1e-5)
        // Two of three say the same: each of them sees one wrong answer, the third two.
        let alike = CLIPLoss()(eye, eye, logitScale: scale, captions: [0, 0, 1]).item
        let (one, two) = (log((exp(1.0) + 1) / exp(1.0)), log((exp(1.0) + 2) / exp(1.0)))
        #expect(abs(alike - (2 * one + two) / 3) < 1e-5)
    }
}
