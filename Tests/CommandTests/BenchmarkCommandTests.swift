import Foundation
import Imaging
import TestSupport
import Testing

/// Published benchmarks on the command line.
@Suite struct BenchmarkCommandTests {
    /// A table of edits of made-up pictures, and results that somebody else made.
    private func scene() throws -> Folder {
        let folder = try Folder()
        try folder.file(
            "data/edits.csv",
            "image,target,source,kind,mask\na.png,a green apple,a red apple,colour,m.png\nb.png,a red apple,a green apple,colour,\n"
        )
        for (name, shade) in [("a", 200), ("b", 40)] {
            var image = Image(width: 64, height: 64, red: UInt8(shade), green: 90, blue: 60)
            for index in 0..<3000 { image.pixels[index] = UInt8(index * 7 % 251) }
            try image.write(to: folder["data/\(name).png"])
        }
        var mask = Image(width: 64, height: 64)
        for index in 0..<(64 * 32 * 3) { mask.pixels[index] = 255 }
        try mask.write(to: folder["data/m.png"])
        try folder.file("theirs/x", "")
        try Image(width: 32, height: 32, red: 10, green: 200, blue: 10).write(
            to: folder["theirs/0001-a.png"])
        return folder
    }

    private func benchmark(_ arguments: [String], in folder: Folder) throws -> Program.Outcome {
        try Program.run(
            ["benchmark"] + arguments, in: folder,
            environment: [
                "PENTIMENTO_MODELS": Fixtures.package + "/Models", "XDG_CACHE_HOME": folder["cache"],
            ])
    }

    private let shared = [
        "csv", "--data", "data", "--model", Fixtures.model("tiny-sd1"), "--clip", "still-life-clip",
        "--steps", "2",
        "--methods", "sdedit", "--threads", "1",
    ]

    @Test("Parts, merged, make a report with everybody's results, and one result can be made again")
    func parts() throws {
        let folder = try scene()
        let arguments = shared + ["--results", "theirs=theirs"]
        for part in ["1/2", "2/2"] {
            let outcome = try benchmark(
                arguments + ["--shard", part, "-o", "run-\(part.prefix(1))"], in: folder)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(
                outcome.output.contains("1 edits (part \(part)), 4 contenders, 4 results computed now"))
        }
        let again = try benchmark(arguments + ["--shard", "1/2", "-o", "run-1"], in: folder)
        #expect(again.output.contains("0 results computed now"), "\(again.errors)")
        let merged = try benchmark(
            ["merge", "run-2", "run-1", "--data", "data", "-o", "run"], in: folder)
        #expect(merged.status == 0 && merged.output == "run: 8 results of 2 runs\n", "\(merged.errors)")
        let names = [
            "report.html", "report.json", "rows.csv", "summary.csv", "rows.jsonl", "study.json",
        ]
        for name in names {
            #expect(FileManager.default.fileExists(atPath: folder["run/\(name)"]), "\(name)")
        }
        let page = try String(contentsOfFile: folder["run/report.html"], encoding: .utf8)
        #expect(page.contains("theirs") && page.contains("has no result of 0002-b"))
        // Which networks measured is kept by the parts.
        #expect(page.contains("lpips.alex: lpips-alex (") && page.contains("clip: still-life-clip ("))
        let rows = try String(contentsOfFile: folder["run/rows.jsonl"], encoding: .utf8).split(
            separator: "\n")
        #expect(rows.count == 8 && rows[3].contains("\"candidate\"") == false)
        #expect(rows[2].contains("\"direction\":") && rows[2].contains("\"lpips.alex\":"))
        #expect(rows[2].contains("\"psnr.kept\":") && !rows[6].contains("\"psnr.kept\":"))
        #expect(rows[2].contains("\"method\":\"sdedit\"") && rows[2].contains("\"seed\":1"))
        let repeated = try benchmark(
            [
                "again", "run", "0002-b", "sdedit", "--data", "data", "--model", Fixtures.model("tiny-sd1"),
                "--threads", "1", "-o", "again.png",
            ], in: folder)
        #expect(repeated.status == 0, "\(repeated.errors)")
        #expect(repeated.output == "again.png: the same picture as run/pictures/sdedit/0002-b.png\n")
        let pairs = try benchmark(
            ["pairs", "run", "--data", "data", "--count", "5", "-o", "page"], in: folder)
        #expect(
            pairs.output == "page/index.html: 1 pairs; keep page/key.json to yourself\n",
            "\(pairs.errors)")
        let key = try String(contentsOfFile: folder["page/key.json"], encoding: .utf8)
        let name = try #require(key.firstMatch(of: /"page" : "(\w+)"/)?.1)
        try folder.file(
            "votes.json", #"{"page": "\#(name)", "voter": "x", "votes": {"p0001": "left"}}"#)
        let votes = try benchmark(["votes", "page/key.json", "votes.json"], in: folder)
        #expect(votes.output.contains("1 votes; agreement (Fleiss' kappa) not told"), "\(votes.errors)")
    }

    @Test("Pictures made elsewhere are measured without computing any")
    func foreign() throws {
        let folder = try scene()
        let outcome = try benchmark(
            [
                "csv", "--data", "data", "--model", Fixtures.model("tiny-sd1"), "--clip", "still-life-clip",
                "--results", "theirs=theirs", "-o", "run",
            ], in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("2 edits, 2 contenders, 4 results computed now"))
        let report = try Program.run(["benchmark", "report", "run", "--data", "data"], in: folder)
        #expect(report.output.contains("theirs"), "\(report.errors)")
    }

    @Test(
        "What makes no sense is refused in one line before anything is computed",
        arguments: [
            (["csv", "-o", "r"], 64, "--data"),
            (["tedbench", "--data", "data", "-o", "r"], 66, "input_list.json"),
            (["csv", "--data", "data", "--shard", "3/2", "-o", "r"], 64, "2/8"),
            (["csv", "--data", "data", "--items", "9", "-o", "r"], 64, "has 2 edits, and 9 are wanted"),
            (["csv", "--data", "data", "--results", "x", "-o", "r"], 64, "name=dir"),
            (["csv", "--data", "data", "--results", "nothing=theirs", "-o", "r"], 64, "every table has"),
            (["csv", "--data", "data", "--results", "x=none", "-o", "r"], 66, "none is no folder"),
            (["regions", "--data", "data", "-o", "r"], 64, "not for regions"),
            (["merge", "data", "-o", "r"], 65, "holds no study"),
            (["report", "theirs", "--data", "data"], 65, "holds no study"),
            (["votes", "data/edits.csv", "data/edits.csv"], 65, "holds no votes"),
            (["tedbnch", "--data", "data", "-o", "r"], 64, "tedbnch"),
        ] as [([String], Int32, String)])
    func refusals(arguments: [String], status: Int32, mention: String) throws {
        let outcome = try benchmark(arguments, in: try scene())
        #expect(
            outcome.status == status && outcome.errorLines.count == 1,
            "\(outcome.status) \(outcome.errors)")
        #expect(outcome.errors.contains(mention), "\(outcome.errors)")
    }
}
