import Diffusion
import Editing
import Foundation
import ImageMetrics
import Imaging
import TestSupport
import Testing

@testable import Benchmarks

/// What contenders are worth, from made-up rows.
@Suite struct BenchmarkSummaryTests {
    private func row(
        _ item: String, _ label: String, _ measures: [String: Double]?, kind: String = "all",
        scene: String? = nil
    ) -> Row {
        var row = Row(
            item: item, candidate: label, status: measures == nil ? .failed : .done,
            reason: measures == nil ? "it fell" : nil, seed: 1, seconds: 2, forwards: 10, backwards: 0,
            scores: Scores(), warnings: [])
        row.measures = measures
        row.facts = ItemFacts(kind: kind, scene: scene ?? item, isDetermined: false, area: 0)
        return row
    }

    // Leaving failures out would give 0.5 and 30; counting them as nought -0.05 for the first and 15 for the second.
    @Test(
        "A failed edit counts as the picture before in what changed, as the worst contender in what stayed"
    )
    func failures() throws {
        let rows = [
            row("1", "nothing", ["direction": 0, "psnr": 100]),
            row("2", "nothing", ["direction": 0, "psnr": 100]),
            row("1", "a", ["direction": 0.5, "psnr": 30]), row("2", "a", nil),
            row("1", "b", ["direction": 0.1, "psnr": 25]), row("2", "b", ["direction": 0.3, "psnr": 21]),
        ]
        let summary = BenchmarkSummary(
            rows, labels: ["nothing", "a", "b"], items: ["1", "2"], seed: 3)
        let first = try #require(summary.contenders.first { $0.label == "a" })
        #expect(first.failed == 1 && first.count == 2)
        #expect(first.measures["direction"]?.value == 0.25 && first.measures["direction"]?.count == 2)
        #expect(first.measures["psnr"]?.value == 25.5)
        #expect(summary.best("direction")?.label == "a" && summary.best("psnr")?.label == "a")
    }

    @Test("Means of kinds weigh kinds alike, and the rows that only stand for comparison win nothing")
    func kinds() throws {
        let rows = [
            row("1", "nothing", ["clip": 9], kind: "x"), row("2", "nothing", ["clip": 9], kind: "x"),
            row("3", "nothing", ["clip": 9], kind: "y"),
            row("1", "a", ["clip": 1], kind: "x"), row("2", "a", ["clip": 1], kind: "x"),
            row("3", "a", ["clip": 4], kind: "y"),
        ]
        let summary = BenchmarkSummary(
            rows, labels: ["nothing", "a"], items: ["1", "2", "3"], seed: 3)
        let found = try #require(summary.contenders.last)
        #expect(found.measures["clip"]?.value == 2)
        #expect(found.kinds["y"]?["clip"] == 4)
        #expect(summary.best("clip")?.label == "a" && summary.comparisons.isEmpty)
    }

    @Test("The best is compared edit by edit; less is better for distances")
    func comparisons() throws {
        var rows: [Row] = []
        for index in 0..<12 {
            let value = Double(index) / 10
            rows.append(row("\(index)", "a", ["lpips.alex": 0.1 + value]))
            rows.append(row("\(index)", "b", ["lpips.alex": 0.3 + value]))
            rows.append(row("\(index)", "c", ["lpips.alex": (index < 6 ? 0.05 : 0.16) + value]))
        }
        let items = (0..<12).map(String.init)
        let summary = BenchmarkSummary(rows, labels: ["a", "b", "c"], items: items, seed: 3)
        #expect(summary.best("lpips.alex")?.label == "a")
        let pair = try #require(summary.comparisons.first { $0.other == "b" })
        #expect(abs(pair.difference.value + 0.2) < 1e-12 && pair.wins == 12 && pair.losses == 0)
        // Twelve pictures: 2 of 4096 signs, twice for two comparisons.
        #expect(abs(pair.p - 4.0 / 4096) < 1e-12)
        let near = try #require(summary.comparisons.first { $0.other == "c" })
        #expect(near.p > 0.05 && near.wins == 6 && near.losses == 6)
        #expect(summary.tied("lpips.alex") == ["a", "c"])
        let spread = 0.055 * (12.0 / 11).squareRoot()
        #expect(abs((near.detectable ?? 0) - 2.8 * spread / 12.0.squareRoot()) < 1e-9)
        #expect(pair.detectable ?? 1 < 1e-9)
    }

