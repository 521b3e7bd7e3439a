import ArgumentParser

/// `pentimento benchmark`: methods on sets of edits, and what comes of the results.
struct BenchmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Measures methods on published benchmarks, or by regions on 61 still lifes.",
        discussion: """
            pentimento benchmark pie-bench --data PIE/ --methods ddim,p2p --model MODEL -o RUN/
            pentimento benchmark regions --model still-life --methods multidiffusion -o build/regions

            A name runs a benchmark (see `pentimento benchmark run --help`); the other words work with its folder.
            """,
        subcommands: [
            RunBenchmark.self, MergeBenchmark.self, ReportBenchmark.self, AgainBenchmark.self,
            PairsBenchmark.self, VotesBenchmark.self,
        ], defaultSubcommand: RunBenchmark.self)
}
