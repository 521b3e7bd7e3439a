import Foundation
import Layers
import Networks
import Perception
import Tensors
import Testing

@testable import Training

/// What a judge of labels sees of its images, and what it is to answer.
@Suite struct LabelAugmentationTests {
    private func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double) -> Rectangle {
        var rectangle = Rectangle()
        (rectangle.x, rectangle.y, rectangle.width, rectangle.height) = (x, y, width, height)
        return rectangle
    }

    // Fails where pixel centres are not at halves, and where the rows of the mirrored matrix are shifted by one.
    @Test("A crop of a whole image is the image bit for bit, and a mirrored one its mirror image")
    func wholeCrops() {
        let images = RandomGenerator(seed: 3).normal([2, 3, 8, 8])
        let seen = Crops([(Rectangle(), false), (Rectangle(), true)])(images, side: 8)
        #expect(seen.rows(0..<1).isEqual(to: images.rows(0..<1)))
        #expect(seen.rows(1..<2).isEqual(to: images.rows(1..<2).flipped(3)))
    }

    // Fails where rows and columns change places, where corners are aligned (a slope of 3/7), and where all images of a
    // batch have the first one's crop.
    @Test("A crop of a ramp is a ramp of the crop's slope, for each image its own")
    func ramps() {
        let ramp = Tensor((0..<8).map(Float.init), shape: [1, 1, 1, 8]).expanded([2, 1, 8, 8])
        let images = Tensor.concatenated([ramp, ramp.transposed(2, 3)], along: 1)
        let seen = Crops([
            (rectangle(0.25, 0.5, 0.5, 0.25), false), (rectangle(0.5, 0.25, 0.25, 0.5), true),
        ])(images, side: 8)
        func line(_ image: Int, _ channel: Int) -> [Float] {
            let plane = seen.selected(0, at: image).selected(0, at: channel)
            return (channel == 0 ? plane : plane.transposed(0, 1)).selected(0, at: 3).floats
        }
        let (long, short) = ((0..<8).map { 1.75 + 0.5 * Float($0) }, (0..<8).map { 3.625 + 0.25 * Float($0) })
        #expect(line(0, 0) == long && line(0, 1) == short)
        #expect(line(1, 0) == short.reversed() && line(1, 1) == long)
    }

    // Fails for plain bilinear resampling, which looks at two pixels however many become one.
    @Test("Where an image shrinks, each pixel is a mean of all that it stands for")
    func shrinking() {
        let matrix = Crops.resampling([.init(start: 0, length: 1)], from: 8, to: 4, device: .cpu)
        #expect(matrix.shape == [1, 4, 8])
        #expect(matrix.selected(1, at: 1).floats == [0, 0.125, 0.375, 0.375, 0.125, 0, 0, 0])
        #expect(matrix.sum([2]).floats.allSatisfy { abs($0 - 1) < 1e-6 })
    }

    // Fails where both sides are drawn apart from each other, which changes the area, and for crops at corners alone.
    @Test("Random crops lie in the image, keep to their areas and proportions, and differ from one another")
    func randomCrops() {
        var draws = Draws(state: 5)
        let parts = Crops(count: 64, smallestArea: 0.3, draws: &draws).parts
        for (part, _) in parts {
            let (area, aspect) = (part.width * part.height, part.width / part.height)
            #expect(area > 0.3 - 1e-9 && area <= 1 && aspect < 4.0 / 3 + 1e-9 && aspect > 0.75 - 1e-9)
            #expect(part.x >= 0 && part.y >= 0 && part.x + part.width < 1 + 1e-9)
            #expect(part.y + part.height < 1 + 1e-9)
        }
        #expect(Set(parts.map(\.part.x)).count == 64 && Set(parts.map(\.part.y)).count == 64)
        #expect(parts.contains { $0.part.width * $0.part.height < 0.4 })
        #expect((16...48).contains(parts.count(where: \.isMirrored)))
        #expect(Crops(count: 8, smallestArea: 1, draws: &draws).parts.allSatisfy { $0.part == Rectangle() })
    }

    // Fails where the share is that of the image itself, where the other image is the next one, and where an image without
    // a label is told something by the smoothing.
    @Test("Mixed images and their labels have the given shares, and no label counts nothing")
    func mixing() {
        let images = Tensor([0, 4, 8] as [Float], shape: [3, 1, 1, 1]).expanded([3, 1, 2, 2])
        let mixing = Mixing(everywhere: [0.25, 0.5, 0.75])
        #expect(mixing(images).selected(2, at: 0).selected(2, at: 1).floats == [2, 4, 2])
        #expect(mixing.targets([0, nil, 1], of: 2, smoothing: 0) == [0.75, 0.25, 0, 0, 0.75, 0.25])
        #expect(mixing.targets([nil, 1, 0], of: 2, smoothing: 0) == [0.25, 0, 0, 1, 0.25, 0])
        #expect(mixing.targets([0, nil, 1], of: 2, smoothing: 0.5) == [0.625, 0.375, 0, 0, 0.625, 0.375])
        #expect(Mixing(count: 2).targets([1, nil], of: 3, smoothing: 0) == [0, 1, 0, 0, 0, 0])
        #expect(Mixing(count: 3)(images).isEqual(to: images))
    }

    // Fails where rows and columns change places, and where a rectangle's share is not that of its pixels.
    @Test("A rectangle of the other image takes the place of the image's own, and counts by its pixels")
    func pasting() {
        let images = Tensor([0, 8] as [Float], shape: [2, 1, 1, 1]).expanded([2, 1, 4, 4])
        let mixing = Mixing(pasted: [rectangle(0, 0.5, 0.25, 0.6), nil], side: 4)
        #expect(mixing.shares == [0.125, 0])
        let seen = mixing(images)
        #expect(seen.selected(0, at: 0).floats == [0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0, 0])
        #expect(seen.selected(0, at: 1).floats == Array(repeating: 8, count: 16))
        #expect(mixing.targets([0, 1], of: 2, smoothing: 0) == [0.875, 0.125, 0, 1])
    }

    // Fails for the alpha of one parameter only, and for a uniform share.
    @Test("Shares follow the Beta distribution", arguments: [0.2, 1.0])
    func beta(alpha: Double) {
        var draws = Draws(state: 7)
        let values = (0..<4000).map { _ in Mixing.beta(alpha, draws: &draws) }
        let mean = values.reduce(0, +) / 4000
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4000
        #expect(abs(mean - 0.5) < 0.02 && abs(variance - 1 / (4 * (2 * alpha + 1))) < 0.01)
        #expect(values.allSatisfy { (0...1).contains($0) })
    }

    // Fails where a pasted rectangle counts by the share that was drawn, not by its pixels.
    @Test("Random mixing uses both ways, and its shares are those of the pixels")
    func randomMixing() {
        var draws = Draws(state: 9)
        let mixing = Mixing(count: 32, alpha: 1, side: 16, draws: &draws)
        let ramp = Tensor((0..<32).map { $0 < 16 ? 0 : 1 } as [Float], shape: [32, 1, 1, 1])
        let seen = mixing(ramp.expanded([32, 1, 16, 16])).rows(0..<16)
        let found = seen.mean([1, 2, 3]).floats
        #expect(zip(found, mixing.shares).allSatisfy { abs(Double($0) - $1) < 1e-6 })
        let spread = seen.amax([1, 2, 3]) - seen.smallest([1, 2, 3])
        #expect(spread.floats.contains(0) && spread.floats.contains(1))
        #expect(Mixing(count: 4, alpha: 0, side: 16, draws: &draws).shares == [0, 0, 0, 0])
    }

    // Fails where all images of a batch lose the same rectangle, and where channels lose it one by one.
    @Test("A rectangle of each chosen image is grey, the rest as it was")
    func erasing() {
        var draws = Draws(state: 2)
        let images = Tensor.ones([16, 3, 32, 32])
        let seen = Erasing(count: 16, share: 1, draws: &draws)(images)
        let left = seen.mean([1, 2, 3]).floats
        #expect(left.allSatisfy { $0 > 0.7 && $0 < 0.99 } && Set(left).count > 8)
        #expect(Set(seen.floats) == [0, 1])
        #expect(seen.selected(1, at: 0).isEqual(to: seen.selected(1, at: 2)))
        #expect(Erasing(count: 16, share: 0, draws: &draws)(images).isEqual(to: images))
    }
}

