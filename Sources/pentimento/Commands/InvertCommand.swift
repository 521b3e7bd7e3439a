import ArgumentParser
import Diffusion
import Editing
import Foundation
import Imaging
import Logging
import Tensors

/// `pentimento invert`: a photo to noise and back.
struct InvertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invert",
        abstract: "Takes a photo to noise by DDIM inversion and back, and says how much was lost.",
        discussion: """
            pentimento invert apple.png --source "a red apple" --trace path.safetensors -o apple-back.png

            The trace holds initial_latent, inversion_levels [N+1,1,C,h,w] from the photo to noise, and final_latent, the \
            end of the way back. Without guidance and with few changes on the way, both ends agree.
            """)

    @Argument(help: "The photo.")
    var photo: String

    @Option(
        name: [.short, .long, .customLong("prompt")], help: "What the photo shows; empty where not given.")
    var source = ""

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The reconstruction; by default STEM-invert.png, never overwriting.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("Where all latents of the way go.", valueName: "file.safetensors"))
    var trace: String?

    @Option(help: "Steps of the trajectory.")
    var steps = 50

    @Option(
        name: [.long, .customLong("cfg-scale")], parsing: .unconditional,
        help: "Guidance on the way back; the way there has none.")
    var guidance = 1.0

    @Option(help: "The most pixels a photo may have.")
    var pixelLimit = Picture.defaultPixelLimit

    @Flag(help: "Leave no account of how it was made in the picture.")
    var noMetadata = false

    @Flag(help: "Print the account as JSON.")
    var json = false

    @OptionGroup var model: ModelOptions
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var speech: SpeechOptions

    func validate() throws {
        if steps < 1 { throw ValidationError("--steps is \(steps); it must be a whole number from 1 on") }
        if !(guidance >= 0 && guidance <= 100) {
            throw ValidationError("--guidance is \(guidance); it must be a number from 0 to 100")
        }
        if pixelLimit < 1 { throw ValidationError("--pixel-limit is \(pixelLimit); it must be at least 1") }
    }

    func run() async throws {
        let stem = ((photo as NSString).lastPathComponent as NSString).deletingPathExtension
        let path = output ?? Outputs.unused("\(stem)-invert.png")
        try Outputs.check(picture: path)
        if let trace { try Outputs.checkFolder(of: trace) }
        let log = speech.log
        let picture = try Picture(contentsOf: photo, pixelLimit: pixelLimit) { log.warning("\($0)") }
        let session = try ModelSession(model, compute, speech)
        _ = try session.folder.schedule.levels(steps: steps)
        let (source, steps, guidance) = (source, steps, guidance)
        let keepsTrace = trace != nil
        let (result, account, arrays) = try await session.result { studio in
            let facts = studio.model.facts
            let size = WorkingSize(
                fitting: picture.width, picture.height, longSide: facts.pictureSide,
                multipleOf: facts.latentFactor)
            let small = picture.resized(to: size)
            let clean = try studio.encode(small)
            let levels = try studio.schedule.levels(steps: steps)
            let prompt = try studio.prompt(source)
            let path = try studio.invert(
                clean, through: levels, to: steps, prompt: prompt, stage: "inverting")
            let back = try studio.sample(
                path[steps], from: steps, of: levels, prompt: prompt,
                against: guidance == 1 ? nil : studio.prompt(""), scale: guidance, stage: "returning")
            let result = try studio.decode(back)
            let error = (back - clean).absolute.largest().item / max(clean.absolute.largest().item, 1e-12)
            let account = WalkAccount(
                command: "invert", prompt: source, steps: steps, guidance: guidance, width: size.width,
                height: size.height, model: facts, cost: studio.spent, roundTripError: error,
                decibels: small.decibels(of: result))
            let arrays =
                keepsTrace
                ? [
                    ("initial_latent", clean), ("inversion_levels", Tensor.stacked(path)),
                    ("final_latent", back),
                ]
                .map { NamedArray(name: $0.0, shape: $0.1.shape, values: $0.1.floats) } : []
            return (result, account, arrays)
        }
        try Task.checkCancellation()
        if let trace { try Outputs.write(arrays, to: trace) }
        var full = account
        full.output = (path as NSString).lastPathComponent
        try result.resized(width: picture.width, height: picture.height, by: .bicubic)
            .write(to: path, metadata: noMetadata ? [:] : full.metadata())
        if json {
            Terminal.print(try jsonText(full))
        } else if !speech.quiet {
            let numbers = String(
                format: "round trip error %.4f, reconstruction %.1f dB", account.roundTripError ?? 0,
                account.decibels ?? 0)
            Terminal.print("\(path) (\(numbers))")
        }
    }
}

extension Picture {
    /// Peak signal to noise ratio of a picture of the same size, in dB, at most 100.
    fileprivate func decibels(of other: Picture) -> Double {
        let sum = zip(pixels, other.pixels).reduce(0.0) { sum, pair in
            let difference = Double(pair.0) - Double(pair.1)
            return sum + difference * difference
        }
        return min(10 * log10(255 * 255 / max(sum / Double(max(pixels.count, 1)), 1e-9)), 100)
    }
}
