import ArgumentParser
import Benchmarks
import Diffusion
import Editing
import Foundation
import Imaging
import Perception
import PhotoStudy
import Service
import StillLife
import StillLifeStudy

/// `pentimento study`: methods beside each other.
struct StudyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "study",
        abstract: "Measures every method on edits of still lifes or photos; tells how methods differ.",
        discussion: """
            pentimento study --edits 60 --seed 1 -o build/study
            pentimento study tedbench --data TEdBench/ --model MODEL -o RUN/
            pentimento study taxonomy
            """,
        subcommands: [RunStudy.self, TEdBenchStudy.self, TaxonomyStudy.self], defaultSubcommand: RunStudy.self
    )
}

/// `pentimento study`: every method on many edits of still lifes or photos.
struct RunStudy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Measures every method on edits of still lifes or photos.",
        discussion: """
            pentimento study --edits 60 --seed 1 -o build/study
            pentimento study --model flowers --photos build/flowers --edits 40 --seed 1 -o build/flowers-study

            The folder gets study.md with all tables, sheet.png, rows.jsonl with one result a line, and every picture. \
            Interrupted or asked for more (edits, methods), the same command goes on where it stopped. The scenes are \
            none that the still-life model was trained on; the photos are held out from training too. Edits of photos' \
            colours have true results, edits of kind are seen by the judge, the folder MODEL-judge where no other is named.
            """)

    @Option(help: "How many edits; kinds take turns.")
    var edits = 60

    @Option(help: "What scenes, edits and noise follow from.")
    var seed: UInt64

    @Option(
        help: ArgumentHelp(
            "Which methods: all that can be judged here, or names with commas between.", valueName: "a,b,…"))
    var methods = "all"

    @Option(
        help: ArgumentHelp(
            """
            An option of one method, or its guidance or strength; may be given several times.
            """, valueName: "method.key=value"))
    var option: [String] = []

    @Option(help: ArgumentHelp(stringLiteral: Preset.help))
    var preset: Preset?

    @Option(help: "Steps of the whole trajectory; by default each method's own.")
    var steps: Int?

    @Option(help: "How strongly the prompt counts; by default each method's own.")
    var guidance: Double?

    @Option(help: "How methods that invert pictures bring them to noise; by default each in its own way.")
    var inversion: String?

    @Flag(help: "Tell methods where the true edit changes the picture, as their mask.")
    var withMask = false

    @Flag(help: "Paste the picture's own pixels back outside masks, as edit does.")
    var paste = false

    @Option(help: "Pixels a side of still lifes; by default those of the model.")
    var size: Int?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The study's folder, new or of the same study.", valueName: "dir"))
    var output: String

    @Option(help: ArgumentHelp("The folder of the judge that sees edits of kind.", valueName: "dir"))
    var judge: String?

    @OptionGroup(title: "Photos") var photos: PhotoOptions
    @OptionGroup(title: "What scenes are made of") var made: SceneChoiceOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Computing") var compute: ComputeOptions
    @OptionGroup var speech: SpeechOptions

    func validate() throws {
        if !(1...100_000).contains(edits) {
            throw ValidationError("--edits is \(edits); it must lie in 1...100000")
        }
        if let size, !(8...4096).contains(size) {
            throw ValidationError("--size is \(size); it must lie in 8...4096")
        }
    }

    func run() async throws {
        let candidates = try Candidate.chosen(methods, options: option, preset: preset ?? .paper)
        let kind = try inversion.map { try InversionKind.named($0) }
        var template = EditSettings(prompt: "a still life", source: "a still life") {
            $0.preset = preset
            $0.steps = steps
            $0.guidance = guidance
            $0.inversion = kind
        }
        _ = try template.checked()
        try Outputs.check(folder: output)
        let judgePlace = try ModelPlaces.companion(judge, of: try model.path(), "judge")
        let photoSet = try photos.set(judge: judgePlace)
        if photoSet != nil, !made.isEmpty || size != nil {
            throw Failure.usage("--size and what scenes are made of are for still lifes, not for photos")
        }
        let session = try ModelSession(model, compute, speech)
        if let steps { _ = try session.folder.schedule.levels(steps: steps) }
        // Without settings of the model it is the paper's that count, and a plan of earlier versions says so.
        if session.folder.settings == nil { template.preset = preset ?? .paper }
        let clip = try CLIPSource.companion(nil, of: try model.path())
        let runner = Runner(engine: session.engine) {
            var request = try $1.withFiles()
            request.clip = clip
            return try $0.edit(request)
        }
        let facts = try await runner.facts()
        if let photoSet {
            let judge = try judgePlace.map { try LabelJudge.needed($0, device: session.device) }
            let edits = PhotoEdits(seed: seed, photos: photoSet, part: photos.part)
            try await run(
                edits, worldVersion: 0, candidates, template, with: runner, facts,
                judging: { judge?.verdict(on: $0, of: $1) })
        } else {
            let edits = StillLifeEdits(
                seed: seed, size: size ?? facts.imageSide, kinds: made.edits, choices: choices)
            try await run(
                edits, worldVersion: StillLifeSet.worldVersion, candidates, template, with: runner, facts,
                judging: { _, _ in nil })
        }
    }

    /// Computes what the folder lacks and writes tables and sheet.
    private func run<Items: BenchmarkItems>(
        _ edits: Items, worldVersion: Int, _ chosen: [Candidate], _ template: EditSettings,
        with runner: Runner, _ facts: ModelFacts,
        judging: (Outcome, BenchmarkItem) -> [String: Bool]?
    ) async throws {
        // What was named, or has an option of its own, was wanted.
        let absent =
            methods == "all"
            ? Candidate.leftOut(with: facts, commands: edits.commands).filter {
                chosen.contains(.method($0.method))
            } : []
        let candidates = chosen.filter { candidate in !absent.contains { candidate == .method($0.method) } }
        let plan = StudyPlan(
            worldVersion: worldVersion, edits: edits, model: facts.name, modelFingerprint: facts.fingerprint,
            preset: template.preset, steps: steps, guidance: guidance,
            inversion: template.inversion?.rawValue,
            givesMask: withMask, pastes: paste)
        let study = Study(plan: plan, count: self.edits, candidates: candidates, template: template)
        var folder = try StudyFolder(output, plan: plan)
        let before = folder.rows.count
        do {
            try await study.run(
                with: runner, into: &folder, judging: judging, tell: teller(), notify: { _ in })
        } catch is CancellationError {
            throw Failure(
                .interrupted,
                "interrupted; \(folder.rows.count) results are in \(output); the same command goes on")
        }
        speech.bar.hide()
        let items = try (0..<self.edits).map { try plan.edits.item($0).id }
        let report = StudyReport(
            plan: plan, labels: candidates.map(\.label), items: items, rows: folder.rows, leftOut: absent)
        let account = SheetRecord(
            command: "study", output: "sheet.png", seed: seed, model: facts, by: Program.producer)
        try study.sheet(from: folder).write(to: output + "/sheet.png", metadata: account.metadata())
        try folder.write(report.markdown, to: "study.md")
        guard !speech.quiet else { return }
        Terminal.print(report.overall.plain)
        if let sights = report.sights { Terminal.print(sights.plain) }
        Terminal.print(
            "\(output)/study.md: \(self.edits) edits, \(candidates.count) contenders, "
                + "\(folder.rows.count - before) results computed now")
    }

    /// Scenes as the model knows them best: one object or two, where nothing else is asked for.
    private var choices: SceneChoices {
        var choices = made.choices
        if made.objects == nil { choices.objects = 1...min(2, choices.objects.upperBound) }
        return choices
    }

    /// Shows the bar, and tells once how long it will take.
    private func teller() -> (StudyMoment) -> Void {
        let bar = speech.bar
        var hasTold = speech.quiet
        return { moment in
            if !hasTold, let left = moment.secondsLeft {
                Terminal.note(
                    "pentimento: \(moment.total - moment.done) of \(moment.total) results are to be computed: "
                        + "about \(duration(left))")
                hasTold = true
            }
            let left = moment.secondsLeft.map { ", \(duration($0)) left" } ?? ""
            bar.show("\(moment.item) \(moment.candidate)\(left)", moment.done, of: moment.total)
        }
    }
}