    @Test("Edits of one picture are drawn together: intervals are wider than those of edits alone")
    func clusters() throws {
        let alone = (0..<40).map { row("\($0)", "a", ["clip": Double($0 % 2)]) }
        let together = (0..<40).map { row("\($0)", "a", ["clip": Double($0 % 2)], scene: "\($0 % 2)") }
        let widths = [alone, together].map { rows -> Double in
            let summary = BenchmarkSummary(rows, labels: ["a"], items: (0..<40).map(String.init), seed: 3)
            let interval = summary.contenders[0].measures["clip"]
            return (interval?.high ?? 0) - (interval?.low ?? 0)
        }
        #expect(widths[0] < 0.4 && widths[1] == 1)
    }
}

/// Runs of parts, and the files of a report.
@Suite struct BenchmarkRunTests {
    private let candidates = [
        Candidate.nothing, .autoencoder, .method("sdedit", options: ["strength": "0.6"]),
    ]

    /// The folder lives as long as the suite.
    private let made: MadeUp
    private let edits: PublishedEdits

    init() throws {
        made = try MadeUp()
        let lines = (0..<5).map { "p\($0).png,dog,cat,\($0 < 3 ? "near" : "far")" }
        try made.text("image,target,source,kind\n" + lines.joined(separator: "\n") + "\n", "edits.csv")
        for index in 0..<5 { try made.picture("p\(index).png", red: UInt8(40 * index)) }
        edits = try PublishedEdits(.csv, folder: made.folder.path)
    }

    private func run(_ edits: PublishedEdits, _ shard: Shard, into path: String, stopping: Int? = nil)
        async throws
    {
        let plan = StudyPlan(
            worldVersion: 0, edits: edits, model: "toy", modelFingerprint: "0", preset: .paper, steps: 4,
            guidance: nil, inversion: nil, givesMask: false)
        var study = Study(
            plan: plan, count: stopping ?? 5, candidates: candidates,
            template: EditSettings(prompt: "x", source: "x") {
                $0.steps = 4
                $0.preset = .paper
            })
        (study.shard, study.keepsSettings) = (shard, true)
        var folder = try StudyFolder(path, plan: plan)
        let measures = PictureMeasures()
        try await study.run(
            with: Runner(engine: RunnerTests.engine()), into: &folder,
            measuring: { outcome, index in
                let source = try edits.item(index).edit.request.image
                return outcome.image.map {
                    measures(from: source, to: $0, PictureMeasures.Facts(target: "dog")).named
                }
            })
        try folder.arrange(candidates.map(\.label))
    }

