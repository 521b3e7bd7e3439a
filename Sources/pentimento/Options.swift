public import ArgumentParser
import Diffusion
import Foundation
import Logging
public import Service
import Support
import Tensors

/// What every command that says something understands.
struct SpeechOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "No progress and no warnings.")
    var quiet = false

    /// Takes warnings and notices to standard error.
    var log: Logger {
        var log = Logger(label: "pentimento") { _ in StandardErrorLog() }
        log.logLevel = quiet ? .error : .notice
        return log
    }

    /// The same, naming a file before what is said of it.
    func log(of file: String) -> Logger {
        var log = Logger(label: file) { _ in StandardErrorLog(about: file) }
        log.logLevel = quiet ? .error : .warning
        return log
    }

    /// A bar on standard error.
    var bar: ProgressBar { ProgressBar(isQuiet: quiet) }
}

/// Where and how networks compute.
struct ComputeOptions: ParsableArguments {
    @Option(help: "Where to compute: auto, cpu, cuda or cuda:N.")
    var device = "auto"

    @Option(help: "What to compute in: float32, bfloat16 or float16.")
    var dtype = DTypeName.float32

    @Option(
        help:
            "Threads of one operation on the CPU; by default one for small models. Others change a result's last digits."
    )
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads is \(threads); it must lie in 1...1024")
        }
    }

    /// Opens libtorch, sets its threads and answers the device and the type to compute in.
    func start() throws -> (device: Device, dtype: DType) {
        try Self.requireTorch()
        if let threads { Device.threadCount = threads }
        let device = try Device.named(device)
        return (device, dtype.dtype(on: device))
    }

    /// Opens libtorch, if nobody did before.
    static func requireTorch() throws {
        guard case .missing(let reasons) = Backend.opening else { return }
        throw Failure(
            .unavailable,
            "libtorch cannot be opened (\(reasons.joined(separator: "; "))); \(Backend.advice)")
    }
}

extension DTypeName: ExpressibleByArgument {}

/// Which model.
struct ModelOptions: ParsableArguments {
    @Option(
        name: [.short, .customLong("model")],
        help: ArgumentHelp(
            "A diffusers folder or a checkpoint file (.safetensors), the name of one in a Models folder (see doctor), or "
                + "ORG/NAME of one in the Hub cache; where none is named, the one of the program's own that knows more "
                + "of the prompts' words.", valueName: "name|dir|file"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "A file or folder whose autoencoder takes the place of the model's own.", valueName: "file|dir"))
    var vae: String?

    @Option(
        help: ArgumentHelp(
            "A file or folder whose text encoder takes the place of the model's own.", valueName: "file|dir"))
    var textEncoder: String?

    @Option(
        help: ArgumentHelp(
            "A folder whose tokenizer is used; by default the model's own, and CLIP's for a file.",
            valueName: "dir"))
    var tokenizer: String?

    @Option(
        help: ArgumentHelp(
            "A diffusers folder whose configurations describe the networks of a checkpoint file; by default the shapes of "
                + "its tensors do.", valueName: "dir"))
    var modelConfig: String?

    @Option(
        help: ArgumentHelp(
            "What the network answers, where the model says nothing or something wrong: epsilon or v.",
            valueName: "epsilon|v"))
    var prediction: PredictionName?

    @Option(
        help: ArgumentHelp(
            "A LoRA that is added to the model's weights; a strength other than 1 behind =, and that of the text encoder "
                + "behind a colon. May be given several times.", valueName: "file[=weight[:text]]"))
    var lora: [String] = []

    @Option(
        help: ArgumentHelp(
            "A textual inversion (.safetensors), called in prompts as its file is, without the ending, or by the word in "
                + "it. May be given several times.", valueName: "file"))
    var embedding: [String] = []

    /// A certain model with nothing added to it.
    static func only(_ model: String) -> ModelOptions {
        var options = ModelOptions()
        options.model = model
        (options.lora, options.embedding) = ([], [])
        (options.vae, options.textEncoder, options.tokenizer) = (nil, nil, nil)
        (options.modelConfig, options.prediction) = (nil, nil)
        return options
    }

    /// A model's folder or file, with what was named to take the place of its parts.
    func source(_ path: String) throws -> ModelSource {
        var source = ModelSource(path)
        source.autoencoder = vae
        source.textEncoder = textEncoder
        source.tokenizer = tokenizer
        source.configuration = modelConfig
        source.prediction = prediction?.prediction
        if modelConfig != nil, !source.isFile {
            throw Failure.usage(
                "--model-config describes a checkpoint file, and \(path) is a folder with its own")
        }
        return source
    }

    /// What networks answer, by the names people type.
    enum PredictionName: String, ExpressibleByArgument, CaseIterable {
        case epsilon, v
        case velocity = "v_prediction"

        var prediction: Prediction { self == .epsilon ? .noise : .velocity }
        static var allValueStrings: [String] { ["epsilon", "v"] }
    }

    /// The LoRAs that are meant, each seen to be one.
    func loras() throws -> [LoRAChoice] { try lora.map { try Self.lora($0).opening() } }

    /// A file and its strengths; what stands behind the last = are strengths unless a file has the whole name.
    /// - Parameters:
    ///   - option: what it was given with, for the message.
    ///   - most: how many strengths there may be: the UNet's, and the text encoder's.
    static func lora(_ text: String, as option: String = "--lora", most: Int = 2) throws -> LoRAChoice {
        guard !FileManager.default.fileExists(atPath: text), let place = text.lastIndex(of: "=") else {
            return LoRAChoice(path: text)
        }
        let strengths = text[text.index(after: place)...].split(
            separator: ":", omittingEmptySubsequences: false
        ).map { Double($0) }
        guard (1...most).contains(strengths.count), let unet = strengths[0],
            let words = strengths.last ?? nil,
            abs(unet) <= 100, abs(words) <= 100
        else {
            throw Failure.usage(
                "\(option) \(text) needs a number from -100 to 100 behind ="
                    + (most > 1 ? ", or two with a colon between" : ""))
        }
        return LoRAChoice(
            path: String(text[..<place]), strength: .init(unet: unet, textEncoder: words))
    }

    /// The folder that is meant; the usual one where none is named.
    func path() throws -> String { try Program.places.folder(of: model ?? Program.places.usual) }

    /// The folder that is meant; where none is named, the one that fits prompts and photo best, with a line that says
    /// why.
    /// - Parameter photo: the file that is worked on, where it is one.
    func path(for prompts: [String?], photo: String? = nil, _ log: Logger) throws -> String {
        guard model == nil,
            let choice = ModelChoice(for: prompts.compactMap(\.self), photo: photo, in: Program.places)
        else {
            return try path()
        }
        log.notice("\(choice.message.text(.flags))")
        return choice.path
    }
}

/// Writes `pentimento: warning: …` lines to standard error.
struct StandardErrorLog: LogHandler {
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.notice
    /// The file that is spoken of, if one is.
    var about: String?

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let place = about.map { "\($0): " } ?? ""
        Terminal.note("pentimento: \(event.level): \(place)\(event.message)")
    }
}
