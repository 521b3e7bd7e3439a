import ArgumentParser
import Benchmarks
import Diffusion
import Editing
import Foundation
import Imaging
import Logging
import Service
import Support

/// The folder of a benchmark's run, read again.
struct BenchmarkRun {
    let plan: StudyPlan<PublishedEdits>
    let folder: StudyFolder

    /// Reads a run, and the edits that it was about from the benchmark's folder.
    init(_ path: String, data: String) throws {
        guard let text = FileManager.default.contents(atPath: path + "/study.json") else {
            throw StudyError.noStudy(path)
        }
        guard var plan = try? JSONDecoder().decode(StudyPlan<PublishedEdits>.self, from: text) else {
            throw Failure.badInput("\(path)/study.json is of another study, not of a published benchmark")
        }
        plan.edits = try plan.edits.reading(data)
        self.plan = plan
        folder = try StudyFolder(path, plan: plan)
    }

    /// The contenders, in the order of the rows.
    var labels: [String] {
        var seen: Set<String> = []
        return folder.rows.map(\.candidate).filter { seen.insert($0).inserted }
    }

    /// The edits that have rows.
    func items() throws -> [BenchmarkItem] {
        let indices = Set(folder.rows.compactMap(\.index))
        return try indices.sorted().map { try plan.edits.item($0) }
    }
}

/// `pentimento benchmark merge`: runs of parts as one.
struct MergeBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Puts runs of parts (--shard) together, as if one run had made them.",
        discussion: """
            pentimento benchmark merge RUN-1/ RUN-2/ --data PIE/ -o RUN/
            """)

    @Argument(help: ArgumentHelp("The runs' folders.", valueName: "run"))
    var runs: [String]

    @Option(help: ArgumentHelp("The benchmark's folder, for the report.", valueName: "dir"))
    var data: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("A new folder.", valueName: "dir"))
    var output: String

    @OptionGroup var speech: SpeechOptions

    func run() throws {
        try Outputs.check(folder: output)
        let rows = try StudyParts.merge(runs, into: output)
        let kept = runs.lazy.compactMap {
            FileManager.default.contents(atPath: "\($0)/\(BenchmarkFolderReport.networkFile)")
        }.first
        if let kept { try WholeFile.write(kept, to: "\(output)/\(BenchmarkFolderReport.networkFile)") }
        if let data {
            let run = try BenchmarkRun(output, data: data)
            _ = try BenchmarkFolderReport().write(
                run.folder, plan: run.plan, labels: run.labels, items: try run.items())
        }
        guard !speech.quiet else { return }
        Terminal.print("\(output): \(rows.count) results of \(runs.count) runs")
    }
}

/// `pentimento benchmark report`: the page of a run.
struct ReportBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Writes the page, JSON and tables of a run anew, from its rows.",
        discussion: """
            pentimento benchmark report RUN/ --data PIE/
            """)

    @Argument(help: ArgumentHelp("The run's folder.", valueName: "run"))
    var folder: String

    @Option(help: ArgumentHelp("The benchmark's folder.", valueName: "dir"))
    var data: String

    @OptionGroup var speech: SpeechOptions

    func run() throws {
        let found = try BenchmarkRun(folder, data: data)
        let overall = try BenchmarkFolderReport().write(
            found.folder, plan: found.plan, labels: found.labels, items: try found.items())
        guard !speech.quiet else { return }
        Terminal.print(overall.plain)
    }
}

/// `pentimento benchmark again`: one result of a run, made anew.
struct AgainBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "again",
        abstract: "Makes one result of a run anew, with the settings that its row keeps.",
        discussion: """
            pentimento benchmark again RUN/ 000000000012 "ddim strength=0.7" --data PIE/ --model MODEL -o again.png

            Says whether the picture is the one of the run, byte for byte.
            """)

    @Argument(help: ArgumentHelp("The run's folder.", valueName: "run"))
    var folder: String

    @Argument(help: "The edit, as rows name it.")
    var item: String

    @Argument(help: "The contender, as rows name it.")
    var contender: String

    @Option(help: ArgumentHelp("The benchmark's folder.", valueName: "dir"))
    var data: String

    @Option(name: .shortAndLong, help: ArgumentHelp("The picture to write.", valueName: "file"))
    var output: String

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Computing") var compute: ComputeOptions
    @OptionGroup var speech: SpeechOptions

    func run() async throws {
        try Outputs.check(image: output)
        let found = try BenchmarkRun(folder, data: data)
        guard let row = found.folder.row(item: item, candidate: contender) else {
            throw StudyError.noRow(path: folder, item: item, candidate: contender)
        }
        guard let settings = row.settings, let index = row.index else {
            throw Failure.badInput(
                "\(contender) was not computed by the run; there is nothing to do again")
        }
        let session = try ModelSession(model, compute, speech)
        let clip = try CLIPSource.companion(nil, of: session.folder.path)
        let edit = try found.plan.edits.item(index).edit
        var request = EditRequest(settings, image: edit.request.image)
        request.mask = found.plan.givesMask ? edit.request.mask : nil
        request.clip = clip
        let asked = request
        let facts = try await Runner(engine: session.engine).facts()
        if facts.fingerprint != found.plan.modelFingerprint {
            speech.log.warning(
                "the run was made with another model (\(found.plan.model), \(found.plan.modelFingerprint))")
        }
        let image = try await session.result { session in
            try session.edit(
                asked.withFiles().withoutUnusedRegions().withoutUnusedSettings(with: session.model.settings)
            )
        }.image
        try image.write(to: output)
        guard !speech.quiet else { return }
        let kept = found.folder.imagePath(item: item, candidate: contender)
        let isSame = (try? Image(contentsOf: kept))?.pixels == image.pixels
        Terminal.print("\(output): \(isSame ? "the same picture as" : "another picture than") \(kept)")
    }
}
