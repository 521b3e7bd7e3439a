import ArgumentParser
import Diffusion
import Editing
import Foundation
import Perception
import PhotoStudy
import Service
import StillLifeStudy

/// `pentimento evaluate`: the numbers of a model's card.
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measures a model on held-out still lifes or photos: the numbers of its card.",
        discussion: """
            pentimento evaluate still-life --guidance 3 -o Documentation/evaluation.json
            pentimento evaluate flowers --photos build/flowers -o build/evaluation.json

            Autoencoder and inversion in dB, generated pictures as the judge sees them with 95 % intervals, the judge's own \
            accuracy, cosines by the pair of towers, attention against true objects, DiffEdit's masks against true edits, and \
            what a text-prompted segmentation finds against true objects. A part with count 0 is left out. Judge, pair and \
            segmentation are the folders MODEL-judge, MODEL-clip and MODEL-clipseg beside the model, where no others are named.

            With photos: the autoencoder in dB, the judge's own accuracy, generated pictures of every kind in the colours             that it has as the judge sees them, edits of colour against their true results, and edits of kind.
            """)

    @Argument(help: ArgumentHelp("A diffusers folder, or the name of one.", valueName: "model"))
    var model = Program.places.usual

    @Option(help: ArgumentHelp("The judge's folder.", valueName: "dir"))
    var judge: String?

    @Option(help: ArgumentHelp("The folder of the pair of towers.", valueName: "dir"))
    var clip: String?

    @Option(
        help: ArgumentHelp("The folder of the network that finds what texts name.", valueName: "dir"))
    var segmentation: String?

    @Option(
        help: """
            The first scene's seed, \(EvaluationSettings().seed) where not given; scenes from here on must not have been \
            trained on. With photos, what all choices follow from: 1 where not given.
            """)
    var seed: UInt64?

    @Option(help: "Prompts with one object.")
    var singles = EvaluationSettings().singles

    @Option(help: "Prompts with two objects.")
    var pairs = EvaluationSettings().pairs

    @Option(help: "Steps of every trajectory.")
    var steps = EvaluationSettings().steps

    @Option(help: "Guidance scale of generated pictures.")
    var guidance = EvaluationSettings().guidance

    @Option(help: "Renders or photos that go through the autoencoder.")
    var reconstructions = EvaluationSettings().reconstructions

    @Option(help: "Renders that are inverted and brought back.")
    var inversions = EvaluationSettings().inversions

    @Option(help: "Renders whose attention is looked at.")
    var maps = EvaluationSettings().maps

    @Option(help: "Edits whose masks DiffEdit has to find.")
    var edits = EvaluationSettings().edits

    @Option(help: "Renders in which what is there has to be found.")
    var finds = EvaluationSettings().finds

    @Option(name: .shortAndLong, help: ArgumentHelp("Where the numbers go as JSON.", valueName: "file"))
    var output: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup(title: "Photos") var photos: PhotoOptions
    @OptionGroup(title: "Photos") var measuring: PhotoEvaluationOptions
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var speech: SpeechOptions

    func validate() throws {
        for (name, count) in [
            ("singles", singles), ("pairs", pairs), ("reconstructions", reconstructions),
            ("inversions", inversions), ("maps", maps), ("edits", edits), ("finds", finds),
        ] where !(0...1_000_000).contains(count) {
            throw ValidationError("--\(name) is \(count); it must lie in 0...1000000")
        }
        if steps < 1 { throw ValidationError("--steps is \(steps); it must be a whole number from 1 on") }
        if !Limits.guidance.contains(guidance) {
            throw ValidationError("--guidance is \(guidance); it must be a number from 0 to 100")
        }
    }

    func run() async throws {
        if let output { try Outputs.check(file: output) }
        try Outputs.checkDistinct([("-o", output), ("--json", json ? "-" : nil)])
        let place = try Program.places.folder(of: model)
        let judgePlace = try ModelPlaces.companion(judge, of: place, "judge")
        let photoSet = try photos.set(judge: judgePlace)
        let photoSettings = try measuring.settings()
        let session = try ModelSession(.only(place), compute, speech)
        if let photoSet {
            try tell(try await measure(photoSet, photoSettings, judge: judgePlace, with: session))
        } else {
            let clipPlace = try ModelPlaces.companion(clip, of: place, "clip")
            let finderPlace = try ModelPlaces.companion(segmentation, of: place, "clipseg")
            try tell(
                try await measureStillLifes(
                    judge: judgePlace, clip: clipPlace, finder: finderPlace, with: session))
        }
    }

    /// The numbers of a still-life model.
    private func measureStillLifes(
        judge: String?, clip: String?, finder: String?, with session: ModelSession
    ) async throws -> EvaluationReport {
        var settings = EvaluationSettings()
        (settings.seed, settings.singles, settings.pairs) = (seed ?? settings.seed, singles, pairs)
        (settings.steps, settings.guidance) = (steps, guidance)
        (settings.reconstructions, settings.inversions) = (reconstructions, inversions)
        (settings.maps, settings.edits, settings.finds) = (maps, edits, finds)
        let (asked, device) = (settings, session.device)
        return try await session.result { diffusion in
            try diffusion.evaluate(
                asked, judge: try judge.map { try Judge(folder: $0, device: device) },
                pair: try clip.map { try CLIPScorer(folder: $0, device: device) },
                finder: try finder.map { try CLIPSeg(folder: $0, device: device) })
        }
    }

    /// The numbers of a model of photos.
    private func measure(
        _ photoSet: PhotoSet, _ settings: PhotoEvaluationSettings, judge: String?, with session: ModelSession
    ) async throws -> PhotoEvaluationReport {
        var settings = settings
        (settings.seed, settings.part) = (seed ?? settings.seed, photos.part)
        (settings.steps, settings.guidance) = (steps, guidance)
        settings.reconstructions = reconstructions
        let (asked, device) = (settings, session.device)
        return try await session.result { diffusion in
            try diffusion.evaluate(
                asked, photos: photoSet, judge: try judge.map { try LabelJudge.needed($0, device: device) })
        }
    }

    /// Writes and prints a report.
    private func tell(_ report: some Encodable & CustomStringConvertible) throws {
        try Task.checkCancellation()
        let text = try jsonText(report)
        if let output { try Outputs.write(text: text + "\n", to: output) }
        if json {
            Terminal.print(text)
        } else if !speech.quiet {
            Outputs.tell("\(report)", beside: [output])
        }
    }
}