    /// The rows of a run as they lie in its file, all seconds nought.
    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: path + "/rows.jsonl", encoding: .utf8)
            .replacing(/"seconds":[^,}]+/, with: "\"seconds\":0")
    }

    @Test(
        "Parts, one of them interrupted, are together what one run leaves: rows and pictures, byte for byte"
    )
    func merge() async throws {
        let place = try Folder()
        try await run(edits, .whole, into: place["whole"])
        try await run(edits, Shard(number: 1, count: 2), into: place["one"], stopping: 2)
        try await run(edits, Shard(number: 1, count: 2), into: place["one"])
        try await run(edits, Shard(number: 2, count: 2), into: place["two"])
        // The second part first: the order is the edits'.
        let rows = try StudyParts.merge([place["two"], place["one"]], into: place["merged"])
        #expect(rows.count == 15 && rows.map(\.index).prefix(4) == [0, 0, 0, 1])
        #expect(try text(place["merged"]) == text(place["whole"]))
        let files = FileManager.default
        let names = try files.subpathsOfDirectory(atPath: place["whole/pictures"]).sorted()
        #expect(try files.subpathsOfDirectory(atPath: place["merged/pictures"]).sorted() == names)
        for name in names where name.hasSuffix(".png") {
            #expect(
                files.contents(atPath: place["merged/pictures/\(name)"])
                    == files.contents(atPath: place["whole/pictures/\(name)"]), "\(name)")
        }
        #expect(
            files.contents(atPath: place["merged/study.json"])
                == files.contents(atPath: place["whole/study.json"]))
    }

    @Test("A row keeps seed and settings, and they make its picture again")
    func again() async throws {
        let place = try Folder()
        try await run(edits, Shard(number: 3, count: 5), into: place["run"])
        let rows = try StudyFolder.readRows(place["run/rows.jsonl"])
        #expect(rows.map(\.index) == [2, 2, 2] && rows[0].settings == nil && rows[1].settings == nil)
        let settings = try #require(rows[2].settings)
        #expect(settings.method == "sdedit" && settings.strength == 0.6 && settings.seed == 1)
        #expect(settings.prompt == "dog" && settings.source == "cat" && settings.steps == 4)
        let image = try edits.item(2).edit.request.image
        let result = try await RunnerTests.engine().edited(EditRequest(settings, image: image))
        let kept = try Image(
            contentsOf: place["run/pictures/sdedit_strength=0.6/\(rows[2].item).png"])
        #expect(kept.pixels == result.image.pixels)
    }

    @Test("What is no part of a run is refused by name")
    func refusals() async throws {
        let place = try Folder()
        try await run(edits, Shard(number: 1, count: 5), into: place["one"])
        try await run(
            try PublishedEdits(.csv, folder: made.folder.path, seed: 9),
            Shard(number: 2, count: 5), into: place["other"])
        #expect(throws: StudyError.noStudy(place["none"])) {
            try StudyParts.merge([place["none"]], into: place["out"])
        }
        #expect(throws: StudyError.otherPlan(place["other"])) {
            try StudyParts.merge([place["one"], place["other"]], into: place["out"])
        }
        #expect(throws: StudyError.occupied(place["one"])) {
            try StudyParts.merge([place["one"]], into: place["one"])
        }
        let path = place["one/rows.jsonl"]
        let changed = try String(contentsOfFile: path, encoding: .utf8).replacing(
            "\"seed\":1", with: "\"seed\":2")
        try FileManager.default.copyItem(atPath: place["one"], toPath: place["twin"])
        try changed.write(toFile: place["twin/rows.jsonl"], atomically: true, encoding: .utf8)
        #expect(throws: StudyError.conflict(item: "0001-p0", candidate: "nothing")) {
            try StudyParts.merge([place["one"], place["twin"]], into: place["out"])
        }
    }

    @Test("The report is one page that fetches nothing, the same numbers as JSON and as tables")
    func outputs() async throws {
        let place = try Folder()
        try await run(edits, .whole, into: place["run"])
        let plan = StudyPlan(
            worldVersion: 0, edits: edits, model: "a <toy>", modelFingerprint: "0", preset: .paper,
            steps: 4,
            guidance: nil, inversion: nil, givesMask: false)
        var rows = try StudyFolder.readRows(place["run/rows.jsonl"])
        rows[2].status = .failed
        rows[2].reason = "no \"picture\", <none>"
        var outputs = BenchmarkOutputs(
            plan: plan, rows: rows, labels: candidates.map(\.label),
            items: try (0..<5).map { try edits.item($0) }, pictures: { _ in Image(width: 4, height: 4) })
        outputs.warnings = ["five edits & no more"]
        outputs.shownCount = 3
        let files = Dictionary(uniqueKeysWithValues: try outputs.files().map { ($0.name, $0.text) })
        let page = try #require(files["report.html"])
        #expect(page.hasPrefix("<!doctype html>") && !page.contains("http"))
        #expect(page.contains("a &lt;toy&gt; (0)") && page.contains("five edits &amp; no more"))
        #expect(
            page.contains("no &quot;picture&quot;, &lt;none&gt;") && page.contains("prefers-color-scheme")
        )
        #expect(page.matches(of: /<article>/).count == 3)
        #expect(page.contains("<mark>dog</mark>") && page.contains("data:image/jpeg;base64,"))
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data((files["report.json"] ?? "").utf8))
                as? [String: Any])
        let summary = try #require(json["summary"] as? [String: Any])
        let contenders = try #require(summary["contenders"] as? [[String: Any]])
        #expect(
            contenders.map { $0["label"] as? String } == [
                "nothing", "autoencoder", "sdedit strength=0.6",
            ])
        #expect(contenders.map { $0["failed"] as? Int } == [0, 0, 1])
        let table = try #require(CommaSeparated.rows(of: files["rows.csv"] ?? ""))
        #expect(table.count == 16 && table[3][3...4] == ["failed", "no \"picture\", <none>"])
        #expect(table[0].suffix(5) == ["mae", "mse", "psnr", "ssim", "ssim.reflected"])
        #expect(files["summary.csv"]?.hasPrefix("contender,measure,mean,low,high,n,") == true)
        #expect(outputs.overall.rows.map { $0.last } == ["0", "0", "1"])
    }

    @Test("Words of the edit that the text before has not are marked")
    func marks() {
        #expect(
            BenchmarkPage.marked("a green <apple>, sliced", against: "a red Apple")
                == "a <mark>green</mark> &lt;apple&gt;, <mark>sliced</mark>")
        #expect(BenchmarkPage.marked("a dog", against: "") == "a dog")
    }
}
