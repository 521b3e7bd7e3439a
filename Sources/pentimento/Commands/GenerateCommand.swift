import ArgumentParser
import Diffusion
import Editing
import Foundation
import Imaging
import Logging
import Networks
import Service
import Support

/// `pentimento generate`: an image from a text alone.
struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Makes a picture from a text alone.",
        discussion: """
            pentimento generate --prompt "a red apple on a wooden table" --seed 1 -o apple.png

            pentimento generate --prompt "a wooden table" --width 256 --height 64 --region "0.1,0.3,0.2,0.6: a red apple"
            pentimento generate --regions Examples/apple-to-pear.json --method p2p-regions --seed 1 -o pair.png

            With a --method of regions in pairs a source and a target are made from one noise, and a panel of both: \
            pair.png is the target, and pair-source.png and pair-panel.png lie beside it.

            A seed gives the same picture every time. --region, --wrap and --windows paint by MultiDiffusion, in \
            windows of the model's own size. Noise: one draw of the latent's shape, then one a step with --eta, \
            --sampler dpm-solver-sde, dpm-solver-sde-karras, euler-ancestral, lcm and tcd.
            """)

    @Option(name: .shortAndLong, help: "What the picture should show.")
    var prompt: String?

    @Option(name: [.short, .long, .customLong("negative-prompt")], help: "What it should not show.")
    var negative: String?

    @Option(
        help: ArgumentHelp("Pixels as WIDTHxHEIGHT; by default as the model was trained.", valueName: "size"))
    var size: PixelSize?

    @Option(help: "Pixels in a row.")
    var width: Int?

    @Option(help: "Rows of pixels.")
    var height: Int?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The picture to write, - for standard output; by default generated-SEED.png, never overwriting.",
            valueName: "file"))
    var output: String?

    @Option(help: "How each step is made.")
    var sampler = SamplerKind.ddim

    @Option(help: "Fresh noise in each step of DDIM: 0 for none to 1 (DDPM).")
    var eta = 0.0

    @Flag(help: "Leave no account of how it was made in the picture.")
    var noMetadata = false

    @Flag(help: "Print the account as JSON.")
    var json = false

    @OptionGroup(title: "Source and target") var pairing: PairOptions
    @OptionGroup(title: "Source and target") var guiding: RelevanceOptions
    @OptionGroup(title: "Regions and windows") var regions: RegionOptions
    @OptionGroup(title: "Regions and windows") var windows: WindowOptions
    @OptionGroup var showing: PreviewOptions
    @OptionGroup var sampling: SamplingOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var speech: SpeechOptions

    func validate() throws {
        guard prompt != nil || regions.regions != nil else {
            throw ValidationError("Missing expected argument '--prompt <prompt>'")
        }
        if !(0...1).contains(eta) {
            throw ValidationError("--eta is \(eta); it must be a number from 0 to 1")
        }
        if eta != 0, sampler != .ddim {
            throw ValidationError(
                "--eta says how much noise DDIM adds; --sampler \(sampler.rawValue) has a measure of its own")
        }
        for (name, side) in [("width", width), ("height", height)] {
            guard let side else { continue }
            if size != nil { throw ValidationError("--\(name) and --size say the same; give one of them") }
            guard Limits.side.contains(side) else {
                throw ValidationError("--\(name) is \(side); it must lie in 1...8192")
            }
        }
        if let size, !Limits.side.contains(size.width) || !Limits.side.contains(size.height) {
            throw ValidationError("--size is \(size); its sides must lie in 1...8192")
        }
    }

    func run() async throws {
        let layout = try regions.read(speech.log)
        let prompt = try checkedPrompt(self.prompt ?? layout.prompt ?? "")
        let negative = self.negative ?? layout.negative
        if try pairing.makesPairs() { return try await runPair(prompt, negative, layout) }
        let seed = sampling.seed.drawn()
        let parts = layout.regions
        let place =
            output.map { ResultPlace.named($0) }
            ?? .series(folder: ".", stem: "generated-\(seed)", ending: "png")
        try Outputs.check(image: place.path)
        try Outputs.checkDistinct(
            [("-o", output), ("--preview", showing.preview), ("--json", json ? "-" : nil)])
        let previews = try showing.file(speech.log)
        let windows = try windows.settings(hasRegions: !parts.isEmpty)
        let (width, height) = (
            size?.width ?? width ?? layout.canvas?.width, size?.height ?? height ?? layout.canvas?.height
        )
        let session = try ModelSession(
            model, compute, speech,
            at: try model.path(
                for: [prompt, negative] + parts.flatMap { [$0.prompt, $0.target] }, speech.log), width: width,
            height: height, window: windows?.side, previews: previews)
        let (steps, guidance) = (sampling.steps ?? 50, sampling.guidance ?? 7.5)
        _ = try sampler.sampler(along: session.folder.schedule).levels(
            of: session.folder.schedule, steps: steps)
        session.tell(ofFewSteps: steps, guidance: guidance, takesSamplers: true)
        let factor = session.folder.autoencoder.spatialFactor
        try checkSides(width, height, factor)
        let own = session.folder.unet.sampleSize * factor
        try Outputs.checkFits(place.path, width: width ?? own, height: height ?? own)
        let bytes = Outputs.mostBytes(place.path, width: width ?? own, height: height ?? own)
        try Outputs.checkRoom([(place.path, bytes)])
        if windows == nil, let advice = Self.advice(width: width ?? own, height: height ?? own, own: own) {
            speech.log.warning("\(advice)")
        }
        let request = GenerationRequest(
            prompt: prompt, negative: negative, seed: seed, steps: steps, guidance: guidance,
            sampler: sampler, eta: eta, width: width, height: height, regions: parts, windows: windows)
        let made = try await session.result { try $0.generate(request) }
        try Task.checkCancellation()
        var account = SamplingRecord(
            command: "generate", prompt: prompt, steps: steps, guidance: guidance, width: made.image.width,
            height: made.image.height, model: made.model, cost: made.cost, threads: session.threads,
            by: Program.producer)
        account.negative = negative
        account.regions = parts.isEmpty ? nil : parts.map(\.description)
        account.windows = request.windows
        account.seed = seed
        account.sampler = sampler
        account.eta = eta
        let path = try place.write { path, replacing in
            account.output = lastName(of: path)
            try made.image.write(
                to: path, metadata: noMetadata ? [:] : account.metadata(), replacing: replacing)
        }
        if json {
            Terminal.print(try jsonText(account))
        } else if !speech.quiet {
            Outputs.tell(
                "\(Outputs.name(path)) (seed \(seed), \(account.width)x\(account.height), "
                    + String(format: "%.1f s", made.cost.seconds) + ", \(made.cost.forwards) passes)",
                beside: [path])
        }
    }

    /// Refuses a canvas that is not made of whole elements of a latent.
    func checkSides(_ width: Int?, _ height: Int?, _ factor: Int) throws {
        for (name, side) in [("width", width), ("height", height)] {
            guard let side, side % factor != 0 else { continue }
            let isTyped = self.width != nil || self.height != nil
            let what =
                size.map { "--size is \($0)" }
                ?? (isTyped ? "--\(name) is \(side)" : "the canvas's \(name) is \(side)")
            throw Failure.usage("\(what); this model needs multiples of \(factor)")
        }
    }

    /// What to do where a canvas is much larger than the model's images; nil where it is not.
    static func advice(width: Int, height: Int, own: Int) -> String? {
        guard 2 * max(width, height) >= 3 * own else { return nil }
        return
            "\(width)x\(height) is larger than the \(own)x\(own) pictures that the model was trained on, so it may "
            + "paint things several times; with --windows it sees the canvas in parts of its own size"
    }
}
