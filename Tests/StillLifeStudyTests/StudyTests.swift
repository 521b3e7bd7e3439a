import Diffusion
import Editing
import Foundation
import Imaging
import StillLife
import Synchronization
import TestSupport
import Testing

@testable import Benchmarks
@testable import StillLifeStudy

/// Studies: deterministic items, rows that stay, tables that follow from them.
@Suite struct StudyTests {
    static let edits = StillLifeEdits(
        seed: 5, size: 16, kinds: [.colour, .add, .style, .nothing], choices: SceneChoices(objects: 1...1))

    static func plan(_ model: String = "m") -> StudyPlan<StillLifeEdits> {
        StudyPlan(
            worldVersion: 1, edits: edits, model: model, modelFingerprint: "0", preset: .paper, steps: 2,
            guidance: nil, inversion: nil, givesMask: false)
    }

    static func study(_ count: Int, _ candidates: [Candidate]) -> Study<StillLifeEdits> {
        let template = EditSettings(prompt: "x", source: "x") { $0.steps = 2 }
        return Study(plan: plan(), count: count, candidates: candidates, template: template)
    }

    static func scratch() -> String { NSTemporaryDirectory() + "/study-\(UUID().uuidString)" }

    @Test("Items follow from seed and index alone, and none of their scenes has a seed of training")
    func items() throws {
        let edits = Self.edits
        for index in 0..<6 {
            let (one, two) = (try edits.item(index), try edits.item(index))
            #expect(one.edit == two.edit && one.facts == two.facts)
            #expect(one.facts?.kind == edits.kindNames[index % 4])
            #expect(try #require(UInt64(one.facts?.scene ?? "")) >= 1 << 63)
        }
        #expect(try edits.item(0).edit != edits.item(4).edit)
        let compared = try edits.item(1).edit
        #expect(try edits.item(0).edit.truths.count == 1 && compared.truths.count > 1)
        for truth in compared.truths { #expect(compared.scores(of: truth.image).gain == 1) }
    }

    @Test("What is in the folder is not computed again, a half line is, and another plan is refused")
    func resuming() async throws {
        let path = Self.scratch()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let runner = Runner(engine: Engine(folder: try ModelFolder(path: Fixtures.model("tiny-sd1"))))
        let first = Self.study(2, [.nothing, .method("sdedit")])
        var folder = try StudyFolder(path, plan: Self.plan())
        try await first.run(with: runner, into: &folder)
        #expect(folder.rows.count == 4)
        #expect(folder.rows.allSatisfy { $0.status == .done }, "\(folder.rows.compactMap(\.reason))")

        // The last line is cut in half, as a power cut would.
        let file = path + "/rows.jsonl"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try String(text.dropLast(40)).write(toFile: file, atomically: true, encoding: .utf8)
        var again = try StudyFolder(path, plan: Self.plan())
        #expect(again.rows == Array(folder.rows.prefix(3)))
        var computed: [String] = []
        let second = Self.study(3, [.nothing, .autoencoder, .method("sdedit")])
        try await second.run(
            with: runner, into: &again, tell: { computed.append($0.item + " " + $0.candidate) })
        let names = try (0..<3).map { try Self.edits.item($0).id }
        #expect(
            computed == [
                names[0] + " autoencoder", names[1] + " autoencoder", names[1] + " sdedit",
                names[2] + " nothing",
                names[2] + " autoencoder", names[2] + " sdedit",
            ])
        #expect(again.rows.count == 9)
        #expect(try StudyFolder(path, plan: Self.plan()).rows == again.rows)
        // The result that was lost comes back as it was.
        let (old, new) = (folder.rows[3], again.row(item: names[1], candidate: "sdedit"))
        #expect(old.scores == new?.scores)

        #expect(throws: StudyError.otherPlan(path)) { try StudyFolder(path, plan: Self.plan("other")) }
        let sheet = try second.sheet(from: again, side: 16)
        #expect(sheet.width > 4 * 16 && sheet.height > 3 * 16)
    }

