import ArgumentParser
import Diffusion
import Editing
import Foundation
import Imaging
import Logging
import Service
import Support

/// `pentimento invert`: a photo to noise and back.
struct InvertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invert",
        abstract: "Takes a photo to noise by an inversion and back, and says how much was lost.",
        discussion: """
            pentimento invert apple.png --source "a red apple" --trace path.safetensors -o apple-back.png

            The way back is walked as editing methods walk it, at the guidance given; `--guidance 7.5` shows what an edit \
            begins with. The trace holds initial_latent, inversion_levels [N+1,1,C,h,w] from the photo to noise, and final_latent, the \
            end of the way back. Without guidance and with few changes on the way, both ends agree.
            """)

    @Argument(help: "The photo; - is standard input.")
    var photo: String

    @Option(
        name: [.short, .long, .customLong("prompt")], help: "What the photo shows; empty where not given.")
    var source = ""

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The reconstruction, - for standard output; by default STEM-invert.png, never overwriting.",
            valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("Where all latents of the way go.", valueName: "file.safetensors"))
    var trace: String?

    @Option(help: "Steps of the trajectory.")
    var steps = 50

    @Option(
        name: [.long, .customLong("cfg-scale")], parsing: .unconditional,
        help: "Guidance on the way back; the way there has none.")
    var guidance = 1.0

    @Option(help: "What the noise follows from, where the inversion draws any.")
    var seed: UInt64 = 0

    @Option(help: "The most pixels a photo may have.")
    var pixelLimit = Image.defaultPixelLimit

    @Flag(help: "Leave no account of how it was made in the picture.")
    var noMetadata = false

    @Flag(help: "Print the account as JSON.")
    var json = false

    @OptionGroup(title: "Inversion") var inverting: InversionChoice
    @OptionGroup(title: "Inversion") var keeping: CacheOptions
    @OptionGroup(title: "Results") var writing: WritingFlags
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
        let place =
            output.map { ResultPlace.named($0) }
            ?? .series(folder: ".", stem: ResultPlace.stem(photo, "invert"), ending: "png")
        try Outputs.check(image: place.path)
        if output != "-" { try writing.check(place.path) }
        if let trace { try Outputs.check(file: trace) }
        try Outputs.checkDistinct([("-o", output), ("--trace", trace), ("--json", json ? "-" : nil)])
        let log = speech.log
        let photo = try Photo(contentsOf: photo, pixelLimit: pixelLimit)
        for notice in photo.notices { log.warning("\(notice.message.text(.flags))") }
        writing.warn(of: photo, prompts: [source], writing: place.path, log)
        let kind = try inverting.kind() ?? .ddim
        let options = try inverting.options()
        _ = try kind.options(options)
        let session = try ModelSession(
            model, compute, speech, at: try model.path(for: [source], photo: self.photo, speech.log))
        _ = try session.folder.schedule.levels(steps: steps)
        session.tell(of: photo.image, side: nil)
        let request = ReconstructionRequest(
            image: photo.image, prompt: source, steps: steps, guidance: guidance,
            inversion: kind, inversionOptions: options, seed: seed)
        let cache = keeping.cache
        let result = try await session.result { try $0.reconstruct(request, cache: cache) }
        try Task.checkCancellation()
        if let trace {
            var clean = result.levels
            clean.name = "initial_latent"
            clean.shape.removeFirst()
            clean.values = Array(clean.values.prefix(clean.shape.reduce(1, *)))
            try Outputs.write([clean, result.levels, result.end], to: trace)
        }
        var account = SamplingRecord(
            command: "invert", prompt: source, steps: steps, guidance: guidance, width: result.workingSize[0],
            height: result.workingSize[1], model: result.model, cost: result.cost, threads: session.threads,
            by: Program.producer)
        account.seed = seed
        account.inversion = kind
        account.inversionOptions = result.inversionOptions
        account.inversionKept = result.inversionKept
        account.roundTripError = result.relativeError
        account.decibels = result.roundTrip.psnr
        account.ceiling = result.roundTrip.ceiling
        let path = try place.write { path, replacing in
            account.output = lastName(of: path)
            try photo.suited(result.image).write(
                to: path, metadata: noMetadata ? [:] : account.metadata(), record: photo.record,
                options: writing.options, replacing: replacing)
        }
        if json {
            Terminal.print(try jsonText(account))
        } else if !speech.quiet {
            Outputs.tell(Self.line(path, account), beside: [path, trace])
        }
    }

    /// One line for people: file, inversion, and how well it leads back.
    private static func line(_ path: String, _ account: SamplingRecord) -> String {
        func text(_ decibels: Double?) -> String {
            decibels.map { String(format: "%.1f dB", $0) } ?? "exact"
        }
        let kept = account.inversionKept == true ? ", kept from before" : ""
        return "\(Outputs.name(path)) (\((account.inversion ?? .ddim).rawValue)\(kept)"
            + String(format: ", round trip error %.4f", account.roundTripError ?? 0)
            + ", reconstruction \(text(account.decibels)), autoencoder alone \(text(account.ceiling))"
            + ", \(account.cost.forwards) passes)"
    }
}
