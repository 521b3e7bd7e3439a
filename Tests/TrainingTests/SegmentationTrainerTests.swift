import Diffusion
import Foundation
import Imaging
import Perception
import Prompts
import StillLife
import StillLifeStudy
import Tensors
import TestSupport
import Testing

@testable import Training

extension TrainingConfiguration {
    /// The smallest segmentation, from a pair in a folder.
    static func tinySegmentation(in folder: String, pair: String) -> TrainingConfiguration {
        var tiny = TrainingConfiguration.tiny(in: folder)
        tiny.kind = .clipseg
        (tiny.clipseg.pair, tiny.clipseg.autoencoder) = (pair, "")
        (tiny.clipseg.patch, tiny.clipseg.extractLayers) = (4, [0])
        (tiny.clipseg.decoderWidth, tiny.clipseg.decoderHeads, tiny.clipseg.decoderInner) = (8, 2, 16)
        (tiny.clipseg.texts, tiny.clipseg.batch) = (2, 4)
        (tiny.clipseg.steps, tiny.clipseg.warmup) = (6, 2)
        return tiny
    }
}

@Suite(.serialized) struct SegmentationTrainerTests {
    /// A pair of towers with patches of 8.
    private func pair(in folder: String) throws -> String {
        let tiny = TrainingConfiguration.tinyPair(in: folder)
        let images = StillLifeImages(section: tiny.data)
        let captions = (0..<24).map(images.captions)
        try CaptionTokens.learned(from: captions, vocabulary: 560, contextLength: 12)
            .write(to: tiny.clip.tokenizer)
        #expect(try train(tiny) == .finished)
        return tiny.output
    }

    @Test("A segmentation's run that was stopped comes to the same bits, and its folder finds things")
    func segmentation() throws {
        let scratch = try Scratch()
        let pair = try pair(in: scratch.path + "/pair")
        let base = TrainingConfiguration.tiny(in: scratch.path + "/base")
        #expect(try train(base) == .finished)
        var whole = TrainingConfiguration.tinySegmentation(in: scratch.path + "/whole", pair: pair)
        whole.clipseg.autoencoder = base.output + "/vae"
        #expect(try train(whole) == .finished)
        var pieces = TrainingConfiguration.tinySegmentation(in: scratch.path + "/pieces", pair: pair)
        pieces.clipseg.autoencoder = base.output + "/vae"
        #expect(try train(pieces, stoppingAfter: ("clipseg", 4)) == .stopped)
        #expect(!FileManager.default.fileExists(atPath: pieces.output))
        #expect(try train(pieces) == .finished)
        #expect(losses(pieces) == losses(whole))
        let file = "/model.safetensors"
        #expect(
            FileManager.default.contents(atPath: whole.output + file)
                == FileManager.default.contents(atPath: pieces.output + file))

