import ArgumentParser
import Benchmarks
import Diffusion
import Editing
import Foundation
import Imaging
import Logging
import Networks
import Service
import Support

/// `pentimento compare`: one photo, one prompt, every method side by side.
struct CompareCommand: AsyncParsableCommand, EditAsking {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Shows what every method makes of one photo, side by side.",
        discussion: """
            pentimento compare apple.png --source "a red apple" --prompt "a green pear" --seed 1 -o sheet.png

            Writes one labelled sheet and prints a table: cost, how much changed, how well the rest was kept, and, with \
            --truth, how near the result came. A method that fails has a line that says why; of all methods, those that \
            the model was not made for are left out. Doing nothing and the autoencoder alone are always there to compare \
            with. Where a found mask leaves rims, a lower threshold helps: --option diffedit.threshold=0.25.
            """)

    @Argument(help: "The photo; - is standard input.")
    var photo: String

    @Option(name: .shortAndLong, help: "What the photo should show.")
    var prompt: String?

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

    @Option(help: ArgumentHelp(stringLiteral: Preset.help))
    var preset: Preset?

    @Option(parsing: .unconditional, help: "How much of the trajectory is redone, above 0 to 1.")
    var strength: Double?

    @Option(help: "Long side in pixels that the model works at; by default the model's own.")
    var size: Int?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The sheet to write; - is standard output.", valueName: "file"))
    var output: String

    @Option(
        help: ArgumentHelp(
            "The table as JSON: a file, or - for standard output instead of it.", valueName: "file"))
    var json: String?

    @Option(help: ArgumentHelp("Also a panel for every method: DIR/METHOD.png.", valueName: "dir"))
    var panels: String?

    @Option(help: "The most pixels a photo or mask may have.")
    var pixelLimit = Image.defaultPixelLimit

    @OptionGroup var accounts: AccountOptions
    @OptionGroup(title: "Inversion") var inverting: InversionChoice
    @OptionGroup(title: "Inversion") var keeping: CacheOptions
    @OptionGroup(title: "Mask") var masking: MaskOptions
    @OptionGroup(title: "Regions") var regions: RegionOptions
    @OptionGroup(title: "Regions") var guiding: RelevanceOptions
    @OptionGroup(title: "Sampling") var sampling: SamplingOptions
    @OptionGroup(title: "Sampling") var walking: WalkOptions
    @OptionGroup(title: "Sampling") var towers: CLIPOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Computing") var compute: ComputeOptions
    @OptionGroup var speech: SpeechOptions

    func validate() throws {
        try checkPrompt()
        if pixelLimit < 1 { throw ValidationError("--pixel-limit is \(pixelLimit); it must be at least 1") }
    }

    func run() async throws {
        var candidates = try Candidate.chosen(methods, options: option, preset: preset ?? .paper)
        let layout = try regions.read(pixelLimit: pixelLimit, speech.log)
        let settings = try sharedSettings(seed: sampling.seed.drawn(), layout)
        try check(settings)
        if methods == "all" { candidates = fitting(candidates, layout.regions) }
        try checkOutputs(candidates)
        var request = EditRequest(
            settings, image: try Photo(contentsOf: photo, pixelLimit: pixelLimit).image,
            regions: layout.regions)
        request.mask = try masking.read(for: request.image, pixelLimit: pixelLimit, speech.log)
        let path = try model.path(
            for: [settings.prompt, source, settings.negative]
                + layout.regions.flatMap { [$0.prompt, $0.target] }, photo: photo, speech.log)
        request.relevance = try guiding.source(model: path)
        request.clip = try towers.source(model: path)
        request.maskWords = masking.words
        let compared = try comparedEdit(request)
        let session = try ModelSession(model, compute, speech, at: path)
        if let steps = sampling.steps { _ = try session.folder.schedule.levels(steps: steps) }

        session.tell(of: compared.request.image, side: size)
        if methods == "all" {
            candidates = fitting(candidates, session).filter {
                request.relevance != nil || $0.description?.needs.relevance != true
            }
        }
        try tellOfUnused(by: candidates, request)

        // Methods that invert alike share one inversion.
        let cache = keeping.cache
        let runner = Runner(engine: session.engine) { try $0.edit($1.withFiles(), cache: cache) }
        let outcomes = try await outcomes(of: candidates, on: compared, runner: runner)
        try Task.checkCancellation()
        try write(compared, outcomes, model: try await runner.facts())
        let methods = outcomes.dropFirst(2).map(\.row)
        if let reason = methods.first?.reason, methods.allSatisfy({ $0.status == .failed }) {
            throw Failure.badInput("no method could edit the photo: \(reason)")
        }
    }

    /// Settings that no method could use are refused before anything is read.
    private func check(_ settings: EditSettings) throws {
        var settings = settings
        settings.source = source ?? ""
        _ = try settings.checked(hasMask: true)
    }

    /// The candidates that have what they paint by: those that need regions are no news where none are named.
    private func fitting(_ candidates: [Candidate], _ regions: [Region]) -> [Candidate] {
        candidates.filter { !regions.isEmpty || $0.description?.needs.regions != .required }
    }

    /// The candidates that the model can do; says who is left out.
    private func fitting(_ candidates: [Candidate], _ session: ModelSession) -> [Candidate] {
        let (reads, latent) = (session.folder.unet.inChannels, session.folder.autoencoder.latentChannels)
        // Who follows commands has no part where the prompt is none.
        var candidates = candidates
        if (try? LiftInstruction(prompt ?? "")) == nil {
            candidates.removeAll { $0.description?.isSpatial == true }
        }
        let slow = candidates.filter { $0.description?.needs.tuning == true }
        if !slow.isEmpty {
            speech.log.notice(
                "left out: \(slow.map(\.label).joined(separator: ", ")), which tune for minutes; name them to have them"
            )
            candidates.removeAll { slow.contains($0) }
        }
        guard reads != 2 * latent else { return candidates }
        let lost = candidates.filter { $0.description?.needs.imageChannels == true }
        guard !lost.isEmpty else { return candidates }
        speech.log.notice(
            "left out: \(lost.map(\.label).joined(separator: ", ")), which needs a model trained to follow instructions"
        )
        return candidates.filter { !lost.contains($0) }
    }

    /// Says of each shared setting which methods make no use of it; that some see no source prompt is no news.
    private func tellOfUnused(by candidates: [Candidate], _ request: EditRequest) throws {
        var users: [String: [String]] = [:]
        for candidate in candidates {
            guard case .method(let name, let options) = candidate.kind else { continue }
            var own = request
            (own.method, own.options) = (name, options)
            // What is missing becomes a line of the table.
            for unused in (try? own.withoutUnusedRegions().checked().unused) ?? []
            where unused.setting != .source {
                if case .option = unused.setting { continue }
                users[unused.setting.message.text(.flags), default: []].append(name)
            }
        }
        for (flag, names) in users.sorted(by: { $0.key < $1.key }) {
            speech.log.warning("\(flag) has no effect on \(names.joined(separator: ", "))")
        }
    }

    private func checkOutputs(_ candidates: [Candidate]) throws {
        try Outputs.check(image: output)
        if let json, json != "-" { try Outputs.check(file: json) }
        var places: [(String, String?)] = [("-o", output), ("--json", json)]
        if let panels {
            try Outputs.check(folder: panels)
            // What is not there yet holds nothing that could be lost.
            if Destination.isFolder(panels) {
                places += candidates.map { ("--panels", panel(of: $0.label, in: panels)) }
            }
        }
        try Outputs.checkDistinct(places)
    }

    /// Where the panel of a candidate goes: the method's name without its options.
    private func panel(of label: String, in folder: String) -> String {
        "\(folder)/\(label.prefix { $0 != " " }).png"
    }

    private func comparedEdit(_ request: EditRequest) throws -> ComparedEdit {
        let name = (photo as NSString).lastPathComponent
        guard let truth else { return ComparedEdit(id: name, request: request) }
        let image = try Photo(contentsOf: truth, pixelLimit: pixelLimit).image
        guard (image.width, image.height) == (request.image.width, request.image.height) else {
            throw Failure.badInput(
                "\(truth) is \(image.width)x\(image.height) and the photo \(request.image.width)x"
                    + "\(request.image.height); the true result must have the photo's size")
        }
        return ComparedEdit(id: name, request: request, truth: image)
    }

    private func outcomes(
        of candidates: [Candidate], on compared: ComparedEdit, runner: Runner
    ) async throws -> [Outcome] {
        let (bar, log) = (speech.bar, speech.log)
        defer { bar.hide() }
        var outcomes: [Outcome] = []
        for (index, candidate) in candidates.enumerated() {
            let place = "\(candidate.label) (\(index + 1) of \(candidates.count))"
            bar.show(place, 0, of: 1)
            let outcome = try await runner.outcome(of: candidate, on: compared) { notice in
                if case .progress(let progress) = notice {
                    bar.show("\(place) \(progress.stage)", progress.step, of: progress.of)
                }
            }
            // Where a table is printed, it says so.
            if let reason = outcome.row.reason, json == "-" { log.warning("\(candidate.label): \(reason)") }
            outcomes.append(outcome)
        }
        for line in Self.warnings(of: outcomes.map(\.row)) { log.warning("\(line)") }
        return outcomes
    }

    /// What candidates were warned of, each text once with the names of all whom it was told.
    static func warnings(of rows: [Row]) -> [String] {
        var order: [String] = []
        var names: [String: [String]] = [:]
        for row in rows {
            for text in row.warnings {
                if names[text] == nil { order.append(text) }
                names[text, default: []].append(row.candidate)
            }
        }
        return order.map { text in
            let told = names[text] ?? []
            return told.count > 3
                ? "\(told[0]) and \(told.count - 1) others: \(text)"
                : "\(told.joined(separator: ", ")): \(text)"
        }
    }

    private func write(_ compared: ComparedEdit, _ outcomes: [Outcome], model: ModelFacts) throws {
        let rows = outcomes.map(\.row)
        let request = compared.request
        func texts(_ rows: [Row], output: String) throws -> [String: String] {
            var record = SheetRecord(
                command: "compare", output: lastName(of: output), seed: request.seed, model: model,
                pictures: try rows.map { .init(label: $0.candidate, account: try JSONValue(encoding: $0)) },
                by: Program.producer)
            record.photo = lastName(of: photo)
            record.prompt = request.prompt
            record.source = request.source
            record.negative = request.negative
            return try accounts.texts(record)
        }
        if let panels {
            try WholeFolder.make(panels)
            for outcome in outcomes where outcome.row.candidate != Candidate.nothing.label {
                let path = panel(of: outcome.row.candidate, in: panels)
                try Sheet.panel(of: compared, outcome)?.write(
                    to: path, metadata: try texts([outcome.row], output: path))
            }
        }
        try Sheet.image(of: compared, outcomes).write(to: output, metadata: try texts(rows, output: output))
        if let json, json != "-" {
            try Outputs.write(text: try jsonText(rows) + "\n", to: json)
        }
        if json == "-" {
            Terminal.print(try jsonText(rows))
        } else if !speech.quiet {
            let outputs = [output, json]
            let table = TextTable(rows)
            Outputs.tell(table.plain, beside: outputs)
            if let legend = table.legend { Outputs.tell(legend, beside: outputs) }
            for row in rows {
                if let reason = row.reason {
                    Outputs.tell("\(row.candidate) failed: \(Terminal.oneLine(reason))", beside: outputs)
                }
            }
            Outputs.tell("\(Outputs.name(output)): seed \(compared.request.seed)", beside: outputs)
        }
    }
}
