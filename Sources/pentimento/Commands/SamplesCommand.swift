import ArgumentParser
import Diffusion
import Editing
import Foundation
import Imaging
import Service
import Support

/// `pentimento samples`: many images of one model on one sheet.
struct SamplesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "samples",
        abstract: "Makes a picture for every line of a file, or between two prompts, on one sheet.",
        discussion: """
            pentimento samples prompts.txt --seed 1 --columns 8 -o samples.png
            pentimento samples --from "a red apple" --to "a green pear" --frames 8 --seed 1 -o between.png

            Every picture is the one that generate makes of the same prompt and seed; they share passes, which saves time.
            """)

    @Argument(help: "A file with a prompt on every line; - is standard input.")
    var file: String?

    @Option(help: ArgumentHelp("The prompt of the first frame.", valueName: "prompt"))
    var from: String?

    @Option(help: ArgumentHelp("The prompt of the last frame.", valueName: "prompt"))
    var to: String?

    @Option(help: "Pictures from one prompt to the other, both included.")
    var frames = 8

    @Option(help: "Pictures in a row.")
    var columns = 8

    @Option(help: "Pixels that every picture is made to fit; by default each keeps its size.")
    var side: Int?

    @Flag(help: "A seed of its own for every prompt: the given one, the next, and so on.")
    var ownSeeds = false

    @Flag(help: "No captions.")
    var bare = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The sheet to write; - is standard output.", valueName: "file"))
    var output: String

    @OptionGroup var accounts: AccountOptions
    @OptionGroup var sampling: SamplingOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var speech: SpeechOptions

    func validate() throws {
        if (file == nil) == (from == nil) || (from == nil) != (to == nil) {
            throw ValidationError("give a file of prompts, or both --from and --to")
        }
        if !(1...64).contains(columns) {
            throw ValidationError("--columns is \(columns); it must lie in 1...64")
        }
        if !(2...1000).contains(frames) {
            throw ValidationError("--frames is \(frames); it must lie in 2...1000")
        }
        if let side, !(8...4096).contains(side) {
            throw ValidationError("--side is \(side); it must lie in 8...4096")
        }
    }

    func run() async throws {
        try Outputs.check(image: output)
        let lines = try file.map(Self.prompts)
        let session = try ModelSession(
            model, compute, speech, at: try model.path(for: lines ?? [from, to], speech.log))
        let (seed, steps, guidance) = (sampling.seed.drawn(), sampling.steps ?? 50, sampling.guidance ?? 5)
        _ = try session.folder.schedule.levels(steps: steps)
        let (from, to, frames, ownSeeds) = (from ?? "", to ?? "", frames, ownSeeds)
        let (images, facts) = try await session.result { diffusion in
            diffusion.advise(on: (lines ?? []).enumerated().map { ("prompt in line \($0 + 1)", $1) })
            let prompts =
                try lines.map {
                    try $0.enumerated().map { try diffusion.prompt($1, as: "prompt in line \($0 + 1)") }
                }
                ?? diffusion.prompts(from: from, to: to, count: frames)
            let seeds = prompts.indices.map { ownSeeds ? seed &+ UInt64($0) : seed }
            return (
                try diffusion.samples(of: prompts, seeds: seeds, steps: steps, guidance: guidance),
                diffusion.model.facts
            )
        }
        try Task.checkCancellation()
        let captions = lines ?? (0..<frames).map { $0 == 0 ? from : $0 == frames - 1 ? to : "" }
        let cells = zip(images, captions).map { image, caption in
            ContactSheet.Cell(image.fitted(side), caption: bare ? "" : caption)
        }
        let account = SheetRecord(
            command: "samples", output: lastName(of: output), seed: seed, model: facts,
            pictures: try captions.enumerated().map { index, caption in
                let made = Sample(
                    prompt: caption, seed: ownSeeds ? seed &+ UInt64(index) : seed, steps: steps,
                    guidance: guidance)
                return .init(label: caption, account: try JSONValue(encoding: made))
            }, by: Program.producer)
        try ContactSheet(cells, columns: columns, textScale: 1).image()
            .write(to: output, metadata: accounts.texts(account))
        if !speech.quiet { Outputs.tell("\(Outputs.name(output)) (seed \(seed))", beside: [output]) }
    }

    /// How one of the images was made.
    private struct Sample: Encodable {
        var prompt: String
        var seed: UInt64
        var steps: Int
        var guidance: Double
    }

    private static func prompts(of file: String) throws -> [String] {
        let lines = try TextLines.read(file)
        guard (1...10_000).contains(lines.count) else {
            throw Failure.badInput(
                "\(file) holds \(lines.count) prompts; from 1 to 10000 can be made at a time")
        }
        return lines
    }
}
