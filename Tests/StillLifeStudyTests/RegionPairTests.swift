import Diffusion
import Editing
import Foundation
import ImageMetrics
import Imaging
import StillLife
import TestSupport
import Testing

@testable import Benchmarks
@testable import StillLifeStudy

/// The region benchmark: its pairs, what is measured of results, and a run of it.
@Suite struct RegionPairTests {
    static let pairs = RegionPairs()

    @Test("There are 25 additions, 24 removals and 12 changes, in any first part each kind has its share")
    func counts() {
        let kinds = RegionPairs.order.map(\.kind)
        #expect(kinds.count == 61 && RegionPairs.count == 61)
        #expect(
            Dictionary(grouping: kinds, by: \.self).mapValues(\.count)
                == ["addition": 25, "removal": 24, "attribute": 12])
        #expect(Set(kinds.prefix(5)).count == 3)
        #expect(Set(RegionPairs.order.map { "\($0)" }).count == 61)
        #expect(
            Self.pairs.introduction(count: 61)
                == "61 pairs of region lists over still lifes of 64×64 pixels (seed 1): 25 of kind addition, "
                + "24 of kind removal, 12 of kind attribute")
    }

    @Test("Every pair has a true answer, boxes that hold what they name, and follows from seed and index")
    func pairs() throws {
        var names: Set<String> = []
        for index in 0..<RegionPairs.count {
            let pair = try Self.pairs.pair(index)
            names.insert(pair.id)
            #expect(try #require(UInt64(pair.scene)) >= 1 << 63)
            let roles = pair.file.regions.map(\.role)
            #expect(roles.first == .background && roles.count { $0 == .inherent } == pair.inherent.count)
            let last = try #require(pair.file.regions.last)
            let rendering = pair.pair.source.rendering(size: 64)
            // What changes of objects lies in the box of the edit.
            for mask in [pair.pair.objectBefore, pair.pair.objectAfter] {
                for (place, value) in mask.values.enumerated() where value > 0 {
                    #expect(pair.changed.holds(place % 64, place / 64))
                }
            }
            switch pair.pair.edit {
            case .add(let object): #expect(last.role == .added && last.prompt == object.phrase)
            case .remove(let object):
                #expect(last.role == .removed && last.prompt == pair.pair.source.objects[object].phrase)
            default: #expect(last.role == .edited && last.target != nil && last.target != last.prompt)
            }
            for (record, object) in zip(pair.file.regions.dropFirst(), pair.inherentObjects) {
                #expect(record.prompt == object.phrase && record.words.first == object.kind.rawValue)
                #expect(
                    !rendering.mask(of: try #require(pair.pair.source.objects.firstIndex(of: object)))
                        .values.enumerated().contains { place, value in
                            value > 0 && !pair.inherent.contains { $0.holds(place % 64, place / 64) }
                        })
            }
            #expect(pair.inherent.allSatisfy { $0.overlap(with: pair.changed) <= 0.1 })
        }
        #expect(names.count == 61)
        #expect(try Self.pairs.pair(7) == Self.pairs.pair(7))
        #expect(try Self.pairs.pair(7) != RegionPairs(seed: 2).pair(7))
    }

    @Test("Region files have the keys of region files, and methods are asked by them; one by its own region")
    func files() throws {
        let pair = try Self.pairs.pair(0)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(pair.file.json.utf8)) as? [String: Any])
        #expect(object.keys.sorted() == ["prompt", "regions"])
        let records = try #require(object["regions"] as? [[String: Any]])
        let known: Set = ["id", "box", "prompt", "target", "role", "words", "feather", "seed"]
        #expect(records.allSatisfy { known.isSuperset(of: $0.keys) && ($0["box"] as? [Double])?.count == 4 })
        let item = try Self.pairs.item(0)
        #expect(item.edit.request.regions.count == pair.file.regions.count)
        let own = try #require(item.edit.ownRegions["multidiffusion"])
        #expect(own.count == 1)
        #expect(own[0].prompt.hasSuffix("in front of \(pair.pair.source.wall.phrases[0])"))
    }

    @Test("Areas of similarity are what their names say")
    func areas() throws {
        let pair = try Self.pairs.pair(1)
        let areas = Dictionary(uniqueKeysWithValues: pair.areas.map { ($0.name, $0.area) })
        let edited = try #require(areas["edited"])
        #expect(edited.count == pair.changed.width * pair.changed.height)
        #expect(areas["outside"] == edited.complement && areas["entire"]?.share == 1)
        let both = zip(try #require(areas["inherent"]).values, edited.values)
        #expect(both.contains { $0.0 } && !both.contains { $0.0 && $0.1 })
        let border = try #require(areas["border"])
        let (x, y) = (pair.changed.x, pair.changed.y + pair.changed.height / 2)
        #expect(border.values[y * 64 + x] && border.values[y * 64 + x + 1] && !border.values[y * 64 + x + 2])
    }

    @Test("The true answer gains all and leaves all as it was outside; the judge sees what was seen")
    func measures() throws {
        for index in 0..<5 {
            let (pair, item) = (try Self.pairs.pair(index), try Self.pairs.item(index))
            #expect(item.edit.scores(of: pair.pair.targetImage).gain == 1)
            let measures = try RegionMeasures(of: Self.pairs, judge: nil, towers: nil)(
                pair.pair.sourceImage, index: index)
            #expect(measures.values.allSatisfy { $0 == 1 } && measures["ssim.entire"] == 1)
            #expect(measures["clip"] == nil && measures["edit.seen"] == nil)
            func seen(_ scene: Scene) -> ImageAttributes {
                ImageAttributes(
                    objects: scene.objects.map {
                        .init(
                            kind: $0.kind, colour: $0.colour, surface: $0.surface, state: $0.state,
                            probability: 1, colourProbability: 1)
                    }, count: scene.objects.count, table: scene.table, wall: scene.wall, style: scene.style,
                    probabilities: [:])
            }
            #expect(RegionMeasures.shows(seen(pair.pair.target), pair.pair))
            #expect(!RegionMeasures.shows(seen(pair.pair.source), pair.pair))
        }
    }

    @Test("A run keeps its measures, goes on where it stopped, and tells them with intervals")
    func run() async throws {
        let path = NSTemporaryDirectory() + "/regions-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let pairs = RegionPairs(size: 32)
        let runner = Runner(engine: Engine(folder: try ModelFolder(path: Fixtures.model("tiny-sd1"))))
        let plan = StudyPlan(
            worldVersion: 1, edits: pairs, model: "m", modelFingerprint: "0", preset: .paper, steps: 2,
            guidance: nil, inversion: nil, givesMask: false)
        let template = EditSettings(prompt: "x", source: "x") { $0.steps = 2 }
        let candidates: [Candidate] = [.nothing, .method("multidiffusion")]
        let study = Study(plan: plan, count: 2, candidates: candidates, template: template)
        let measures = RegionMeasures(of: pairs, judge: nil, towers: nil)
        var folder = try StudyFolder(path, plan: plan)
        try await study.run(
            with: runner, into: &folder,
            measuring: { outcome, index in try outcome.image.map { try measures($0, index: index) } })
        #expect(
            folder.rows.map(\.status) == [.done, .done, .done, .done], "\(folder.rows.compactMap(\.reason))")
        #expect(folder.rows[0].measures?["ssim.entire"] == 1)
        let painted = try #require(folder.rows[1].measures)
        #expect((painted["ssim.edited"] ?? 1) < 1)
        var again = try StudyFolder(path, plan: plan)
        try await study.run(
            with: runner, into: &again,
            measuring: { _, _ in
                Issue.record("computed again"); return nil
            })
        #expect(again.rows == folder.rows)
        let report = RegionReport(
            pairs: pairs, labels: candidates.map(\.label), items: try (0..<2).map { try pairs.item($0).id },
            rows: folder.rows, model: "m")
        #expect(report.overall.rows.map { $0[0] } == ["Do nothing", "MultiDiffusion"])
        #expect(report.overall.rows[0][2] == "1.000 [1.000, 1.000]" && report.overall.rows[0][1] == "–")
        #expect(report.markdown.contains("## Kind addition") && report.markdown.contains("SSIM-e"))
    }
}
