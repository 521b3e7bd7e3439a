import ArgumentParser
import Benchmarks
import Editing
import Foundation
import ImageMetrics
import Imaging
import Support

/// `pentimento benchmark pairs`: a page for people who judge.
struct PairsBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pairs",
        abstract:
            "Makes a page on which people say which of two results is better, without knowing whose they are.",
        discussion: """
            pentimento benchmark pairs RUN/ --data PIE/ --count 100 -o PAGE/

            Open PAGE/index.html; keys 1, 2 and 0 vote, and the votes are saved as a file. Hand on everything but key.json, \
            which says whose pictures they are. Every tenth pair comes twice with its sides exchanged, and after every \
            tenth comes one whose worse side is plain to see.
            """)

    @Argument(help: ArgumentHelp("The run's folder.", valueName: "run"))
    var folder: String

    @Option(help: ArgumentHelp("The benchmark's folder.", valueName: "dir"))
    var data: String

    @Option(help: "Pairs at most, those that come twice and checks not counted.")
    var count = 100

    @Option(
        help: ArgumentHelp(
            "Whom to compare, as rows name them; everybody by default.", valueName: "a,b"))
    var contenders: String?

    @Option(help: "What pairs and sides are drawn from.")
    var seed: UInt64 = 1

    @Option(name: .shortAndLong, help: ArgumentHelp("The page's folder, new.", valueName: "dir"))
    var output: String

    func validate() throws {
        if !(1...10_000).contains(count) {
            throw ValidationError("--count is \(count); it must lie in 1...10000")
        }
    }

    func run() throws {
        try Outputs.check(newFolder: output)
        let found = try BenchmarkRun(folder, data: data)
        let wanted = (contenders ?? "").split(separator: ",").map(String.init)
        if let unknown = wanted.first(where: { !found.labels.contains($0) }) {
            throw Failure.usage(
                "\(folder) has no contender \"\(unknown)\"; there are \(found.labels.joined(separator: ", "))"
            )
        }
        let pairs = BlindPairs(found.folder.rows, contenders: wanted, count: count, seed: seed)
        guard !pairs.pairs.isEmpty else { throw VoteError.noPairs(folder) }
        let entries = found.plan.edits.entries
        let places = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.id, $0) })
        let page = VotePage(
            pairs,
            facts: { item in
                let edit = try found.plan.edits.item(places[item] ?? 0).edit.request
                return (edit.image, edit.source, edit.prompt)
            },
            result: { item, label in
                try Image(contentsOf: found.folder.imagePath(item: item, candidate: label))
            })
        try WholeFolder.make(output + "/pictures")
        try page.write(
            { try WholeFile.write($0, to: "\(output)/\($1)") }, { try $0.write(to: "\(output)/\($1)") })
        Terminal.print(
            "\(output)/index.html: \(pairs.pairs.count) pairs; keep \(output)/key.json to yourself")
    }
}

/// `pentimento benchmark votes`: what people's votes say.
struct VotesBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "votes", abstract: "Counts votes on a page of pairs.",
        discussion: """
            pentimento benchmark votes PAGE/key.json votes-a1b2.json votes-c3d4.json

            Shares of wins with Wilson's intervals, strengths after Bradley and Terry (logarithms, 95 % intervals over \
            edits), and how far people agree (Fleiss' kappa). Who fails more than a third of the checks does not count.
            """)

    @Argument(help: ArgumentHelp("The page's key.", valueName: "key.json"))
    var key: String

    @Argument(help: ArgumentHelp("Saved votes.", valueName: "votes"))
    var sheets: [String]

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let report = try VoteReport(
            try Self.read(BlindPairs.self, key), try sheets.map { try Self.read(VoteSheet.self, $0) })
        if json { return Terminal.print(try jsonText(report)) }
        Terminal.print(report.table.plain)
        Terminal.print("")
        Terminal.print(report.meetingTable.plain)
        let kappa =
            report.agreement.map { String(format: "%.2f", $0) } ?? "not told: no pair has two votes"
        Terminal.print("\n\(report.count) votes; agreement (Fleiss' kappa) \(kappa)")
        for voter in report.voters {
            let repeats =
                voter.repeats.of > 0 ? ", \(voter.repeats.right) of \(voter.repeats.of) alike again" : ""
            Terminal.print(
                "\(voter.name): \(voter.votes) votes, \(voter.checks.right) of \(voter.checks.of) checks passed\(repeats)"
                    + (voter.counts ? "" : " – does not count"))
        }
    }

    private static func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure.missing("\(path) does not exist")
        }
        guard let value = try? JSONDecoder().decode(type, from: data) else {
            throw VoteError.malformed(path)
        }
        return value
    }
}