/// The same in a stage.
@Suite(.serialized) struct LabelStageAugmentationTests {
    private func stage(_ settings: TrainingConfiguration) throws -> LabelStage {
        let set = try FolderImages(section: settings.data).labelled(
            in: settings.work, control: TrainingControl())
        return try LabelStage(settings, set, device: .cpu, control: TrainingControl())
    }

    private func settings(_ scratch: Scratch) throws -> TrainingConfiguration {
        let tests = LabelStageTests()
        var settings = tests.configuration(scratch, folder: try tests.folder(in: scratch))
        settings.judge.degraded = 0
        try FileManager.default.createDirectory(atPath: settings.work, withIntermediateDirectories: true)
        return settings
    }

    // Fails for one crop and one direction a batch.
    @Test("The same image twice in a batch is seen in two crops; without crops it is seen as it is")
    func crops() throws {
        let scratch = try Scratch()
        var settings = try settings(scratch)
        let seen = try stage(settings).shown([5, 5], step: 3).images
        #expect(!seen.rows(0..<1).isEqual(to: seen.rows(1..<2)))
        settings.judge.smallestArea = 1
        let stage = try stage(settings)
        let whole = stage.shown([5, 5, 5, 5, 5, 5, 5, 5], step: 3).images
        let image = try FolderImages(section: settings.data).labelled(
            in: settings.work, control: TrainingControl()
        ).images.tensor([5], device: .cpu)
        let straight = whole.separateRows.map { $0.isEqual(to: image) }
        let mirrored = whole.separateRows.map { $0.isEqual(to: image.flipped(3)) }
        #expect(zip(straight, mirrored).allSatisfy { $0 != $1 } && Set(straight).count == 2)
    }

