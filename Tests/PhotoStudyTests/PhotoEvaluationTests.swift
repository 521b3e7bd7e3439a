import Benchmarks
import Diffusion
import Editing
import Foundation
import ImageMetrics
import Imaging
import Layers
import Networks
import Perception
import Tensors
import TestSupport
import Testing

@testable import PhotoStudy

/// The numbers of a model of photos.
@Suite struct PhotoEvaluationTests {
    static func judge() throws -> LabelJudge {
        var shape = LabelNetworkConfiguration()
        (shape.side, shape.channels, shape.normGroups) = (16, [8, 8], 4)
        shape.groups = [
            .init(name: "colour", labels: ["pink", "purple", "red", "white", "yellow"]),
            .init(name: "kind", labels: ["daisy", "rose", "sunflower", "tulip"]),
        ]
        return try withoutGradients {
            LabelJudge(try LabelNetwork(WeightStore(initializing: 1).weights, shape), device: .cpu)
        }
    }

    static func report(judged: Bool) throws -> PhotoEvaluationReport {
        let folder = try PhotoFolder()
        let model = LoadedModel(folder: try ModelFolder(path: Fixtures.model("tiny-sd1")))
        var settings = PhotoEvaluationSettings()
        (settings.pictures, settings.leastPhotos, settings.reconstructions) = (3, 1, 2)
        (settings.colourEdits, settings.kindEdits, settings.steps) = (3, 2, 2)
        (settings.edit.steps, settings.edit.options) = (2, ["noises": "1"])
        return try DiffusionSession(model: model).evaluate(
            settings, photos: try PhotoSet(folder: folder.path), judge: judged ? judge() : nil)
    }

