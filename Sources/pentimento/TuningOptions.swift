import ArgumentParser
import Editing
import Foundation
import Imaging
import StillLife
import Support

/// What a few pictures are learnt from, and how: the settings of `tune lora`, and the pictures of `tune diffusionclip`.
struct TuningOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A folder of pictures of one thing or kind, or one picture.", valueName: "dir"))
    var pictures: String?

    @Option(
        help: ArgumentHelp(
            "Learn from so many rendered still lifes instead (lora: each told by its caption; diffusionclip: those that "
                + "look like photos).", valueName: "n"))
    var stillLife: Int?

    @Option(
        help: ArgumentHelp(
            "What pictures of the whole class show, such as \"a photo of a mug\": the model makes some and learns them too, "
                + "so that it keeps the class.", valueName: "text"))
    var priorPrompt: String?

    @Option(help: ArgumentHelp("How many pictures of the class; 100 (fast: 20).", valueName: "n"))
    var priorPictures: Int?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("What their loss is multiplied by; 1.", valueName: "λ"))
    var priorWeight: Double?

    @Option(
        parsing: .unconditional,
        help: "What the adapters count, times the rank; by default the rank, which is a strength of 1.")
    var alpha: Double?

    @Option(parsing: .unconditional, help: "AdamW's weight decay; 0.01.")
    var weightDecay: Double?

    @Option(parsing: .unconditional, help: "The length that gradients are shortened to; 1.")
    var gradientClip: Double?

    /// The names of what was given.
    var given: [String] {
        let all: [(String, Bool)] = [
            ("--pictures", pictures != nil), ("--still-life", stillLife != nil),
            ("--prior-prompt", priorPrompt != nil), ("--prior-pictures", priorPictures != nil),
            ("--prior-weight", priorWeight != nil), ("--alpha", alpha != nil),
            ("--weight-decay", weightDecay != nil), ("--gradient-clip", gradientClip != nil),
        ]
        return all.filter(\.1).map(\.0)
    }

    func validate() throws {
        if priorPrompt == nil,
            let name = given.first(where: { ["--prior-pictures", "--prior-weight"].contains($0) })
        {
            throw ValidationError(
                "\(name) is of pictures of the class; say with --prior-prompt what they show")
        }
        if let stillLife, !(1...1000).contains(stillLife) {
            throw ValidationError("--still-life is \(stillLife); it must lie in 1...1000")
        }
    }

    /// What is to be learnt.
    /// - Parameters:
    ///   - prompt: what all pictures show.
    ///   - side: pixels of the square that is learnt from.
    func examples(
        prompt: String?, side: @autoclosure () throws -> Int, seed: UInt64, pixelLimit: Int
    ) throws -> [DreamBoothRequest.Example] {
        if let stillLife {
            guard pictures == nil, prompt == nil else {
                throw Failure.usage(
                    "--still-life renders pictures and tells each by its caption; it does not go with --pictures or "
                        + "--prompt")
            }
            let side = try side()
            return (0..<stillLife).map { index in
                let scene = Scene.random(seed: seed &+ UInt64(index))
                return .init(image: scene.rendering(size: side).image, prompt: scene.caption)
            }
        }
        guard pictures != nil else {
            throw Failure.usage("tune lora needs pictures: name their folder with --pictures")
        }
        guard let prompt else { throw Failure.usage("tune lora needs --prompt: what the pictures show") }
        return try photos(pixelLimit: pixelLimit).map { .init(image: $0, prompt: prompt) }
    }

    /// Pictures of one kind: those of the folder, or still lifes that look like photos.
    /// - Parameter side: pixels of the square that is learnt from.
    func images(side: @autoclosure () throws -> Int, seed: UInt64, pixelLimit: Int) throws -> [Image] {
        guard let stillLife else { return try photos(pixelLimit: pixelLimit) }
        guard pictures == nil else {
            throw Failure.usage("--still-life and --pictures exclude each other; leave one out")
        }
        var choices = SceneChoices()
        choices.styles = [.photo]
        let side = try side()
        return (0..<stillLife).map {
            Scene.random(seed: seed &+ UInt64($0), from: choices).rendering(size: side).image
        }
    }

    private func photos(pixelLimit: Int) throws -> [Image] {
        guard let pictures else { return [] }
        return try PhotoList.images(at: pictures).map {
            try Photo(contentsOf: $0, pixelLimit: pixelLimit).image
        }
    }

    /// Images of the class, if any are to be learnt.
    func prior(_ preset: Preset) -> DreamBoothRequest.Prior? {
        priorPrompt.map {
            var prior = DreamBoothRequest.Prior(prompt: $0, preset: preset)
            prior.count = priorPictures ?? prior.count
            prior.weight = priorWeight ?? prior.weight
            return prior
        }
    }
}
