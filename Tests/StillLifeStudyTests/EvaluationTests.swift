import Diffusion
import Editing
import Foundation
import ImageMetrics
import Imaging
import Layers
import Networks
import Perception
import StillLife
import StillLifeStudy
import Tensors
import TestSupport
import Testing

@testable import StillLifeStudy

@Suite struct EvaluationTests {
    static func report(rows: Int, judged: Bool = true, paired: Bool = false) throws -> EvaluationReport {
        let model = LoadedModel(folder: try ModelFolder(path: Fixtures.model("tiny-sd1")))
        var settings = EvaluationSettings()
        (settings.singles, settings.pairs, settings.steps) = (3, 2, 2)
        (settings.reconstructions, settings.inversions, settings.maps, settings.edits) = (3, 2, 2, 2)
        var shape = AttributeNetworkConfiguration.stillLife(side: 16)
        (shape.channels, shape.normGroups) = ([4, 8, 8, 8], 2)
        return try withoutGradients {
            let judge = try Judge(
                AttributeNetwork(WeightStore(initializing: 1).weights, shape), device: .cpu)
            let session = DiffusionSession(model: model, limits: BatchLimits(rows: rows))
            return try session.evaluate(
                settings, judge: judged ? judge : nil,
                pair: paired ? try CLIPScorer(folder: Fixtures.package + "/Models/still-life-clip") : nil)
        }
    }

    @Test("Every part is measured, and asked as often as was wanted")
    func whole() throws {
        let report = try Self.report(rows: 32, paired: true)
        #expect(report.generated["one object: kind"]?.of == 3)
        #expect(report.generated["two objects: both kinds and colours"]?.of == 2)
        #expect(report.generated["table"]?.of == 5)
        #expect(report.judge["round trips"]?["table"]?.of == 3)
        // True renders fit their captions; what a random network generates fits none better than another.
        let cosines = try #require(report.cosines)
        #expect(cosines.renders > cosines.generated + 0.2)
        #expect(abs(cosines.generated - cosines.mismatched) < 0.1)
        #expect(report.masks.map(\.threshold) == [0.5, 0.25] && report.masks.allSatisfy { $0.edits == 2 })
        let autoencoder = try #require(report.autoencoder)
        #expect(autoencoder > 0 && autoencoder < 100)
        let inversion = try #require(report.inversion)
        #expect(inversion.ceiling > 0 && inversion.decibels > 0)
        #expect(report.forwards > 0)
        #expect(try JSONDecoder().decode(EvaluationReport.self, from: JSONEncoder().encode(report)) == report)
        #expect("\(report)".contains("autoencoder: "))
    }

    @Test("How many pictures share a pass changes no number")
    func batches() throws {
        let (one, many) = (try Self.report(rows: 1), try Self.report(rows: 32))
        #expect(one.generated == many.generated && one.judge == many.judge)
        #expect(abs((one.inversion?.decibels ?? 0) - (many.inversion?.decibels ?? 1)) < 0.01)
        #expect(one.masks.map(\.area) == many.masks.map(\.area))
    }

    @Test("Without a judge pictures are not judged, and the rest is measured")
    func unjudged() throws {
        let report = try Self.report(rows: 32, judged: false)
        #expect(report.generated.isEmpty && report.judge.isEmpty && report.autoencoder != nil)
    }
}
