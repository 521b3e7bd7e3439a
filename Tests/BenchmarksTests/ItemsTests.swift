import Benchmarks
import Diffusion
import Editing
import Foundation
import Imaging
import TestSupport
import Testing

/// A benchmark of photos whose true results nobody knows.
private struct Photos: BenchmarkItems {
    var seed: UInt64
    var kindNames: [String] { [] }
    var kindApart: String? { nil }
    var answersNote: String { "" }

    func introduction(count: Int) -> String { "\(count) photos" }

    func item(_ index: Int) -> BenchmarkItem {
        var image = Image(width: 16, height: 16)
        for pixel in image.pixels.indices { image.pixels[pixel] = UInt8((pixel * 7 + index * 31) % 256) }
        let mask = Mask(width: 16, height: 16, values: (0..<256).map { $0 % 16 < 8 ? 1 : 0 })
        let request = EditRequest(image: image, prompt: "a pear", source: "an apple", mask: mask) {
            $0.seed = seed + UInt64(index)
        }
        return BenchmarkItem(edit: ComparedEdit(id: "photo-\(index)", request: request))
    }
}

/// Benchmarks of any items: what the world of still lifes knows is not asked of them.
@Suite struct ItemsTests {
    @Test("Items without right answers are compared, reported by what can be told, and read again")
    func photos() async throws {
        let path = NSTemporaryDirectory() + "/study-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let plan = StudyPlan(
            worldVersion: 0, edits: Photos(seed: 3), model: "m", modelFingerprint: "0", preset: .paper,
            steps: 2,
            guidance: nil, inversion: nil, givesMask: true)
        let candidates = [Candidate.nothing, .method("sdedit")]
        let study = Study(
            plan: plan, count: 2, candidates: candidates,
            template: EditSettings(prompt: "x", source: "x") { $0.steps = 2 })
        var folder = try StudyFolder(path, plan: plan)
        let runner = Runner(engine: Engine(folder: try ModelFolder(path: Fixtures.model("tiny-sd1"))))
        try await study.run(with: runner, into: &folder)
        #expect(folder.rows.map(\.item) == ["photo-0", "photo-0", "photo-1", "photo-1"])
        #expect(folder.rows.map(\.seed) == [3, 3, 4, 4])
        // The half that was given as mask is what may change; the study asks for no paste.
        #expect(folder.rows.map(\.scores.areaFrom) == [.given, .given, .given, .given])
        #expect(folder.rows.map(\.scores.area) == [0.5, 0.5, 0.5, 0.5])
        #expect(folder.rows.allSatisfy { $0.facts == nil && $0.scores.gain == nil })
        let report = StudyReport(
            plan: plan, labels: candidates.map(\.label), items: ["photo-0", "photo-1"], rows: folder.rows)
        #expect(
            report.markdown.hasPrefix("2 photos; model `m` (0); preset paper, 2 steps, the true mask given, ")
        )
        #expect(report.overall.rows.map { $0[1] } == ["–", "–"])
        #expect(report.overall.rows.map { $0[4].prefix(5) }[0] == "100.0")
        #expect(try StudyFolder(path, plan: plan).rows == folder.rows)
    }
}
