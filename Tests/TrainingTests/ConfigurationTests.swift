import Diffusion
import Foundation
import TestSupport
import Testing

@testable import Training

@Suite struct ConfigurationTests {
    /// A judge of a folder's labels with a setting.
    private static func judge(_ setting: String) -> String {
        #"{"kind": "judge", "data": {"source": "folder", "folder": "f"}, "judge": {\#(setting)}}"#
    }

    /// A segmentation with a setting.
    private static func segmentation(_ setting: String) -> String {
        #"{"kind": "clipseg", "clipseg": {\#(setting)}}"#
    }

    /// A model in pixel space with a setting.
    private static func pixels(_ setting: String) -> String {
        #"{"kind": "pixels", "pixels": {\#(setting)}}"#
    }

    func message(_ json: String) -> String {
        do {
            _ = try TrainingConfiguration(json: Data(json.utf8), named: "c.json")
            return "none"
        } catch {
            return "\(error)"
        }
    }

    @Test(
        "What is not JSON, unknown, or of another type is named",
        arguments: [
            ("{", "c.json is not a training configuration: it is not JSON"),
            ("[1]", "it is not a JSON object"),
            (#"{"stepz": 1}"#, #"c.json has an unknown key "stepz"; known there: autoencoder, "#),
            (#"{"diffusion": {"head": [1]}}"#, #"unknown key "diffusion.head"; known there: attention, "#),
            (#"{"data": {"styleWeights": {"oil": 1}}}"#, #"unknown key "data.styleWeights.oil""#),
            (#"{"data": 5}"#, "data is not an object"),
            (#"{"logSteps": "ten"}"#, "logSteps is not a whole number"),
            (#"{"diffusion": {"channels": [8, "x"]}}"#, "diffusion.channels.[1] is not a whole number"),
            (#"{"seed": null}"#, "seed is null where"),
            (#"{"precision": "float8"}"#, "precision = float8: one of float32, bfloat16"),
            (#"{"data": {"source": "foldr"}}"#, "data.source = foldr: one of stillLife, folder"),
            (#"{"kind": "gan"}"#, "kind = gan: one of diffusion, judge, clip"),
            (
                #"{"diffusion": {"prediction": "sample"}}"#,
                "diffusion.prediction = sample: one of epsilon, v_prediction"
            ),
        ])
    func unreadable(json: String, expected: String) {
        let message = message(json)
        #expect(message.contains(expected), "\(message)")
    }

    @Test(
        "Values that training cannot work with are named with what they should be",
        arguments: [
            (#"{"output": ""}"#, "output = : a folder is needed"),
            (#"{"device": "tpu"}"#, "device = tpu: auto, cpu or cuda"),
            (#"{"threads": -1}"#, "threads = -1: at least 0"),
            (#"{"timeLimitMinutes": 1e300}"#, "timeLimitMinutes = 1e+300: 0 to ten million"),
            (#"{"logSteps": 0}"#, "logSteps = 0: at least 1"),
            (#"{"data": {"size": 60}}"#, "data.size = 60: 8 to 4096, and a multiple of 16"),
            (#"{"data": {"size": 0}}"#, "data.size = 0"),
            (
                #"{"data": {"count": 9000000000000000000}}"#,
                "data.count = 9000000000000000000: 1 to a hundred million"
            ),
            (#"{"data": {"heldOut": 0}}"#, "data.heldOut = 0"),
            (#"{"data": {"source": "folder"}}"#, "data.folder = \"\": a folder is needed"),
            (#"{"data": {"objectWeights": [1, 2]}}"#, "data.objectWeights = [1.0, 2.0]: three numbers"),
            (#"{"data": {"styleWeights": {"photo": -1}}}"#, "data.styleWeights = "),
            (#"{"autoencoder": {"channels": []}}"#, "autoencoder.channels = 0: 1 to 8 levels"),
            (
                #"{"autoencoder": {"channels": [30, 64]}}"#,
                "autoencoder.channels = [30, 64]: each a multiple of normGroups = 8"
            ),
            (#"{"autoencoder": {"normGroups": 0}}"#, "each a multiple of normGroups = 0"),
            (#"{"autoencoder": {"cropSize": 4}}"#, "autoencoder.cropSize = 4: a multiple of 4, at least 8"),
            (#"{"autoencoder": {"cropSize": 128}}"#, "at most data.size = 64"),
            (#"{"autoencoder": {"learningRate": 0}}"#, "autoencoder.learningRate = 0.0: more than 0"),
            (#"{"autoencoder": {"klWeight": -1}}"#, "autoencoder.klWeight = -1.0: at least 0"),
            (
                #"{"diffusion": {"heads": [2, 4]}}"#,
                "diffusion.heads = [2, 4]: 3 numbers that divide the channels"
            ),
            (#"{"diffusion": {"heads": [2, 4, 7]}}"#, "diffusion.heads = [2, 4, 7]"),
            (#"{"diffusion": {"attention": [true]}}"#, "diffusion.attention = [true]: 3 values"),
            (#"{"diffusion": {"textWidth": 130}}"#, "diffusion.textWidth = 130: a multiple of textHeads = 4"),
            (#"{"diffusion": {"vocabulary": 100}}"#, "diffusion.vocabulary = 100: at least 514"),
            (#"{"diffusion": {"emptyCaptions": 2}}"#, "diffusion.emptyCaptions = 2.0: 0 to 1"),
            (#"{"diffusion": {"batch": 0}}"#, "diffusion.batch = 0: 1 to a million"),
            (#"{"samples": {"ddimSteps": 1000}}"#, "samples.ddimSteps = 1000: 1 to 999"),
            (judge(#""smallestArea": 0"#), "judge.smallestArea = 0.0: 0.05 to 1"),
            (judge(#""smallestArea": 1.1"#), "judge.smallestArea = 1.1: 0.05 to 1"),
            (judge(#""erased": 1.5"#), "judge.erased = 1.5: 0 to 1"),
            (judge(#""mixing": 2"#), "judge.mixing = 2.0: 0, or 0.01 to 1"),
            (judge(#""mixing": 0.001"#), "judge.mixing = 0.001: 0, or 0.01 to 1"),
            (judge(#""smoothing": 1"#), "judge.smoothing = 1.0: from 0 up to but without 1"),
            (judge(#""dropout": -0.1"#), "judge.dropout = -0.1: from 0 up to but without 1"),
            (judge(#""layersPerLevel": 0"#), "judge.layersPerLevel = 0: at least 1"),
            (judge(#""views": 3"#), "judge.views = 3: 1, 2 or 4"),
            (
                #"{"kind": "clipseg", "data": {"source": "folder", "folder": "f"}}"#,
                "data.source = folder: stillLife for the kind clipseg, whose true masks are the renderer's"
            ),
            (segmentation(#""pair": """#), "clipseg.pair = \"\": the folder of a pair of towers is needed"),
            (segmentation(#""patch": 0"#), "clipseg.patch = 0: at least 1"),
            (segmentation(#""roundTrips": 2"#), "clipseg.roundTrips = 2.0: 0 to 1"),
            (segmentation(#""degraded": -1"#), "clipseg.degraded = -1.0: 0 to 1"),
            (segmentation(#""latentNoise": -1"#), "clipseg.latentNoise = -1.0: at least 0"),
            (segmentation(#""diceWeight": -1"#), "clipseg.diceWeight = -1.0: at least 0"),
            (segmentation(#""kindWeight": -1"#), "clipseg.kindWeight = -1.0: at least 0"),
            (segmentation(#""extractLayers": []"#), "clipseg.extractLayers = []: numbers of layers, from 0"),
            (
                segmentation(#""decoderWidth": 66"#),
                "clipseg.decoderWidth = 66: a multiple of decoderHeads = 4"
            ),
            (segmentation(#""decoderInner": 0"#), "clipseg.decoderInner = 0: at least 1"),
            (segmentation(#""texts": 0"#), "clipseg.texts = 0: 1 to a thousand"),
            (pixels(#""channels": []"#), "pixels.channels = 0: 1 to 8 levels"),
            (pixels(#""attention": [true]"#), "pixels.attention = [true]: 4 values"),
            (
                pixels(#""headChannels": 48"#),
                "pixels.headChannels = 48: a divisor of the channels of levels with attention, [128, 160]"
            ),
            (
                pixels(#""normGroups": 7"#),
                "pixels.channels = [64, 96, 128, 160]: each a multiple of normGroups = 7"
            ),
            (pixels(#""averageDecay": 1"#), "pixels.averageDecay = 1.0: from 0 up to but without 1"),
            (
                #"{"kind": "pixels", "data": {"size": 36}}"#,
                "data.size = 36: 8 to 4096, and a multiple of 8"
            ),
            (
                #"{"kind": "judge", "judge": {"views": 2}}"#,
                "judge.views = 2: 1 for a judge of still lifes"
            ),
            (
                #"{"kind": "judge", "judge": {"layersPerLevel": 2}}"#,
                "judge.layersPerLevel = 2: 1 for a judge of still lifes"
            ),
            (
                #"{"kind": "judge", "judge": {"mixing": 0.5}}"#,
                "judge.mixing = 0.5: 0.0 for a judge of still lifes"
            ),
        ])
    func refused(json: String, expected: String) {
        let message = message(json)
        #expect(message.contains(expected), "\(message)")
    }

    @Test("A missing file is named")
    func missing() {
        #expect(throws: TrainingError.missing(path: "/nowhere/c.json")) {
            try TrainingConfiguration(contentsOf: "/nowhere/c.json")
        }
    }

    @Test("A file changes what it names, and what is written is read back the same")
    func roundTrip() throws {
        let given = #"{"seed": 5, "diffusion": {"steps": 3, "prediction": "v_prediction"}}"#
        let read = try TrainingConfiguration(json: Data(given.utf8), named: "c")
        var expected = TrainingConfiguration()
        expected.seed = 5
        expected.diffusion.steps = 3
        expected.diffusion.prediction = .velocity
        #expect(read == expected)
        #expect(try TrainingConfiguration(json: read.json, named: "c") == read)
    }

    @Test("The configurations that come with the package are good")
    func shipped() throws {
        let folder = Fixtures.package + "/Configurations"
        // Variants for `Scripts/ablate`, which are no configuration.
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            .filter { $0.hasSuffix(".json") && $0 != "ablations.json" }
        #expect(
            names == [
                "clip.json", "clipseg.json", "flowers-128.json", "flowers-clip.json", "flowers-judge.json",
                "flowers.json",
                "judge.json",
                "still-life-128.json", "still-life-pixels.json", "still-life.json", "tiny.json",
            ])
        for name in names {
            let shipped = try TrainingConfiguration(contentsOf: folder + "/" + name)
            #expect(shipped.work.isEmpty && !shipped.output.hasPrefix("/"), "\(name)")
        }
    }
}
