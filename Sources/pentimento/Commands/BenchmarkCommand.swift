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

/// `pentimento benchmark`: sets of edits made for one family of methods.
struct BenchmarkCommand: AsyncParsableCommand {
    /// Which set of edits.
    enum Name: String, ExpressibleByArgument, CaseIterable { case regions }

    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Measures methods that edit by regions on 61 still lifes.",
        discussion: """
            pentimento benchmark regions --model still-life --methods multidiffusion -o build/regions

            The pairs of region lists (25 additions, 24 removals, 12 changes of an attribute) and their true answers \
            follow from the seed. The folder gets regions.md with all tables, sheet.png, rows.jsonl with one result a \
            line, every picture, and items/ with each pair's region file, source and true picture. Interrupted or asked \
            for more methods, the same command goes on where it stopped. Judge and pair of towers are the folders \
            MODEL-judge and MODEL-clip beside the model, where no others are named.
            """)

    @Argument(help: "The benchmark: regions.")
    var name: Name

    @Option(help: ArgumentHelp("Which methods: names with commas between.", valueName: "a,b,…"))
    var methods = "multidiffusion"

    @Option(
        help: ArgumentHelp(
            "An option of one method, or its guidance or strength; may be given several times.",
            valueName: "method.key=value"))
    var option: [String] = []

    @Option(help: "What scenes, edits and noise follow from.")
    var seed: UInt64 = 1

    @Option(help: "How many of the pairs, from the first; any first part has its share of each kind.")
    var items = RegionPairs.count

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

    @Option(help: ArgumentHelp("The folder of the pair of towers.", valueName: "dir"))
    var clip: String?

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Computing") var compute: ComputeOptions
    @OptionGroup var speech: SpeechOptions

    func validate() throws {
        if !(1...RegionPairs.count).contains(items) {
            throw ValidationError("--items is \(items); it must lie in 1...\(RegionPairs.count)")
        }
    }

    func run() async throws {
        let candidates = try Candidate.chosen(methods, options: option, preset: preset)
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
            try ModelPlaces.companion(clip, of: place, "clip")
        )
        let session = try ModelSession(model, compute, speech)
        if let steps { _ = try session.folder.schedule.levels(steps: steps) }
        let runner = Runner(engine: session.engine) { try $0.edit($1.withFiles()) }
        let facts = try await runner.facts()
        // The margins of boxes are a thirty-second of the side.
        let pairs = RegionPairs(seed: seed, size: max(facts.imageSide, 32))
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
        let study = Study(plan: plan, count: items, candidates: candidates, template: template)
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
            command: "benchmark", output: "sheet.png", seed: seed, model: facts, by: Program.producer)
        try study.sheet(from: folder).write(to: output + "/sheet.png", metadata: account.metadata())
        try folder.write(report.markdown, to: "regions.md")
        guard !speech.quiet else { return }
        Terminal.print(report.overall.plain)
        Terminal.print(
            "\(output)/regions.md: \(items) pairs, \(candidates.count) contenders, "
                + "\(folder.rows.count - before) results computed now")
    }

    /// Writes each pair's region file, source and true picture, and answers their names.
    private func writeItems(_ pairs: RegionPairs, in folder: StudyFolder) throws -> [String] {
        try WholeFolder.make(folder.path + "/items")
        return try (0..<items).map { index in
            let pair = try pairs.pair(index)
            let name = "items/\(pair.id)"
            try folder.write(pair.file.json, to: name + ".json")
            try pair.pair.sourceImage.write(to: "\(folder.path)/\(name)-source.png")
            try pair.pair.targetImage.write(to: "\(folder.path)/\(name)-target.png")
            return pair.id
        }
    }
}
