import Foundation
import Logging
import Support
import Vault

/// The end of the process: a status as sysexits.h numbers them, and one line on standard error.
enum Exit: Int32 {
    case success = 0
    case usage = 64
    case badInput = 65
    case missing = 66
    case unavailable = 69
    case fault = 70
    case interrupted = 130

    /// Ends the process at once, without the exit handlers of loaded libraries.
    static func now(_ status: Exit, _ message: String = "") -> Never {
        if !message.isEmpty { LineLog.say("pentimento: \(message)") }
        fflush(nil)
        _exit(status.rawValue)
    }

    /// Ends the process as an error asks for.
    static func now(for error: any Error) -> Never {
        let text = Naming.options.text(of: error)
        switch error {
        case is AddressTaken, is TorchMissing, VaultError.taken: now(.unavailable, text)
        case let error as any UserError:
            switch error.kind {
            case .request: now(.usage, text)
            case .badInput, .unsupported: now(.badInput, text)
            case .missing: now(.missing, text)
            case .environment, .fault: now(.fault, text)
            }
        default: now(.fault, text)
        }
    }
}

extension Naming {
    /// As options are given on the command line.
    static let options = Naming { control in
        switch control {
        case .setting(let name, let value): "--\(name)" + (value.map { " \($0)" } ?? "")
        case .command(let name): "pentimento \(name)"
        }
    }
}

/// Writes `pentimento: warning: …` lines to standard error.
struct LineLog: LogHandler {
    var metadata = Logger.Metadata()
    var logLevel: Logger.Level

    init(level: Logger.Level) { logLevel = level }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { Self.say("pentimento: \(event.level): \(event.message)") }

    /// A line, whatever control characters somebody put into it.
    static func say(_ text: String, to descriptor: Int32 = STDERR_FILENO) {
        let line =
            String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 ? " " : $0 })) + "\n"
        try? Array(line.utf8).withUnsafeBytes { try WholeFile.writeAll($0, to: descriptor) }
    }
}

/// The user's browser.
enum Browser {
    /// Shows a page, where there is something that can.
    static func open(_ address: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["xdg-open", address]
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try? process.run()
    }
}
