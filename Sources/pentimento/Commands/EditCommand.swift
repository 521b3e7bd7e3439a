import ArgumentParser
import Diffusion
import Editing
import Foundation
import Imaging
import Logging
import Tensors

/// `pentimento edit`: a photo changed by a text.
struct EditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Edits a photo by a text.",
        discussion: """
            pentimento edit apple.png --source "a red apple" --prompt "a green pear" --seed 1 -o pear.png

            The photo keeps its size; where the method has a mask, everything outside it keeps its pixels. How the picture \
            was made is written into it (see inspect). `pentimento methods` shows methods, options and presets.
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

    @Option(help: "The method (see methods).")
    var method = Registry.standard

    @Option(help: "Which defaults: paper, official (the published code, quirks included) or fast.")
    var preset = Preset.paper

    @Option(parsing: .unconditional, help: "How much of the trajectory is redone, above 0 to 1.")
    var strength: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Several strengths; writes one picture with an edit at each, side by side.",
            valueName: "0.3,0.5,…"))
    var strengths: String?

    @Option(
        help: ArgumentHelp("An option of the method; may be given several times.", valueName: "key=value"))
    var option: [String] = []

    @Option(help: "Long side in pixels that the model works at; by default the model's own.")
    var size: Int?

    @Option(help: "The most pixels a photo or mask may have.")
    var pixelLimit = Picture.defaultPixelLimit

    @OptionGroup(title: "Inversion") var inverting: InversionChoice
    @OptionGroup(title: "Inversion") var keeping: CacheOptions
    @OptionGroup(title: "Mask") var masking: MaskOptions
    @OptionGroup(title: "Regions") var regions: RegionOptions
    @OptionGroup(title: "Results") var results: EditOutputs
    @OptionGroup(title: "Sampling") var sampling: SamplingOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Computing") var compute: ComputeOptions
    @OptionGroup var speech: SpeechOptions

    func validate() throws {
        if pixelLimit < 1 { throw ValidationError("--pixel-limit is \(pixelLimit); it must be at least 1") }
        if strengths != nil,
            strength != nil || results.panel != nil || results.trace != nil || results.maskOut != nil
                || results.json || results.measure
        {
            throw ValidationError(
                "--strengths writes one picture of all; it does not go with --strength, --panel, --trace, "
                    + "--mask-out, --measure or --json")
        }
    }

    func run() async throws {
        let seed = sampling.seed.drawn()
        // Everything that can be refused is refused before anything is read or computed, cheapest first.
        var request = EditRequest(
            picture: Picture(width: 1, height: 1), prompt: prompt, source: source, negative: negative,
            mask: masking.mask == nil ? nil : Mask(width: 1, height: 1, filledWith: 1),
            regions: try regions.read(pixelLimit: pixelLimit, speech.log), method: method, preset: preset,
            options: try Options.parse(option), seed: seed, steps: sampling.steps,
            guidance: sampling.guidance,
            strength: strength, inversion: try inverting.kind(), inversionOptions: try inverting.options(),
            paste: masking.way, feather: masking.feather,
            workingSide: size,
            traces: results.trace != nil, measuresInversion: results.measure)
        let checked = try request.checked()
        let path = try results.path(
            photo: photo, method: strengths == nil ? method : method + "-strengths", seed: seed)
        _ = try strengths.map { try StrengthCurve($0, of: request) }
        let log = speech.log
        let photo = try Photo(contentsOf: photo, pixelLimit: pixelLimit)
        for notice in photo.notices { log.warning("\(notice)") }
        request.picture = photo.picture
        request.mask = try masking.read(for: photo.picture, pixelLimit: pixelLimit, log)
        let session = try ModelSession(model, compute, speech)
        _ = try session.folder.schedule.levels(steps: checked.settings.steps)

        let (final, cache) = (request, keeping.cache)
        if let strengths {
            let curve = try StrengthCurve(strengths, of: request)
            let requests = curve.strengths.map(curve.request)
            // A studio counts one edit's cost and prompts; each strength has its own job.
            var edits: [EditResult] = []
            for request in requests {
                edits.append(try await session.result { try $0.edit(request, cache: cache) })
            }
            try curve.panel(photo.picture, edits).write(to: path)
            if !speech.quiet { Terminal.print("\(path) (seed \(seed), \(edits.count) strengths)") }
            return
        }
        var result = try await session.result { try $0.edit(final, cache: cache) }
        try Task.checkCancellation()
        var start = ContinuousClock.now
        speech.bar.show("writing", 0, of: 1)
        defer { speech.bar.hide() }
        if let layer = result.layer {
            // Into the photo's own colours, which an edit in sRGB does not know.
            result.picture = try photo.pasting(layer, plain: result.picture)
        }
        result.account.cost.seconds += (ContinuousClock.now - start) / .seconds(1)
        start = .now
        let report = try EditReport(result.account, photo: self.photo, output: path, picture: photo.picture)
        try results.write(result, photo: photo.picture, account: report, to: path, log)
        speech.bar.hide()
        if results.json {
            Terminal.print(try jsonText(report.json))
        } else if !speech.quiet {
            // The account lies in the file and cannot count the writing of it; this line can.
            result.account.cost.seconds += (ContinuousClock.now - start) / .seconds(1)
            Terminal.print(
                try EditReport(result.account, photo: self.photo, output: path, picture: photo.picture).line)
        }
    }
}
