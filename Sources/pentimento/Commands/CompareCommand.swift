import ArgumentParser
import Comparison
import Diffusion
import Editing
import Foundation
import Imaging
import Logging

/// `pentimento compare`: one photo, one prompt, every method side by side.
struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Shows what every method makes of one photo, side by side.",
        discussion: """
            pentimento compare apple.png --source "a red apple" --prompt "a green pear" --seed 1 -o sheet.png

            Writes one labelled sheet and prints a table: cost, how much changed, how well the rest was kept, and, with \
            --truth, how near the result came. A method that fails, or lacks what it needs, has a line that says why. \
            Doing nothing and the autoencoder alone are always there to compare with.
            """)

    @Argument(help: "The photo.")
    var photo: String

    @Option(name: .shortAndLong, help: "What the photo should show.")
    var prompt: String

    @Option(
        name: .shortAndLong, help: "What the photo shows now; some methods need it, most do better with it.")
    var source: String?

    @Option(name: [.short, .long, .customLong("negative-prompt")], help: "What it should not show.")
    var negative: String?

    @Option(
        help: ArgumentHelp("The true result, of the photo's size; what differs is scored.", valueName: "file")
    )
    var truth: String?

    @Option(help: ArgumentHelp("Which methods: all, or names with commas between.", valueName: "a,b,…"))
    var methods = "all"

    @Option(
        help: ArgumentHelp(
            "An option of one method; may be given several times.", valueName: "method.key=value"))
    var option: [String] = []

    @Option(help: "Which defaults: paper, official (the published code, quirks included) or fast.")
    var preset = Preset.paper

    @Option(parsing: .unconditional, help: "How much of the trajectory is redone, above 0 to 1.")
    var strength: Double?

    @Option(help: "Long side in pixels that the model works at; by default the model's own.")
    var size: Int?

    @Option(name: .shortAndLong, help: ArgumentHelp("The sheet to write.", valueName: "file"))
    var output: String

    @Option(
        help: ArgumentHelp(
            "The table as JSON: a file, or - for standard output instead of it.", valueName: "file"))
    var json: String?

    @Option(help: ArgumentHelp("Also a panel for every method: DIR/METHOD.png.", valueName: "dir"))
    var panels: String?

    @Option(help: "The most pixels a photo or mask may have.")
    var pixelLimit = Picture.defaultPixelLimit

    @OptionGroup(title: "Inversion") var inverting: InversionChoice
    @OptionGroup(title: "Inversion") var keeping: CacheOptions
    @OptionGroup(title: "Mask") var masking: MaskOptions
    @OptionGroup(title: "Sampling") var sampling: SamplingOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Computing") var compute: ComputeOptions
    @OptionGroup var speech: SpeechOptions

    func validate() throws {
        if pixelLimit < 1 { throw ValidationError("--pixel-limit is \(pixelLimit); it must be at least 1") }
    }

    func run() async throws {
        let contenders = try Contender.chosen(methods, options: option, preset: preset)
        var request = EditRequest(
            picture: Picture(width: 1, height: 1), prompt: prompt, source: source, negative: negative,
            preset: preset, seed: sampling.seed.drawn(), steps: sampling.steps, guidance: sampling.guidance,
            strength: strength, inversion: try inverting.kind(),
            inversionOptions: try inverting.options(), paste: masking.way,
            feather: masking.feather, workingSide: size)
        try check(request)
        try checkOutputs()
        request.picture = try Photo(contentsOf: photo, pixelLimit: pixelLimit).picture
        request.mask = try masking.read(for: request.picture, pixelLimit: pixelLimit, speech.log)
        let compared = try comparedEdit(request)
        let session = try ModelSession(model, compute, speech)
        if let steps = sampling.steps { _ = try session.folder.schedule.levels(steps: steps) }

        // Methods that invert alike share one inversion.
        let cache = keeping.cache
        let runner = Runner(engine: session.engine) { try $0.edit($1, cache: cache) }
        let outcomes = try await outcomes(of: contenders, on: compared, runner: runner)
        try Task.checkCancellation()
        try write(compared, outcomes)
        let methods = outcomes.dropFirst(2).map(\.row)
        if let reason = methods.first?.reason, methods.allSatisfy({ $0.status == .failed }) {
            throw Failure.badInput("no method could edit the photo: \(reason)")
        }
    }

    /// Settings that no method could use are refused before anything is read.
    private func check(_ request: EditRequest) throws {
        var probe = request
        probe.source = source ?? ""
        probe.mask = Mask(width: 1, height: 1, filledWith: 1)
        _ = try probe.checked()
    }

    private func checkOutputs() throws {
        try Outputs.check(picture: output)
        if let json, json != "-" { try Outputs.checkFolder(of: json) }
        if let panels { try Outputs.checkFolder(of: panels) }
    }

    private func comparedEdit(_ request: EditRequest) throws -> ComparedEdit {
        let name = (photo as NSString).lastPathComponent
        guard let truth else { return ComparedEdit(id: name, request: request) }
        let picture = try Photo(contentsOf: truth, pixelLimit: pixelLimit).picture
        guard (picture.width, picture.height) == (request.picture.width, request.picture.height) else {
            throw Failure.badInput(
                "\(truth) is \(picture.width)x\(picture.height) and the photo \(request.picture.width)x"
                    + "\(request.picture.height); the true result must have the photo's size")
        }
        return ComparedEdit(id: name, request: request, truth: picture)
    }

    private func outcomes(
        of contenders: [Contender], on compared: ComparedEdit, runner: Runner
    ) async throws -> [Outcome] {
        let (bar, log) = (speech.bar, speech.log)
        defer { bar.hide() }
        var outcomes: [Outcome] = []
        for (index, contender) in contenders.enumerated() {
            let place = "\(contender.label) (\(index + 1) of \(contenders.count))"
            bar.show(place, 0, of: 1)
            let outcome = try await runner.outcome(of: contender, on: compared) { notice in
                if case .progress(let progress) = notice {
                    bar.show("\(place) \(progress.stage)", progress.step, of: progress.of)
                }
            }
            if let reason = outcome.row.reason { log.warning("\(contender.label): \(reason)") }
            for warning in outcome.row.warnings { log.warning("\(contender.label): \(warning)") }
            outcomes.append(outcome)
        }
        return outcomes
    }

    private func write(_ compared: ComparedEdit, _ outcomes: [Outcome]) throws {
        let rows = outcomes.map(\.row)
        if let panels {
            try FileManager.default.createDirectory(atPath: panels, withIntermediateDirectories: true)
            for outcome in outcomes where outcome.row.contender != Contender.nothing.label {
                let name = outcome.row.contender.prefix { $0 != " " }
                try Sheet.panel(of: compared, outcome)?.write(to: "\(panels)/\(name).png")
            }
        }
        try Sheet.picture(of: compared, outcomes).write(to: output)
        if let json, json != "-" {
            try Data((try jsonText(rows) + "\n").utf8).write(to: URL(fileURLWithPath: json), options: .atomic)
        }
        if json == "-" {
            Terminal.print(try jsonText(rows))
        } else if !speech.quiet {
            Terminal.print(TextTable(rows).plain)
            for row in rows {
                if let reason = row.reason {
                    Terminal.print("\(row.contender) failed: \(Terminal.oneLine(reason))")
                }
            }
            Terminal.print("\(output): seed \(compared.request.seed)")
        }
    }
}