    @Test("A folder with other things in it, and a spoiled line, are refused by name")
    func refusals() throws {
        let path = Self.scratch()
        defer { try? FileManager.default.removeItem(atPath: path) }
        _ = try StudyFolder(path, plan: Self.plan())
        try "{}\n{}\n".write(toFile: path + "/rows.jsonl", atomically: true, encoding: .utf8)
        #expect(throws: StudyError.malformedRow(path: path + "/rows.jsonl", line: 1)) {
            try StudyFolder(path, plan: Self.plan())
        }
        try FileManager.default.removeItem(atPath: path + "/study.json")
        #expect(throws: StudyError.occupied(path)) { try StudyFolder(path, plan: Self.plan()) }
    }

    static func row(
        _ item: Int, _ candidate: String, gain: Double?, kept: Double? = 30, kind: String = "colour",
        area: Double = 0.1, reason: String? = nil
    ) -> Row {
        var scores = Scores()
        if reason == nil {
            (scores.gain, scores.preservation, scores.preservedSimilarity) = (
                gain, kept, kept.map { _ in 0.9 }
            )
        }
        return Row(
            item: "\(item)", candidate: candidate, status: reason == nil ? .done : .failed, reason: reason,
            seed: 1, seconds: 1, forwards: 10, backwards: 0, scores: scores, warnings: [],
            facts: .init(kind: kind, scene: "\(item)", isDetermined: true, area: area))
    }

    @Test("Means are over all edits, and a failed one counts as doing nothing")
    func failuresCount() throws {
        let rows = [
            Self.row(0, "sdedit", gain: 0.8), Self.row(1, "sdedit", gain: 0.4),
            Self.row(2, "sdedit", gain: nil, reason: "too | much"), Self.row(3, "sdedit", gain: 0.4),
        ]
        let report = StudyReport(
            plan: Self.plan(), labels: ["sdedit"], items: ["0", "1", "2", "3"], rows: rows)
        let line = report.overall.rows[0]
        #expect(line[0] == "SDEdit" && line[1] == "0.40" && line[2].hasPrefix("0.40 ["))
        #expect(line[3].hasPrefix("75 % [30, 95]"))
        #expect(line[4].hasPrefix("47.5 ["))
        #expect(line.suffix(2) == ["4", "1"])
        #expect(report.markdown.contains("- SDEdit, 1 of 4: too | much"))
    }

    @Test("An edit shows where it gains more than the autoencoder does by softening")
    func shows() {
        let rows = (0..<4).flatMap { index in
            [
                Self.row(index, "autoencoder", gain: index < 2 ? 0.2 : -0.2),
                Self.row(index, "sdedit", gain: index % 2 == 0 ? 0.1 : 0.3),
            ]
        }
        let report = StudyReport(
            plan: Self.plan(), labels: ["autoencoder", "sdedit"], items: (0..<4).map(String.init), rows: rows)
        #expect(report.overall.rows.map { $0[3] } == ["–", "75 % [30, 95]"])
    }

    @Test("A method that never worked has dashes, not the scores of doing nothing")
    func neverWorked() {
        let rows = (0..<3).map { Self.row($0, "inpaint", gain: nil, reason: "9 channels") }
        let report = StudyReport(plan: Self.plan(), labels: ["inpaint"], items: ["0", "1", "2"], rows: rows)
        #expect(report.overall.rows[0].dropFirst().dropLast(2).allSatisfy { $0 == "–" })
        #expect(report.kinds.rows[0][1] == "–")
        #expect(report.markdown.contains("3 of 3: 9 channels"))
    }

    @Test("Edits that change nothing, or everything, count only where something can be told; n says so")
    func columns() {
        let rows = [
            Self.row(0, "sdedit", gain: 0.5), Self.row(1, "sdedit", gain: nil, kind: "nothing", area: 0),
            Self.row(2, "sdedit", gain: 0.1, kept: nil, kind: "add", area: 1),
        ]
        let report = StudyReport(plan: Self.plan(), labels: [], items: ["0", "1", "2"], rows: rows)
        let line = report.overall.rows[0]
        #expect(line[2].hasPrefix("0.30 [") && line[2].hasSuffix("n = 2"))
        #expect(line[4] == "30.0 [30.0, 30.0], n = 2")
        #expect(report.kinds.header == ["method", "colour (1)", "add (1)"])
        #expect(report.areas.header == ["method", "3 to 20 % (1)", "over 20 % (1)"])
        #expect(report.areas.rows == [["SDEdit", "0.50", "0.10"]])
    }

    @Test("Edits of style stand in the table by kind alone, and a gain below -1 counts as -1")
    func style() {
        let rows = [
            Self.row(0, "sdedit", gain: 0.5), Self.row(1, "sdedit", gain: -7),
            Self.row(2, "sdedit", gain: -3, kept: nil, kind: "style", area: 1),
            Self.row(3, "sdedit", gain: 0.1),
        ]
        let report = StudyReport(
            plan: Self.plan(), labels: [], items: ["0", "1", "2", "3"], rows: rows,
            leftOut: [("multidiffusion", "paints regions, and these edits name none")])
        let line = report.overall.rows[0]
        // The median of 0.5, -1 and 0.1, and their mean.
        #expect(line[1] == "0.10" && line[2].hasPrefix("-0.13 ["), "\(line)")
        #expect(line[9] == "3" && line[10] == "0")
        #expect(report.kinds.header == ["method", "colour (3)", "style (1)"])
        #expect(report.kinds.rows == [["SDEdit", "0.10", "-1.00"]])
        #expect(report.areas.rows == [["SDEdit", "0.10"]])
        let text = report.markdown
        #expect(
            text.contains(
                "It has no lower bound and counts as −1 at least, so that a few results do not decide a mean. "
                    + "Edits of style change every pixel and have gains of another size: they stand in the table by "
                    + "kind alone. Where a prompt"))
        #expect(
            text.contains(
                "everybody's noise has the same seed. MultiDiffusion is left out: it paints regions, and these edits "
                    + "name none.\n"))
        #expect(
            text.contains("preset paper, 2 steps, no mask given, nothing pasted back outside masks."),
            "\(text)")
        #expect(text.contains("The autoencoder alone bounds what a method can preserve.\n"))
        // A study of style alone has nothing else to tell of.
        let alone = StudyReport(plan: Self.plan(), labels: [], items: ["2"], rows: rows)
        #expect(alone.overall.rows[0][1] == "-1.00" && !alone.markdown.contains("by kind alone"))
    }

    @Test("Who never made a picture has no place on the sheet, and nobody's pixels are pasted unless wished")
    func sheetAndPaste() async throws {
        let path = Self.scratch()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let engine = Engine(folder: try ModelFolder(path: Fixtures.model("tiny-sd1")))
        let asked = Mutex<[Paste]>([])
        let runner = Runner(engine: engine) { session, request in
            asked.withLock { $0.append(request.paste) }
            return try session.edit(request)
        }
        let study = Self.study(1, [.nothing, .method("sdedit"), .method("instruct-pix2pix")])
        var folder = try StudyFolder(path, plan: Self.plan())
        try await study.run(with: runner, into: &folder)
        #expect(folder.rows.map(\.status) == [.done, .done, .failed])
        #expect(asked.withLock(\.self) == [.none, .none])
        let only = Self.study(1, [.nothing, .method("sdedit")])
        #expect(try study.sheet(from: folder, side: 16) == only.sheet(from: folder, side: 16))
    }

    @Test("The order of rows changes nothing, and the best is set against the others edit by edit")
    func order() {
        let rows = (0..<8).flatMap { index in
            [
                Self.row(index, "sdedit", gain: 0.1 * Double(index)),
                Self.row(index, "ddim", gain: 0.1 * Double(index) + 0.2),
            ]
        }
        let items = (0..<8).map(String.init)
        let one = StudyReport(plan: Self.plan(), labels: ["sdedit", "ddim"], items: items, rows: rows)
        let two = StudyReport(
            plan: Self.plan(), labels: ["sdedit", "ddim"], items: items, rows: Array(rows.reversed()))
        #expect(one.markdown == two.markdown)
        // All eight differences are equal: 2 of 256 signs are as extreme.
        #expect(
            one.leads?.contains("| SDEdit | 0.20 [0.20, 0.20] | 8 | 0 | 0.008 |") == true,
            "\(one.leads ?? "")")
    }
}