    // Fails for a setting that nothing reads.
    @Test("Every setting changes the first step's loss, and the same seed gives the same loss")
    func settingsMatter() throws {
        let scratch = try Scratch()
        let plain = try settings(scratch)
        let loss = try stage(plain).loss(step: 0).item
        #expect(try stage(plain).loss(step: 0).item == loss)
        let changes: [(inout JudgeSection) -> Void] = [
            { $0.smallestArea = 0.2 }, { $0.erased = 1 }, { $0.mixing = 0.8 }, { $0.smoothing = 0.2 },
            { $0.dropout = 0.5 }, { $0.layersPerLevel = 2 },
        ]
        for (index, change) in changes.enumerated() {
            var changed = plain
            change(&changed.judge)
            let other = try stage(changed).loss(step: 0).item
            #expect(other.isFinite && abs(other - loss) > 1e-6, "change \(index): \(other), \(loss)")
        }
        #expect(try stage(plain).settings["judge.layersPerLevel"] == "1")
    }

    // Fails where the setting is the share that stays, and where what stays is not enlarged.
    @Test("Features are left out by chance, and what is left makes up for them")
    func dropout() throws {
        let scratch = try Scratch()
        var settings = try settings(scratch)
        #expect(try stage(settings).dropping(step: 0) == nil)
        settings.judge.dropout = 0.75
        let dropping = try #require(try stage(settings).dropping(step: 0))
        let left = dropping(.ones([8, 2, 64])).floats
        #expect(Set(left) == [0, 4])
        #expect(abs(Double(left.count { $0 == 4 }) / 1024 - 0.25) < 0.06)
    }

    // Fails where the loss is summed up in 16 bits.
    @Test("In 16 bits the network sees 16 bits, and the loss is near that of 32")
    func halfPrecision() throws {
        let scratch = try Scratch()
        var settings = try settings(scratch)
        (settings.judge.mixing, settings.judge.smoothing, settings.judge.dropout) = (0.4, 0.1, 0.3)
        let whole = try stage(settings).loss(step: 1).item
        settings.precision = .bfloat16
        let half = try stage(settings)
        let loss = withGradients { half.loss(step: 1) }
        #expect(half.shown([0, 1], step: 1).images.dtype == .bfloat16 && loss.dtype == .float32)
        #expect(abs(loss.item - whole) < 0.05)
        half.parameters.descend(loss, step: 0, learningRate: 0.01, clip: 1)
        #expect(half.loss(step: 1).isFinite)
    }

    // Fails where the trainer leaves the views out of the folder.
    @Test("A judge's folder has its depth and its views; one without views has one, and no others are known")
    func folder() throws {
        let scratch = try Scratch()
        var settings = try settings(scratch)
        (settings.judge.layersPerLevel, settings.judge.views, settings.judge.steps) = (2, 4, 1)
        #expect(try train(settings) == .finished)
        let path = settings.output + "/config.json"
        let shape = try LabelNetworkConfiguration(contentsOf: path)
        #expect(shape.layersPerLevel == 2 && shape.views == 4)
        #expect(try LabelJudge(folder: settings.output).groups.count == 2)

        let text = try String(contentsOfFile: path, encoding: .utf8)
        let written = "\"views\": 4"
        try #require(text.contains(written))
        try scratch.write(
            text.replacingOccurrences(of: written, with: "\"views\": 3"), to: "judge/config.json")
        let error = #expect(throws: ConfigurationError.self) {
            try LabelNetworkConfiguration(contentsOf: path)
        }
        #expect(
            error?.description == "\(path): views is 3, which is not supported; known here: 1, 2, 4")
        try scratch.write(
            #"{"model_type": "pentimento_labels", "labels": {"colour": ["green", "red"]}}"#,
            to: "judge/config.json")
        #expect(try LabelNetworkConfiguration(contentsOf: path).views == 1)
    }
}