    @Test("Every part is measured as often as was wanted, and read again as it was written")
    func whole() throws {
        let report = try Self.report(judged: true)
        let autoencoder = try #require(report.autoencoder)
        #expect(autoencoder > 0 && autoencoder < 100)
        #expect(report.judge.mapValues(\.right.of) == ["kind": 4, "colour": 4])
        #expect(report.generated.mapValues(\.right.of) == ["kind": 3, "colour": 3])
        // Subjects take turns in the order of their names.
        #expect(report.generated["kind"]?.confusion.keys.sorted() == ["dandelion", "rose"])
        let colours = try #require(report.colourEdits)
        #expect(colours.count == 3 && colours.colour?.of == 3 && colours.truths?.of == 3)
        let kinds = try #require(report.kindEdits)
        #expect(kinds.count == 2 && kinds.kind?.of == 2 && kinds.byPair.count == 2)
        #expect(report.forwards > 0)
        #expect(
            try JSONDecoder().decode(PhotoEvaluationReport.self, from: JSONEncoder().encode(report)) == report
        )
        #expect(try Self.report(judged: true).colourEdits == colours)
    }

    @Test("Without a judge nothing is generated and edits of kind are not asked for")
    func unjudged() throws {
        let report = try Self.report(judged: false)
        #expect(report.judge.isEmpty && report.generated.isEmpty && report.kindEdits == nil)
        #expect(report.autoencoder != nil && report.colourEdits?.count == 3)
        #expect(report.colourEdits?.colour == nil)
    }

    @Test("The report as people read it")
    func text() {
        var settings = PhotoEvaluationSettings()
        (settings.edit.guidance, settings.edit.options) = (5, ["threshold": "0.35", "noises": "16"])
        var report = PhotoEvaluationReport(
            model: "flowers", fingerprint: "abc", photos: "12ef", settings: settings)
        (report.autoencoder, report.forwards, report.seconds) = (28.456, 120, 61.4)
        report.judge["kind"] = .init([
            ("rose", "rose"), ("rose", "tulip"), ("rose", "rose"), ("daisy", "daisy"),
        ])
        report.generated["colour"] = .init([("red", "red"), ("red", "red")])
        report.colourEdits = .init(
            count: 4, medianGain: 0.5, meanGain: Interval(value: 0.25, low: -0.5, high: 0.75, count: 4),
            nearer: Share(right: 3, of: 4), maskOverlap: 0.625, outside: 37.25,
            colour: Share(right: 2, of: 4), before: Share(right: 0, of: 4), truths: nil,
            byColour: ["to red": 0.75, "to pink": 0.25])
        report.kindEdits = .init(
            count: 2, kind: Share(right: 1, of: 2), before: nil, kindAndColour: Share(right: 0, of: 2),
            area: 0.3125, outside: 100, byPair: ["rose to tulip": Share(right: 1, of: 2)])
        #expect(
            "\(report)" == """
                flowers abc
                photos of lists 12ef, seed 1, pictures at 50 DDIM steps and guidance 4.0
                edits by diffedit (the model's own settings), guidance 5.0, noises=16, threshold=0.35
                autoencoder: 28.46 dB on held-out photos
                the judge on held-out photos, kind: 75.0 % (30.1–95.4, 3 of 4)
                  daisy: daisy 1
                  rose: rose 2, tulip 1
                generated, colour: 100.0 % (34.2–100.0, 2 of 2)
                  red: red 2
                4 edits of colour: median gain 0.50, mean 0.25 (-0.50–0.75)
                  nearer to the true result than the photo is: 75.0 % (30.1–95.4, 3 of 4)
                  the mask's overlap with the petals 0.625, outside the petals 37.2 dB
                  colour as asked: 50.0 % (15.0–85.0, 2 of 4)
                  the same of the photos before: 0.0 % (0.0–49.0, 0 of 4)
                  median gain: to pink 0.25, to red 0.75
                2 edits of kind: area 0.312, outside it 100.0 dB
                  kind as asked: 50.0 % (9.5–90.5, 1 of 2)
                  kind and colour as asked: 0.0 % (0.0–65.8, 0 of 2)
                  rose to tulip: 50.0 % (9.5–90.5, 1 of 2)
                120 forward passes, 61 s
                """)
    }

    @Test("A study of photos says what the judge sees of every method, and shows edits without true results")
    func study() async throws {
        let folder = try PhotoFolder()
        let path = folder.path + "/study"
        let plan = StudyPlan(
            worldVersion: 0, edits: PhotoEdits(seed: 1, photos: try PhotoSet(folder: folder.path)),
            model: "m", modelFingerprint: "0", preset: .paper, steps: 2, guidance: nil, inversion: nil,
            givesMask: false)
        let candidates: [Candidate] = [.nothing, .method("sdedit", options: ["strength": "0.5"])]
        let study = Study(
            plan: plan, count: 2, candidates: candidates,
            template: EditSettings(prompt: "x", source: "x") { $0.steps = 2 })
        var rows = try StudyFolder(path, plan: plan)
        let runner = Runner(engine: Engine(folder: try ModelFolder(path: Fixtures.model("tiny-sd1"))))
        let judge = try Self.judge()
        try await study.run(with: runner, into: &rows, judging: { judge.verdict(on: $0, of: $1) })
        #expect(rows.rows.map(\.status) == [.done, .done, .done, .done])
        #expect(
            rows.rows.map { $0.seen?.keys.sorted() } == [
                ["colour edits: colour", "colour edits: kind"],
                ["colour edits: colour", "colour edits: kind"],
                ["kind edits: colour", "kind edits: kind"], ["kind edits: colour", "kind edits: kind"],
            ])
        #expect(try StudyFolder(path, plan: plan).rows == rows.rows)
        let report = StudyReport(
            plan: plan, labels: candidates.map(\.label), items: ["000-purple", "001-daisy"], rows: rows.rows)
        #expect(
            report.sights?.header == [
                "method", "colour edits: colour", "colour edits: kind", "kind edits: colour",
                "kind edits: kind",
            ])
        #expect(report.sights?.rows.map { $0[0] } == ["Do nothing", "SDEdit strength=0.5"])
        #expect(report.markdown.contains("## What the judge sees\n\n| method | colour edits: colour |"))
        #expect(
            report.markdown.hasPrefix(
                "2 edits of held-out photos (lists \(plan.edits.photos.fingerprint), seed 1), none of them used to "
                    + "choose settings; model `m` (0);"))
        let sheet = try study.sheet(from: rows, side: 16)
        #expect(sheet.height > 2 * 16)
    }
}
