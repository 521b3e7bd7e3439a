import ArgumentParser
import Editing
import Foundation
import Service
import Support
import Tensors

/// The program: its subcommands, and what becomes of their errors.
@main
struct Pentimento: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pentimento",
        abstract:
            "Edits pictures by text: what the text changes is painted over, everything else shows through.",
        discussion: """
            pentimento edit apple.png --prompt "a green pear on a wooden table"

            A model is an ordinary diffusers folder; the one that comes with the program is used where none is named. \
            Exit status: 0 for success, 64 for wrong usage, 65 for input that cannot be used, 66 for a missing \
            file, 70 for a fault of the program or its libraries, 130 when interrupted.
            """,
        version: Program.version,
        subcommands: [
            EditCommand.self, AdviseCommand.self, CompareCommand.self, StudyCommand.self, MethodsCommand.self,
            GenerateCommand.self, RegionsCommand.self,
            InvertCommand.self, InspectCommand.self, SheetCommand.self, SamplesCommand.self,
            StillLifeCommand.self, TuneCommand.self, TrainCommand.self, JudgeCommand.self,
            EvaluateCommand.self,
            ScoreCommand.self, ServeCommand.self, BenchmarkCommand.self, DoctorCommand.self,
            ProbeCommand.self, BenchCommand.self,
        ])

    static func main() async {
        // A pipe whose reader left is an error of `write`, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        Terminal.prepare()
        // Waiting threads sleep instead of spinning: on a busy machine small networks are many times faster so. Read
        // by the OpenMP runtime when libtorch is opened; whoever sets it otherwise is obeyed.
        setenv("OMP_WAIT_POLICY", "passive", 0)
        Torch.tuneProcess()
        tensorFailureHandler = { message in Terminal.end(.fault, message) }
        do {
            var command = try parseAsRoot(arguments(Array(CommandLine.arguments.dropFirst())))
            if let asynchronous = command as? any AsyncParsableCommand {
                // It is used nowhere but in the one task.
                nonisolated(unsafe) var asynchronous = asynchronous
                try await interruptible { try await asynchronous.run() }
            } else {
                try command.run()
            }
        } catch {
            end(error)
        }
        Terminal.end(.success)
    }

    /// The arguments as the library is to read them.
    /// - Throws: `Failure` for a first word that is no subcommand, or an option that the command does not have.
    static func arguments(_ typed: [String]) throws -> [String] {
        // The library answers help, version and shells that ask how to complete a line.
        guard let word = typed.first, !word.hasPrefix("-"), word != "help", !word.isEmpty else {
            return typed
        }
        guard let command = configuration.subcommands.first(where: { $0._commandName == word }) else {
            let names = configuration.subcommands.map { $0._commandName } + ["help"]
            throw Failure.usage(
                "there is no command \"\(word)\""
                    + (names.nearest(to: word).map { "; did you mean \($0)?" } ?? "")
                    + " (see `pentimento --help`)")
        }
        // Its options are another program's.
        guard command != ServeCommand.self else { return typed }
        guard typed.contains(where: { $0.hasPrefix("-") && $0.count > 1 }) else { return typed }
        return [word] + (try CommandWords(of: command).joined(Array(typed.dropFirst())))
    }

    /// Ends the process as an error asks for: help and the like on standard output, all else in one line.
    private static func end(_ error: any Error) -> Never {
        switch error {
        case let failure as Failure: Terminal.end(failure.status, failure.message)
        case is CancellationError: Terminal.end(.interrupted, "interrupted; nothing was written")
        default: break
        }
        // The library knows its own errors: asked for help, for the version, or wrong arguments.
        let code = exitCode(for: error)
        if code.isSuccess {
            Terminal.print(fullMessage(for: error))
            Terminal.end(.success)
        }
        if code == .validationFailure {
            Terminal.end(.usage, message(for: error) + " (see `\(Program.helpHint)`)")
        }
        let failure = Failure(describing: error)
        Terminal.end(failure.status, failure.message)
    }
}

/// Facts about this program.
enum Program {
    /// The version, as `--version` prints it and images record it.
    static let version = Producer.packageVersion

    /// The program as its records name it.
    static let producer = Producer(naming: .flags)

    /// Where it looks for models by name.
    static var places: ModelPlaces { ModelPlaces(beside: folder) }

    /// The help of the subcommand that was typed, or of the whole program.
    static var helpHint: String {
        let typed = CommandLine.arguments.dropFirst().first ?? ""
        let known = Pentimento.configuration.subcommands.map { $0._commandName }
        return (["pentimento"] + (known.contains(typed) ? [typed] : []) + ["--help"]).joined(separator: " ")
    }

    /// The folder that the executable lies in, links followed.
    static var folder: String? {
        guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return nil
        }
        return enclosingFolder(of: path)
    }
}
