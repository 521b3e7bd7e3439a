import Editing
import ImageMetrics
import Testing

@testable import Benchmarks

/// Contenders at several values, methods in a table, and numbers of papers.
@Suite struct TaxonomyTests {
    @Test("A sweep is one contender a value; values that cannot be are refused before anything runs")
    func sweep() throws {
        let found = try Candidate.swept("sdedit.strength=0.3,0.5,0.7")
        #expect(found.map(\.label) == ["sdedit strength=0.3", "sdedit strength=0.5", "sdedit strength=0.7"])
        #expect(try Candidate.swept("diffedit.threshold=0.2").map(\.label) == ["diffedit threshold=0.2"])
        for text in ["sdedit", "sdedit.strength", "sdedit.strength=", "strength=1", "sdedit.strength=0.3,,1"]
        {
            #expect(throws: EditingError.self, "\(text)") { try Candidate.swept(text) }
        }
        #expect(throws: EditingError.self) { try Candidate.swept("sdedit.strength=2") }
        #expect(throws: EditingError.self) { try Candidate.swept("diffedit.nois=2") }
    }

    @Test("The table has a line for every method, made of its description alone")
    func table() throws {
        let methods = Registry.all.map { $0.description }
        let table = Taxonomy.table(methods)
        #expect(table.rows.count == methods.count)
        #expect(table.rows.allSatisfy { $0.count == table.header.count })
        let years = table.rows.compactMap { Int($0[1]) }
        #expect(years == years.sorted())
        let diffedit = try #require(table.rows.first { $0[0].contains("`diffedit`") })
        let description = try Registry.method(named: "diffedit").description
        #expect(diffedit[9] == "\(description.standard.steps)" && diffedit[1] == "\(description.year)")
        var changed = description
        changed.needs.tuning = true
        changed.needs.source = .required
        changed.needs.clip = true
        changed.needs.sampling = false
        let row = Taxonomy.table([changed]).rows[0]
        #expect(row[2] == "must" && row[6] == "yes" && row[8] == "CLIP" && row[9] == "–")
    }

    @Test("Published numbers have a value for every column, and methods of one name a curve")
    func published() {
        for benchmark in PublishedBenchmark.allCases {
            guard let table = benchmark.published else { continue }
            #expect(table.rows.allSatisfy { $0.values.count == table.columns.count }, "\(benchmark)")
        }
        #expect(
            PublishedBenchmark.tedbench.published?.rows.map(\.method) == ["Plug-and-Play", "HiPer", "Imagic"])
        func contender(_ label: String, _ value: Double) -> BenchmarkSummary.Contender {
            let interval = Interval(value: value, low: value, high: value, count: 3)
            return BenchmarkSummary.Contender(
                label: label, title: label, measures: ["psnr": interval, "clip": interval], macro: [:],
                kinds: [:], seconds: 1, forwards: 1, backwards: 0, count: 3, failed: 0)
        }
        let alone = BenchmarkSummary(
            contenders: [contender("a", 1), contender("b", 2)], comparisons: [])
        #expect(!BenchmarkPlot(alone).svg.contains("polyline"))
        let swept = BenchmarkSummary(
            contenders: [contender("a", 1), contender("b x=1", 2), contender("b x=2", 3)], comparisons: [])
        #expect(BenchmarkPlot(swept).svg.matches(of: /<polyline class="curve"/).count == 1)
        #expect(BenchmarkPlot.apart([40, 10, 12, 60]) == [40, 10, 25, 60])
        var page = BenchmarkPage(title: "t", summary: swept)
        page.published = PublishedBenchmark.tedbench.published
        #expect(page.html.contains("What papers report") && page.html.contains("<td>0.2245</td>"))
    }
}
