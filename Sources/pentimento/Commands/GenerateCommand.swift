import ArgumentParser
import Diffusion
import Foundation
import Imaging
import Tensors

/// `pentimento generate`: a picture from a text alone.
struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Makes a picture from a text alone.",
        discussion: """
            pentimento generate --prompt "a red apple on a wooden table" --seed 1 -o apple.png

            Deterministic DDIM sampling: a seed gives the same picture every time. Noise: one draw of the latent's shape.
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

    @Flag(help: "Leave no account of how it was made in the picture.")
    var noMetadata = false

    @Flag(help: "Print the account as JSON.")
    var json = false

    @OptionGroup var sampling: SamplingOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var speech: SpeechOptions

    func run() async throws {
        let prompt = try checkedPrompt(prompt)
        let seed = sampling.seed.drawn()
        let path = output ?? Outputs.unused("generated-\(seed).png")
        try Outputs.check(picture: path)
        let session = try ModelSession(model, compute, speech)
        let (steps, guidance) = (sampling.steps ?? 50, sampling.guidance ?? 7.5)
        _ = try session.folder.schedule.levels(steps: steps)
        let (negative, size) = (negative, size)
        let (picture, facts, cost) = try await session.result { studio in
            let facts = studio.model.facts
            let factor = facts.latentFactor
            let (width, height) = (size?.width ?? facts.pictureSide, size?.height ?? facts.pictureSide)
            guard width % factor == 0, height % factor == 0 else {
                throw Failure.usage("--size is \(width)x\(height); this model needs multiples of \(factor)")
            }
            let levels = try studio.schedule.levels(steps: steps)
            let noise = RandomGenerator(seed: seed)
                .normal([1, facts.latentChannels, height / factor, width / factor])
                .to(device: studio.model.device)
            let latent = try studio.sample(
                noise, from: steps, of: levels, prompt: studio.prompt(prompt),
                against: guidance == 1 ? nil : studio.prompt(negative ?? ""), scale: guidance,
                stage: "painting")
            return (try studio.decode(latent), facts, studio.spent)
        }
        let account = WalkAccount(
            command: "generate", output: (path as NSString).lastPathComponent, prompt: prompt,
            negative: negative, seed: seed, steps: steps,
            guidance: guidance, width: picture.width, height: picture.height, model: facts, cost: cost)
        try picture.write(to: path, metadata: noMetadata ? [:] : account.metadata())
        if json {
            Terminal.print(try jsonText(account))
        } else if !speech.quiet {
            Terminal.print("\(path) (seed \(seed))")
        }
    }
}
