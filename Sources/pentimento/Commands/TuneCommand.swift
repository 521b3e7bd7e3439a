import ArgumentParser
import Diffusion
import Editing
import Foundation
import Imaging
import Logging
import Networks
import Service
import StillLife
import Support
import Tensors

/// `pentimento tune`: what is learnt of pictures, as a file for later edits.
struct TuneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "Learns from pictures before they are edited, into a file for later use.",
        discussion: """
            pentimento tune hiper cat.jpg --source "a photo of a cat" -o cat.safetensors
            pentimento tune imagic cat.jpg --prompt "a sitting cat" --trainable lora -o sitting.safetensors
            pentimento tune lora --pictures mugs/ --prompt "a photo of sks mug" -o mug.safetensors
            pentimento tune diffusionclip --still-life 30 --source "a photo" --prompt "a pencil sketch" -o pencil.safetensors

            hiper, imagic and diffusionclip learn what edit --method hiper or imagic learns by itself, of one photo; edit \
            --tuned FILE then tunes nothing. diffusionclip with --pictures learns the way from --source to --prompt for every \
            picture of their kind. lora teaches the model a thing or a style of a few pictures under a word of its own (DreamBooth); \
            its file is a LoRA that diffusers loads too, and goes with any method: edit --tuned FILE, or --lora FILE.

            Ctrl-C leaves a checkpoint with the kept inversions, and so does whatever else ends it; the same command goes on \
            from there to the same result. inspect FILE tells what a file was made from.
            """)

    @Argument(help: "What learns: hiper, imagic, diffusionclip or lora.")
    var method: String

    @Argument(
        help: ArgumentHelp(
            "The photo, for hiper, imagic and diffusionclip; - is standard input.", valueName: "photo"))
    var photo: String?

    @Option(
        name: .shortAndLong,
        help: "What the picture is to show (imagic, diffusionclip), or what the pictures show (lora).")
    var prompt: String?

    @Option(name: .shortAndLong, help: "What the photo shows now (hiper, diffusionclip).")
    var source: String?

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The file.", valueName: "file.safetensors"))
    var output: String

    @Option(help: ArgumentHelp(stringLiteral: Preset.help))
    var preset: Preset?

    @Option(
        help: ArgumentHelp("An option of the method; may be given several times.", valueName: "key=value"))
    var option: [String] = []

    @Option(help: ArgumentHelp("Steps of the optimiser (hiper, diffusionclip, lora).", valueName: "n"))
    var stepsTuning: Int?

    @Option(parsing: .unconditional, help: "Its learning rate (hiper, diffusionclip, lora).")
    var learningRate: Double?

    @Option(help: "What of the UNet is tuned: full, attention or lora (imagic, diffusionclip, lora).")
    var trainable: String?

    @Option(help: "Rank of the adapters (imagic, diffusionclip, lora).")
    var rank: Int?

    @Option(
        parsing: .unconditional,
        help: "What noise and timesteps follow from; 0 where none is given.")
    var seed: Int?

    @Option(help: "Long side in pixels that the model works at; by default the model's own.")
    var size: Int?

    @Option(help: "The most pixels a photo may have.")
    var pixelLimit = Image.defaultPixelLimit

    @Flag(help: "Print the file's record as JSON.")
    var json = false

    @OptionGroup(title: "Pictures (lora, diffusionclip)") var learning: TuningOptions
    @OptionGroup var towers: CLIPOptions
    @OptionGroup var keeping: CacheOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Computing") var compute: ComputeOptions
    @OptionGroup var speech: SpeechOptions

    func validate() throws {
        if pixelLimit < 1 { throw ValidationError("--pixel-limit is \(pixelLimit); it must be at least 1") }
    }

    func run() async throws {
        try Outputs.check(file: output)
        let job: Job
        switch method {
        case "lora", "dreambooth": job = try weights()
        case _ where isDirection && learning.given.contains(where: Self.naming): job = try direction()
        default: job = try learnt()
        }
        let session = try ModelSession(
            model, compute, speech, at: try model.path(for: job.prompts, photo: job.photo, speech.log))
        let record: TunedRecord
        do {
            record = try await session.result(finishing: true, of: job.run)
        } catch is CancellationError {
            let rest =
                keeping.noCache ? "nothing was written" : "the same command goes on from its checkpoint"
            throw Failure(.interrupted, "interrupted; \(rest)")
        }
        if json {
            Terminal.print(try jsonText(record))
        } else if !speech.quiet {
            Outputs.tell("\(Outputs.name(output)) (\(TunedText(record).short))", beside: [output])
        }
    }

    /// What is to be done, once everything that can be refused was.
    private struct Job {
        /// What is said in words.
        let prompts: [String?]
        /// The photo's file.
        var photo: String?
        let run: @Sendable (DiffusionSession) throws -> TunedRecord
    }

    /// Whether what learns is the way from one text to another, of one picture or of many.
    private var isDirection: Bool {
        (try? Registry.method(named: method).description.name) == DiffusionCLIPEdit.description.name
    }

    /// Whether a flag names the pictures to learn from.
    private static func naming(_ flag: String) -> Bool { ["--pictures", "--still-life"].contains(flag) }

    /// What a method learns of a photo.
    private func learnt() throws -> Job {
        guard learning.given.isEmpty else {
            throw Failure.usage("\(learning.given[0]) is for tune lora; \(method) learns from one photo")
        }
        guard let photo else {
            throw Failure.usage(
                "tune \(method) needs a photo\(isDirection ? ", or several with --pictures" : "")")
        }
        // What shows the picture as it is says enough where that is what is learnt.
        let description = try Registry.method(named: method).description
        let wanted = prompt ?? (description.needs.source == .required && !isDirection ? source : nil) ?? ""
        let options = try methodOptions(description)
        let settings = EditSettings(prompt: wanted, source: source, method: method) {
            $0.options = options
            $0.preset = preset
            $0.workingSide = size
        }
        try settings.checkTuning()
        let image = try Photo(contentsOf: photo, pixelLimit: pixelLimit).image
        var request = EditRequest(settings, image: image)
        request.clip = try towers.source(for: description) { try silentPath([prompt, source], photo: photo) }
        let (asked, cache, output) = (request, keeping.cache, output)
        return Job(prompts: [prompt, source], photo: photo) {
            try $0.tune(asked, cache: cache, program: Program.producer.description, to: output)
        }
    }

    /// What several pictures teach of the way from one text to another.
    private func direction() throws -> Job {
        if photo != nil {
            throw Failure.usage("tune \(method) takes a photo, or several with --pictures; leave one out")
        }
        if let other = learning.given.first(where: { !Self.naming($0) }) {
            throw Failure.usage("\(other) is for tune lora")
        }
        guard let source else { throw EditingError.missing(.source(), method: method) }
        let description = try Registry.method(named: method).description
        let options = try methodOptions(description)
        let seed = try checkedSeed()
        let images = try learning.images(side: try size ?? ownSide(), seed: seed, pixelLimit: pixelLimit)
        guard
            let clip = try towers.source(for: description, model: { try silentPath([prompt, source]) })
        else { throw EditingError.missing(.clip, method: method) }
        let request = DiffusionCLIPRequest(
            images: images, source: source, prompt: prompt ?? "", options: options, preset: preset ?? .paper,
            clip: clip, side: size)
        try request.check()
        let (cache, output) = (keeping.cache, output)
        return Job(prompts: [prompt, source]) {
            try $0.tune(request, cache: cache, program: Program.producer.description, to: output)
        }
    }

    /// What noise and timesteps follow from.
    private func checkedSeed() throws -> UInt64 {
        guard let seed = UInt64(exactly: seed ?? 0) else {
            throw Failure.usage("--seed is \(seed ?? 0); it must be a whole number from 0 on")
        }
        return seed
    }

    /// The model's folder, without a word about why it is that one.
    private func silentPath(_ prompts: [String?], photo: String? = nil) throws -> String {
        try model.path(
            for: prompts, photo: photo, Logger(label: "pentimento") { _ in SwiftLogNoOpLogHandler() })
    }

    /// The method's options, those among them that have flags of their own.
    private func methodOptions(_ description: MethodDescription) throws -> [String: String] {
        var options = try Options.parse(option)
        let (needs, known) = (description.needs, description.options.map(\.name))
        let given: [(flag: String, name: String, value: String?)] = [
            ("--steps-tuning", "tuning-steps", stepsTuning.map { "\($0)" }),
            ("--learning-rate", "learning-rate", learningRate.map { "\($0)" }),
            ("--trainable", "trainable", trainable), ("--rank", "rank", rank.map { "\($0)" }),
            ("--seed", "tuning-seed", seed.map { "\($0)" }),
        ]
        for (flag, name, value) in given {
            guard let value else { continue }
            guard known.contains(name) || !needs.tuning else {
                throw Failure.usage(
                    "\(flag) is not for \(method); --option takes \(known.joined(separator: ", "))")
            }
            options[name] = value
        }
        return options
    }

    /// What a few pictures teach the model.
    private func weights() throws -> Job {
        if photo != nil {
            throw Failure.usage("tune lora takes a folder of pictures, or one picture, with --pictures")
        }
        if source != nil { throw Failure.usage("tune lora has no use for --source") }
        if let option = option.first {
            throw Failure.usage("tune lora has no option \(option); see tune --help")
        }
        guard model.lora.isEmpty else {
            throw Failure.usage("tune lora learns over a model's own weights; leave out --lora")
        }
        let preset = preset ?? .paper
        guard [.paper, .official, .fast].contains(preset) else {
            throw EditingError.badValue(
                name: "preset", value: preset.rawValue, expected: "one of paper, official, fast for lora")
        }
        guard let trainable = Trainable(rawValue: trainable ?? "lora") else {
            throw EditingError.badValue(
                name: "trainable", value: trainable ?? "",
                expected: "one of \(Trainable.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        guard trainable == .lora || (rank == nil && learning.alpha == nil) else {
            throw Failure.usage("--rank and --alpha are of adapters; they go with --trainable lora")
        }
        let seed = try checkedSeed()
        let examples = try learning.examples(
            prompt: prompt, side: try size ?? ownSide(), seed: seed, pixelLimit: pixelLimit)
        var request = DreamBoothRequest(
            examples, trainable: trainable, prior: learning.prior(preset), preset: preset)
        request.rank = rank ?? request.rank
        request.alpha = learning.alpha
        request.steps = stepsTuning ?? request.steps
        request.learningRate = learningRate ?? request.learningRate
        request.weightDecay = learning.weightDecay ?? request.weightDecay
        request.clip = learning.gradientClip ?? request.clip
        request.seed = seed
        request.side = size
        try request.check()
        let (asked, cache, output) = (request, keeping.cache, output)
        return Job(prompts: examples.map(\.prompt) + [learning.priorPrompt]) {
            try $0.tune(asked, cache: cache, program: Program.producer.description, to: output)
        }
    }

    /// Pixels of a side that the model was trained at which fits rendered still lifes.
    private func ownSide() throws -> Int {
        let folder = try ModelFolder(path: try silentPath([Scene.random(seed: 0).caption]))
        return folder.unet.sampleSize * folder.autoencoder.spatialFactor
    }
}