        let network = try CLIPSeg(folder: whole.output)
        let image = Scene.random(seed: 1).render(size: 16).tensor()
        #expect(try network.relevance(of: image, to: ["a red apple"]).shape == [1, 16, 16])
        let text = try String(contentsOfFile: whole.output + "/training.json", encoding: .utf8)
        #expect(text.contains("\"round trips\" : {") && !text.contains(scratch.path))
    }

    @Test("A segmentation's loss falls")
    func learns() throws {
        let scratch = try Scratch()
        var tiny = TrainingConfiguration.tinySegmentation(
            in: scratch.path + "/segmentation", pair: try pair(in: scratch.path + "/pair"))
        (tiny.logSteps, tiny.clipseg.steps, tiny.clipseg.batch) = (20, 100, 8)
        (tiny.clipseg.learningRate, tiny.clipseg.degraded) = (5e-3, 0)
        #expect(try train(tiny) == .finished)
        let curve = ProgressLog(path: tiny.work + "/progress.jsonl").lines().map(\.loss)
        let (first, last) = (try #require(curve.first), try #require(curve.last))
        #expect(last < first * 0.85, "\(curve)")
    }

    // Fails for means over blocks of the larger patch in the place of sums.
    @Test("Smaller patches answer to a picture what the pair's answer to it with doubled pixels")
    func smallerPatches() throws {
        let pair = try TowerPair(folder: Fixtures.package + "/Models/still-life-clip")
        let name = "clip.vision_model.embeddings.patch_embedding.weight"
        let small = try pair.value(of: name, in: .zeros([128, 3, 4, 4]))
        let large = try pair.value(of: name, in: .zeros([128, 3, 8, 8]))
        let image = RandomGenerator(seed: 1).normal([1, 3, 16, 16])
        let doubled = image.upsampledNearest(height: 32, width: 32)
        #expect(
            relativeError(
                image.convolved(small, nil, stride: 4), doubled.convolved(large, nil, stride: 8)) < 1e-5)
        let places = "clip.vision_model.embeddings.position_embedding.weight"
        #expect(try pair.value(of: places, in: .zeros([257, 128])).shape == [257, 128])
        let fresh = Tensor.full([3], 2)
        #expect(try pair.value(of: "decoder.film_mul.bias", in: fresh).isEqual(to: fresh))
    }

    // Fails for a Dice term that leaves out texts which nothing shows: its gradient would be 0 there.
    @Test("The loss is the cross-entropy and a share of Dice, by hand")
    func loss() {
        let logits = Tensor([Float(0), 0, 100, -100], shape: [2, 1, 2])
        let truth = Tensor([Float(1), 0, 0, 0], shape: [2, 1, 2])
        let entropy = (Foundation.log(2.0) * 2 + 100) / 4
        // Found 1/2 + 1/2 of a true pixel: (2·1/2 + 1)/(1 + 1 + 1); found one where nothing is: 1/(1 + 0 + 1).
        let dice = ((1 - 2 / 3.0) + (1 - 1 / 2.0)) / 2
        let found = SegmentationLoss(diceWeight: 0.5)(logits, truth).item
        #expect(abs(found - (entropy + 0.5 * dice)) < 1e-5)
    }

    // Fails for a mean over all patches alone, in which what objects show counts for little.
    @Test("What patches show is told from all of them, and once more from what objects cover")
    func patches() {
        let classes = SegmentationImages.classes
        // Two patches: one of the second class, one of the wall; every class is held to be as likely.
        var shares = [Float](repeating: 0, count: classes * 2)
        (shares[2], shares[(classes - 1) * 2 + 1]) = (1, 1)
        let truth = Tensor(shares, shape: [1, classes, 1, 2])
        let found = PatchLoss()(.zeros([1, 2, classes]), truth).item
        #expect(abs(found - 2 * Foundation.log(Double(classes))) < 1e-5)
        var told = [Float](repeating: 0, count: 2 * classes)
        told[1] = 50
        let knowing = PatchLoss()(Tensor(told, shape: [1, 2, classes]), truth).item
        #expect(abs(knowing - Foundation.log(Double(classes)) / 2) < 1e-5)
    }

    @Test("The shares of patches are those of what the renderer shows")
    func shares() throws {
        let scratch = try Scratch()
        let tiny = TrainingConfiguration.tinySegmentation(in: scratch.path, pair: "")
        let images = try SegmentationImages(tiny.data, in: scratch.path, control: TrainingControl())
        let found = images.classShares([2, 4], patch: 4, device: .cpu)
        #expect(found.shape == [2, 18, 4, 4])
        #expect(found.sum([1]).floats.allSatisfy { abs($0 - 1) < 1e-6 })
        let scene = images.scene(4)
        let shown = scene.rendering(size: 16).identities
        let kinds = ObjectKind.allCases.count
        var names: [(class: Int, identity: Int8)] = [(kinds, -1), (kinds + 1, -2)]
        for (index, object) in scene.objects.enumerated() {
            names.append((ObjectKind.allCases.firstIndex(of: object.kind) ?? 0, Int8(index)))
        }
        for name in names {
            let share = found.selected(0, at: 1).selected(0, at: name.class).sum.item * 16
            #expect(abs(share - Double(shown.count { $0 == name.identity })) < 1e-3)
        }
    }

    @Test("Truth follows the renderer and the texts")
    func truth() throws {
        let scratch = try Scratch()
        let tiny = TrainingConfiguration.tinySegmentation(in: scratch.path, pair: "")
        let images = try SegmentationImages(tiny.data, in: scratch.path, control: TrainingControl())
        let texts = [
            [AskedText("it", objects: [0]), AskedText("table", showsTable: true)],
            [AskedText("wall", showsWall: true), AskedText("nothing")],
        ]
        let found = images.truth([3, 5], texts, device: .cpu)
        #expect(found.shape == [4, 16, 16])
        for (row, (index, text)) in zip([3, 3, 5, 5], texts.joined()).enumerated() {
            let mask = text.mask(in: images.scene(index).rendering(size: 16))
            #expect(found.selected(0, at: row).floats == mask.values)
        }
        let held = images.heldOut(2, afterRoundTrip: false)
        #expect(held.map(\.scene) == [images.scene(24), images.scene(25)])
        #expect(held[0].identities == images.scene(24).rendering(size: 16).identities)
    }
}
