import ArgumentParser
import Benchmarks
import Diffusion
import Editing
import Foundation
import Imaging
import Perception
import Service
import StillLife
import StillLifeStudy
import Support

/// `pentimento benchmark NAME`: methods on the edits of a benchmark.
struct RunBenchmark: AsyncParsableCommand {
    /// Which set of edits.
    enum Name: ExpressibleByArgument, CaseIterable, Equatable {
        case regions
        case published(PublishedBenchmark)

        static var allCases: [Name] { [.regions] + PublishedBenchmark.allCases.map { .published($0) } }

        static var allValueStrings: [String] { allCases.map(\.text) }

        var text: String {
            switch self {
            case .regions: "regions"
            case .published(let benchmark): benchmark.rawValue
            }
        }

        init?(argument: String) {
            guard let found = Self.allCases.first(where: { $0.text == argument }) else { return nil }
            self = found
        }
    }

    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs methods on a benchmark; what the folder has already is not computed again.",
        discussion: """
            pentimento benchmark pie-bench --data PIE/ --methods ddim,p2p --model MODEL -o RUN/
            pentimento benchmark tedbench --data TEdBench/ --results imagic=Imagic/ -o RUN/

            A published benchmark is read from the folder that it comes as: tedbench, wild-ti2i, imagenet-r-ti2i, pie-bench, \
            diffedit-imagenet, diffedit-coco, or csv for a table of one's own (edits.csv with image and target, and as may \
            be source, id, kind, mask, truth). RUN gets report.html, report.json, summary.csv, rows.csv, rows.jsonl with one \
            result and its settings a line, and every picture. Several machines take a part each with --shard, and merge \
            puts the parts together.

            regions is 61 still lifes: the pairs of region lists (25 additions, 24 removals, 12 changes of an attribute) and their true answers \
            follow from the seed. The folder gets regions.md with all tables, sheet.png, rows.jsonl with one result a \
            line, every picture, and items/ with each pair's region file, source and true picture. Interrupted or asked \
            for more methods, the same command goes on where it stopped. Judge and pair of towers are the folders \
            MODEL-judge and MODEL-clip beside the model, where no others are named.
            """)

    @Argument(help: "The benchmark: regions, or a published one.")
    var name: Name

    @Option(help: ArgumentHelp("The folder of a published benchmark, as it comes.", valueName: "dir"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "Which methods: names with commas between, or all (default: multidiffusion for regions, else all).",
            valueName: "a,b,…"))
    var methods: String?

    @Option(
        help: ArgumentHelp(
            "A method at several values, each a contender of its own; may be given several times.",
            valueName: "method.key=a,b,…"))
    var sweep: [String] = []

    @Option(
        help: ArgumentHelp(
            "Pictures that were made elsewhere, as a contender; may be given several times.",
            valueName: "name=dir"))
    var results: [String] = []

    @Option(help: ArgumentHelp("Only a part of the edits, such as 2/8.", valueName: "i/N"))
    var shard: String?

    @Flag(help: "Tell methods where the picture may change, where the benchmark says.")
    var withMask = false

    @Flag(help: "Paste the picture's own pixels back outside masks, as edit does.")
    var paste = false

    @Option(
        help: ArgumentHelp(
            "An option of one method, or its guidance or strength; may be given several times.",
            valueName: "method.key=value"))
    var option: [String] = []

    @Option(help: "What scenes, edits and noise follow from; the benchmark's own where not given.")
    var seed: UInt64?

    @Option(
        help: "How many of the edits, from the first; of regions any first part has its share of each kind.")
    var items: Int?

    @Option(help: "Which defaults: paper, official (the published code, quirks included) or fast.")
    var preset = Preset.paper

    @Option(help: "Steps of the whole trajectory; by default each method's own.")
    var steps: Int?

    @Option(help: "How strongly the prompt counts; by default each method's own.")
    var guidance: Double?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The benchmark's folder, new or of the same benchmark.", valueName: "dir"))
    var output: String

    @Option(help: ArgumentHelp("The judge's folder.", valueName: "dir"))
    var judge: String?

    @OptionGroup(title: "Measuring") var measuring: MeasureOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Computing") var compute: ComputeOptions
    @OptionGroup var speech: SpeechOptions

    func validate() throws {
        let most = name == .regions ? RegionPairs.count : 1_000_000
        if let items, !(1...most).contains(items) {
            throw ValidationError("--items is \(items); it must lie in 1...\(most)")
        }
        if let shard, Shard(shard) == nil {
            throw ValidationError("--shard is \(shard); it must be of the form 2/8")
        }
        let foreign = data != nil || !sweep.isEmpty || !results.isEmpty || shard != nil || withMask || paste
        if name == .regions, foreign {
            throw ValidationError(
                "--data, --sweep, --results, --shard, --with-mask and --paste are for published benchmarks, not for regions"
            )
        }
        if name != .regions, data == nil {
            throw ValidationError("\(name.text) needs its folder; name it with --data")
        }
    }

    func run() async throws {
        if case .published(let benchmark) = name { return try await runPublished(benchmark) }
        try await runRegions()
    }

    private func runRegions() async throws {
        let candidates = try Candidate.chosen(methods ?? "multidiffusion", options: option, preset: preset)
        for method in candidates.compactMap(\.description) where method.needs.regions == .unused {
            throw Failure.usage("\(method.name) paints no regions; --methods takes methods that do")
        }
        let template = EditSettings(prompt: "a still life", source: "a still life") {
            $0.preset = preset
            $0.steps = steps
            $0.guidance = guidance
        }
        _ = try template.checked()
        try Outputs.check(folder: output)
        let place = try model.path()
        let (judgePlace, pairPlace) = (
            try ModelPlaces.companion(judge, of: place, "judge"),
            try ModelPlaces.companion(measuring.clip, of: place, "clip")
        )
        let session = try ModelSession(model, compute, speech)
        if let steps { _ = try session.folder.schedule.levels(steps: steps) }
        let runner = Runner(engine: session.engine) { try $0.edit($1.withFiles()) }
        let facts = try await runner.facts()
        // The margins of boxes are a thirty-second of the side.
        let pairs = RegionPairs(seed: seed ?? 1, size: max(facts.imageSide, 32))
        let measures = RegionMeasures(
            of: pairs, judge: try judgePlace.map { try Judge(folder: $0, device: session.device) },
            towers: try pairPlace.map { try CLIPScorer(folder: $0, device: session.device) })
        try await run(pairs, candidates, template, with: runner, facts, measures)
    }

    /// Computes what the folder lacks and writes tables, sheet and items.
    private func run(
        _ pairs: RegionPairs, _ candidates: [Candidate], _ template: EditSettings, with runner: Runner,
        _ facts: ModelFacts, _ measures: RegionMeasures
    ) async throws {
        let plan = StudyPlan(
            worldVersion: StillLifeSet.worldVersion, edits: pairs, model: facts.name,
            modelFingerprint: facts.fingerprint, preset: preset, steps: steps, guidance: guidance,
            inversion: nil, givesMask: false)
        let study = Study(plan: plan, count: pairCount, candidates: candidates, template: template)
        var folder = try StudyFolder(output, plan: plan)
        let before = folder.rows.count
        do {
            try await study.run(
                with: runner, into: &folder,
                measuring: { outcome, index in try outcome.image.map { try measures($0, index: index) } },
                tell: { [bar = speech.bar] in
                    bar.show("\($0.item) \($0.candidate)", $0.done, of: $0.total)
                })
        } catch is CancellationError {
            throw Failure(
                .interrupted,
                "interrupted; \(folder.rows.count) results are in \(output); the same command goes on")
        }
        speech.bar.hide()
        let ids = try writeItems(pairs, in: folder)
        let report = RegionReport(
            pairs: pairs, labels: candidates.map(\.label), items: ids, rows: folder.rows,
            model: "`\(facts.name)` (\(facts.fingerprint))")
        let account = SheetRecord(
            command: "benchmark", output: "sheet.png", seed: seed ?? 1, model: facts, by: Program.producer)
        try study.sheet(from: folder).write(to: output + "/sheet.png", metadata: account.metadata())
        try folder.write(report.markdown, to: "regions.md")
        guard !speech.quiet else { return }
        Terminal.print(report.overall.plain)
        Terminal.print(
            "\(output)/regions.md: \(pairCount) pairs, \(candidates.count) contenders, "
                + "\(folder.rows.count - before) results computed now")
    }

    private var pairCount: Int { items ?? RegionPairs.count }

    /// Writes each pair's region file, source and true picture, and answers their names.
    private func writeItems(_ pairs: RegionPairs, in folder: StudyFolder) throws -> [String] {
        try WholeFolder.make(folder.path + "/items")
        return try (0..<pairCount).map { index in
            let pair = try pairs.pair(index)
            let name = "items/\(pair.id)"
            try folder.write(pair.file.json, to: name + ".json")
            try pair.pair.sourceImage.write(to: "\(folder.path)/\(name)-source.png")
            try pair.pair.targetImage.write(to: "\(folder.path)/\(name)-target.png")
            return pair.id
        }
    }
}
