import ArgumentParser
import Diffusion
import Editing
import Foundation
import Imaging
import Networks

/// `pentimento generate`: a picture from a text alone.
struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Makes a picture from a text alone.",
        discussion: """
            pentimento generate --prompt "a red apple on a wooden table" --seed 1 -o apple.png

            pentimento generate --prompt "a wooden table" --width 256 --height 64 --region "0.1,0.3,0.2,0.6: a red apple"

            A seed gives the same picture every time. --region, --wrap and --windows paint by MultiDiffusion, in \
            windows of the model's own size. Noise: one draw of the latent's shape, then one a step with --eta.
            """)

    @Option(name: .shortAndLong, help: "What the picture should show.")
    var prompt: String

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
            "The picture to write; by default generated-SEED.png, never overwriting.", valueName: "file"))
    var output: String?

    @Option(help: "Fresh noise in each step: 0 for none (DDIM) to 1 (DDPM).")
    var eta = 0.0

    @Flag(help: "Leave no account of how it was made in the picture.")
    var noMetadata = false

    @Flag(help: "Print the account as JSON.")
    var json = false

    @OptionGroup(title: "Regions and windows") var regions: RegionOptions
    @OptionGroup(title: "Regions and windows") var windows: WindowOptions
    @OptionGroup var sampling: SamplingOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var speech: SpeechOptions

    func validate() throws {
        if !(0...1).contains(eta) {
            throw ValidationError("--eta is \(eta); it must be a number from 0 to 1")
        }
        for (name, side) in [("width", width), ("height", height)] {
            guard let side else { continue }
            if size != nil { throw ValidationError("--\(name) and --size say the same; give one of them") }
            guard (1...8192).contains(side) else {
                throw ValidationError("--\(name) is \(side); it must lie in 1...8192")
            }
        }
    }

    func run() async throws {
        let prompt = try checkedPrompt(prompt)
        let seed = sampling.seed.drawn()
        let parts = try regions.read(speech.log)
        let path = output ?? Outputs.unused("generated-\(seed).png")
        try Outputs.check(picture: path)
        let windows = try windows.settings(hasRegions: !parts.isEmpty)
        let (width, height) = (size?.width ?? width, size?.height ?? height)
        let session = try ModelSession(
            model, compute, speech, width: width, height: height, window: windows?.side)
        let (steps, guidance) = (sampling.steps ?? 50, sampling.guidance ?? 7.5)
        _ = try session.folder.schedule.levels(steps: steps)
        let factor = session.folder.autoencoder.spatialFactor
        for (name, side) in [("width", width), ("height", height)] {
            guard let side, side % factor != 0 else { continue }
            let what = size.map { "--size is \($0)" } ?? "--\(name) is \(side)"
            throw Failure.usage("\(what); this model needs multiples of \(factor)")
        }
        let request = GenerationRequest(
            prompt: prompt, negative: negative, seed: seed, steps: steps, guidance: guidance, eta: eta,
            width: width, height: height, regions: parts,
            windows: windows)
        let made = try await session.result { try $0.generate(request) }
        try Task.checkCancellation()
        let account = WalkAccount(
            command: "generate", output: (path as NSString).lastPathComponent, prompt: prompt,
            negative: negative, regions: parts.isEmpty ? nil : parts.map(\.description),
            windows: request.windows,
            seed: seed, steps: steps, guidance: guidance, eta: eta,
            width: made.picture.width,
            height: made.picture.height, model: made.model, cost: made.cost)
        try made.picture.write(to: path, metadata: noMetadata ? [:] : account.metadata())
        if json {
            Terminal.print(try jsonText(account))
        } else if !speech.quiet {
            Terminal.print("\(path) (seed \(seed))")
        }
    }
}
