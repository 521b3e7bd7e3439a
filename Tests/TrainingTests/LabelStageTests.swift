import Foundation
import Imaging
import Networks
import Perception
import StillLifeStudy
import Testing

@testable import Training

@Suite(.serialized) struct LabelStageTests {
    /// Squares in one of two colours at one of two heights, on grey.
    func folder(in scratch: Scratch) throws -> String {
        let folder = scratch.path + "/pictures"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var lines = ""
        for index in 0..<48 {
            let (isRed, isHigh) = (index % 2 == 0, index / 2 % 2 == 0)
            var image = Image(width: 32, height: 32, red: 90, green: 90, blue: 90)
            for y in (isHigh ? 3 : 19)..<(isHigh ? 13 : 29) {
                for x in (4 + index % 7)..<(16 + index % 7) {
                    let place = image.offset(x: x, y: y)
                    image.pixels[place] = isRed ? 230 : 20
                    image.pixels[place + 1] = isRed ? 20 : 230
                }
            }
            try image.write(to: "\(folder)/\(index).ppm")
            lines += """
                {"file": "\(index).ppm", "caption": "x", "labels": {"colour": "\(isRed ? "red" : "green")", \
                "height": "\(isHigh ? "high" : "low")"}, "split": "\(index < 36 ? "train" : "held-out")"}

                """
        }
        try scratch.write(lines, to: "pictures/captions.jsonl")
        return folder
    }

    func configuration(_ scratch: Scratch, folder: String) -> TrainingConfiguration {
        var settings = TrainingConfiguration()
        settings.kind = .judge
        settings.output = scratch.path + "/judge"
        settings.work = scratch.path + "/work"
        (settings.device, settings.threads, settings.logSteps) = ("cpu", 1, 10)
        (settings.data.source, settings.data.folder) = (.folder, folder)
        (settings.data.size, settings.data.heldOut) = (32, 12)
        settings.judge.channels = [8, 8, 16, 16]
        (settings.judge.batch, settings.judge.steps, settings.judge.warmup) = (12, 60, 5)
        settings.judge.learningRate = 0.01
        settings.judge.averageDecay = 0.8
        settings.samples.everySteps = 0
        return settings
    }

    /// Fails where a group reads another group's labels, or where the truth of held-out images is shifted.
    @Test("A judge of labels tells them apart on pictures it has not seen, and its folder opens again")
    func learns() throws {
        let scratch = try Scratch()
        let folder = try folder(in: scratch)
        let settings = configuration(scratch, folder: folder)
        #expect(try train(settings) == .finished)
        let judge = try LabelJudge(folder: settings.output)
        #expect(judge.groups.map(\.name) == ["colour", "height"])
        #expect(judge.groups.map(\.labels) == [["green", "red"], ["high", "low"]])
        let seen = judge.labels(of: try (36..<40).map { try Image(contentsOf: "\(folder)/\($0).ppm") })
        #expect(seen.map { $0["colour"]?.name } == ["red", "green", "red", "green"])
        #expect(seen.map { $0["height"]?.name } == ["high", "high", "low", "low"])

        let record = try #require(
            try JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(fileURLWithPath: settings.output + "/training.json")))
                as? [String: Any])
        #expect(
            record["measures"] as? [String: Double] == ["held out: colour": 1, "held out: height": 1])
        #expect(
            record["confusion"] as? [String: [String: [String: Int]]] == [
                "colour": ["red": ["red": 6], "green": ["green": 6]],
                "height": ["high": ["high": 6], "low": ["low": 6]],
            ])
    }

    @Test("A prompt asks for the first label of each group that it names, plurals included")
    func wanted() throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(
            atPath: scratch.path + "/set", withIntermediateDirectories: true)
        var lines = ""
        for (index, label) in ["daisy", "tulip", "rose"].enumerated() {
            try Image(width: 32, height: 32, red: 9).write(to: "\(scratch.path)/set/\(index).ppm")
            lines += #"{"file": "\#(index).ppm", "caption": "x", "labels": {"kind": "\#(label)"}}"# + "\n"
        }
        try scratch.write(lines, to: "set/captions.jsonl")
        var settings = configuration(scratch, folder: scratch.path + "/set")
        (settings.judge.steps, settings.data.heldOut) = (1, 1)
        #expect(try train(settings) == .finished)
        let judge = try LabelJudge(folder: settings.output)
        #expect(judge.wanted(by: "A photo of many Daisies, and a tulip") == ["kind": "daisy"])
        #expect(judge.wanted(by: "tulips") == ["kind": "tulip"])
        #expect(judge.wanted(by: "a tulipwood table") == [:])
    }

    @Test("A folder without labels cannot teach a judge, and says so")
    func withoutLabels() throws {
        let scratch = try Scratch()
        for index in 0..<3 {
            try Image(width: 32, height: 32, red: 9).write(to: "\(scratch.path)/\(index).ppm")
            try scratch.write("a cat", to: "\(index).txt")
        }
        var settings = configuration(scratch, folder: scratch.path)
        settings.data.heldOut = 1
        let error = #expect(throws: TrainingError.self) { try train(settings) }
        #expect(
            error?.description
                == "\(scratch.path) cannot be trained on: no two of its pictures are told apart by "
                + "\"labels\": {\"kind\": \"tulip\"} in captions.jsonl")
        settings.judge.autoencoder = "Models/still-life/vae"
        let refused = #expect(throws: TrainingError.self) { try Trainer(settings) }
        #expect(
            refused?.description
                == "judge.autoencoder = Models/still-life/vae: empty for a judge of a folder's labels, which learns "
                + "from its pictures alone")
    }
}
