import ArgumentParser
import Benchmarks
import Diffusion
import Editing
import Foundation
import Imaging
import StillLife
import StillLifeStudy

/// `pentimento study`: every method on many still-life edits whose true results are known.
struct StudyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "study",
        abstract: "Measures every method on still-life edits whose true results are known.",
        discussion: """
            pentimento study --edits 60 --seed 1 -o build/study

            The folder gets study.md with all tables, sheet.png, rows.jsonl with one result a line, and every picture. \
            Interrupted or asked for more (edits, methods), the same command goes on where it stopped. The scenes are \
            none that the still-life model was trained on.
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
            "An option of one method; may be given several times.", valueName: "method.key=value"))
    var option: [String] = []

    @Option(help: "Which defaults: paper, official (the published code, quirks included) or fast.")
    var preset = Preset.paper

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

    @Option(help: "Pixels a side; by default those of the model.")
    var size: Int?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The study's folder, new or of the same study.", valueName: "dir"))
    var output: String

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
        var candidates = try Candidate.chosen(methods, options: option, preset: preset)
        let kind = try inversion.map { try InversionKind.named($0) }
        let template = EditSettings(prompt: "a still life", source: "a still life") {
            $0.preset = preset
            $0.steps = steps
            $0.guidance = guidance
            $0.inversion = kind
        }
        _ = try template.checked()
        try Outputs.check(folder: output)
        let session = try ModelSession(model, compute, speech)
        if let steps { _ = try session.folder.schedule.levels(steps: steps) }
        let runner = Runner(engine: session.engine) { try $0.edit($1.withFiles()) }
        let facts = try await runner.facts()
        // What was named, or has an option of its own, was wanted.
        let absent =
            methods == "all"
            ? Candidate.leftOut(with: facts).filter { candidates.contains(.method($0.method)) } : []
        candidates.removeAll { candidate in absent.contains { candidate == .method($0.method) } }
        let plan = StudyPlan(
            worldVersion: StillLifeSet.worldVersion,
            edits: StillLifeEdits(
                seed: seed, size: size ?? facts.imageSide, kinds: made.edits, choices: choices),
            model: facts.name, modelFingerprint: facts.fingerprint, preset: preset, steps: steps,
            guidance: guidance, inversion: kind?.rawValue, givesMask: withMask, pastes: paste)
        let study = Study(plan: plan, count: edits, candidates: candidates, template: template)
        var folder = try StudyFolder(output, plan: plan)
        let before = folder.rows.count
        do {
            try await study.run(with: runner, into: &folder, tell: teller(), notify: { _ in })
        } catch is CancellationError {
            throw Failure(
                .interrupted,
                "interrupted; \(folder.rows.count) results are in \(output); the same command goes on")
        }
        speech.bar.hide()
        let items = try (0..<edits).map { try plan.edits.item($0).id }
        let report = StudyReport(
            plan: plan, labels: candidates.map(\.label), items: items, rows: folder.rows, leftOut: absent)
        let account = SheetRecord(command: "study", output: "sheet.png", seed: seed, model: facts)
        try study.sheet(from: folder).write(to: output + "/sheet.png", metadata: account.metadata())
        try folder.write(report.markdown, to: "study.md")
        if !speech.quiet {
            Terminal.print(report.overall.plain)
            Terminal.print(
                "\(output)/study.md: \(edits) edits, \(candidates.count) contenders, "
                    + "\(folder.rows.count - before) results computed now")
        }
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
