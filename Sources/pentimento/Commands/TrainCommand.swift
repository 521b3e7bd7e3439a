import ArgumentParser
import Dispatch
import Foundation
import Synchronization
import Tensors
import Training

/// `pentimento train`: a model of one's own.
struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract:
            "Trains a small model (autoencoder, text encoder, UNet) into a diffusers folder, or a judge.",
        discussion: """
            pentimento train Configurations/still-life.json

            The same command goes on where an earlier run stopped, whatever stopped it. Ctrl-C finishes the step and \
            leaves a checkpoint. The configuration is JSON; keys that it does not name have defaults. It learns from \
            rendered still lifes, or from a folder of pictures with captions. With "kind": "judge" it trains the network \
            that says what still lifes show, with "kind": "clip" a pair of towers for pictures and texts, with "kind": \
            "pixels" an unconditional model in pixel space. All keys are on the page \
            Documentation/training-configuration.md; --schema prints them for editors and programs, --check says what a \
            configuration would do.
            """)

    @Argument(help: ArgumentHelp("What to train, on what and how long.", valueName: "config.json"))
    var configuration: String?

    @Option(help: "Stop after so many minutes and write the model as it is then.")
    var minutes: Double?

    @Option(help: "Threads of one operation, instead of the configuration's.")
    var threads: Int?

    @Option(help: "auto, cpu or cuda, instead of the configuration's.")
    var device: String?

    @Flag(help: "Only look at the configuration and what it names, and say what it would do.")
    var check = false

    @Flag(help: "Print the JSON schema of configurations.")
    var schema = false

    @Flag(help: "Only render or read the pictures that will be learned from.")
    var dataOnly = false

    @Flag(help: "Only write the model as the newest checkpoint has it; another process may be training it.")
    var export = false

    @Flag(help: "Going on from the newest checkpoint; this is always done.")
    var resume = false

    @OptionGroup var speech: SpeechOptions

    func validate() throws {
        if let minutes, !(minutes > 0 && minutes.isFinite) {
            throw ValidationError("--minutes is \(minutes); it must be above 0")
        }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads is \(threads); it must lie in 1...1024")
        }
        if [dataOnly, export, check, schema].count(where: { $0 }) > 1 {
            throw ValidationError("--data-only, --export, --check and --schema exclude each other")
        }
        if configuration == nil, !schema {
            throw ValidationError("name a configuration, such as Configurations/tiny.json")
        }
    }

    func run() async throws {
        guard let configuration, !schema else {
            return Terminal.print(String(decoding: try TrainingConfiguration.schema, as: UTF8.self))
        }
        var settings = try TrainingConfiguration(contentsOf: configuration)
        if let minutes { settings.timeLimitMinutes = minutes }
        if let threads { settings.threads = threads }
        if let device { settings.device = device }
        if check {
            let lines = try settings.examine()
            return Terminal.print((["\(configuration): \(settings.summary)"] + lines).joined(separator: "\n"))
        }
        try ComputeOptions.requireTorch()
        let isQuiet = speech.quiet
        let control = Self.control(isQuiet: isQuiet)
        let trainer = try Trainer(settings, control: control)
        if !isQuiet, !export, !dataOnly {
            Terminal.note("\(settings.summary); checkpoints are kept in \(settings.workFolder)")
        }
        onInterrupt {
            Terminal.note("stopping after this step; Ctrl-C again ends it at once")
            control.stop()
        }
        let job: @Sendable () throws -> TrainingEnd = { [dataOnly, export] in
            if !dataOnly { trainer.setThreadCount() }
            if export {
                try trainer.export()
                return .finished
            }
            if dataOnly {
                try trainer.prepareData()
                return control.isStopping ? .stopped : .finished
            }
            return try trainer.run()
        }
        let end = try await onThreadOfItsOwn { () throws -> TrainingEnd in
            do { return try job() } catch is CancellationError { return .stopped }
        }
        Terminal.show(bar: "")
        switch end {
        case .stopped:
            Terminal.end(.interrupted, "stopped; go on with: pentimento train \(configuration)")
        default:
            if !isQuiet {
                Terminal.print(
                    dataOnly ? "pictures are in \(settings.workFolder)" : "the model is in \(settings.output)"
                )
            }
        }
    }
}

extension TrainCommand {
    /// Tells on standard error what a trainer reports.
    private static func control(isQuiet: Bool) -> TrainingControl {
        TrainingControl { event in
            guard !isQuiet else { return }
            switch event {
            case .message(let text): Terminal.note(text)
            case .progress(let progress):
                // A line that moves for who watches, a line each time for a log file.
                if Terminal.isWatched {
                    Terminal.show(bar: "\(progress)")
                } else {
                    Terminal.note("\(progress)")
                }
            case .samples(let path): Terminal.note("samples: \(path)")
            case .checkpoint, .ended: break
            }
        }
    }
}

/// Does long synchronous work on a thread of its own, so that libtorch always sees the same one.
func onThreadOfItsOwn<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws
    -> Result
{
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread { continuation.resume(with: Swift.Result { try work() }) }
        // Deep recursion through gradients' closures wants more than the half megabyte of a secondary thread.
        thread.stackSize = 16 << 20
        thread.start()
    }
}
