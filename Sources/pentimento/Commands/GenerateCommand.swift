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

            A seed gives the same picture every time. Noise: one draw of the latent's shape, then one a step with --eta.
            """)

    @Option(name: .shortAndLong, help: "What the picture should show.")
    var prompt: String

    @Option(name: [.short, .long, .customLong("negative-prompt")], help: "What it should not show.")
    var negative: String?

    @Option(
        help: ArgumentHelp("Pixels as WIDTHxHEIGHT; by default as the model was trained.", valueName: "size"))
    var size: PixelSize?

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

    @OptionGroup var sampling: SamplingOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var speech: SpeechOptions

    func validate() throws {
        if !(0...1).contains(eta) {
            throw ValidationError("--eta is \(eta); it must be a number from 0 to 1")
        }
    }

    func run() async throws {
        let prompt = try checkedPrompt(prompt)
        let seed = sampling.seed.drawn()
        let path = output ?? Outputs.unused("generated-\(seed).png")
        try Outputs.check(picture: path)
        let session = try ModelSession(model, compute, speech)
        let (steps, guidance) = (sampling.steps ?? 50, sampling.guidance ?? 7.5)
        _ = try session.folder.schedule.levels(steps: steps)
        let factor = session.folder.autoencoder.spatialFactor
        if let size, size.width % factor != 0 || size.height % factor != 0 {
            throw Failure.usage("--size is \(size); this model needs multiples of \(factor)")
        }
        let request = GenerationRequest(
            prompt: prompt, negative: negative, seed: seed, steps: steps, guidance: guidance, eta: eta,
            width: size?.width, height: size?.height)
        let made = try await session.result { try $0.generate(request) }
        try Task.checkCancellation()
        let account = WalkAccount(
            command: "generate", output: (path as NSString).lastPathComponent, prompt: prompt,
            negative: negative, seed: seed, steps: steps, guidance: guidance, eta: eta,
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
