import Foundation
import TestSupport
import Testing

/// The built program, run as a process.
enum Program {
    /// What became of a run.
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String

        /// Lines on standard error.
        var errorLines: [Substring] { errors.split(separator: "\n") }
        /// Standard output as a JSON object.
        func json() throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
        }
    }

    /// The executable, which the build leaves beside the tests.
    static var path: String {
        get throws {
            let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            var folder = URL(fileURLWithPath: tests).deletingLastPathComponent()
            for _ in 0..<4 {
                let candidate = folder.appendingPathComponent("pentimento").path
                var isFolder: ObjCBool = false
                if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder),
                    !isFolder.boolValue
                {
                    return candidate
                }
                folder.deleteLastPathComponent()
            }
            throw Missing(near: tests)
        }
    }

    struct Missing: Error { let near: String }

    /// Runs the program to its end.
    @discardableResult
    static func run(
        _ arguments: [String], in folder: Folder? = nil, environment: [String: String] = [:]
    ) throws -> Outcome {
        let running = try start(arguments, in: folder, environment: environment)
        return try running.outcome()
    }

    /// A program that runs, its outputs going to files.
    struct Running {
        let process: Process
        let scratch: Folder

        /// Waits for its end.
        func outcome() throws -> Outcome {
            process.waitUntilExit()
            return Outcome(
                status: process.terminationReason == .exit
                    ? process.terminationStatus : -process.terminationStatus,
                output: try String(contentsOfFile: scratch["output"], encoding: .utf8),
                errors: try String(contentsOfFile: scratch["errors"], encoding: .utf8))
        }
    }

    /// Starts the program.
    static func start(
        _ arguments: [String], in folder: Folder? = nil, environment: [String: String] = [:]
    ) throws -> Running {
        let scratch = try Folder()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try path)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: (folder ?? scratch).path)
        // Nothing of a test stays in the user's own cache.
        process.environment = ProcessInfo.processInfo.environment
            .merging(["XDG_CACHE_HOME": scratch["cache"]]) { $1 }.merging(environment) { $1 }
        for name in ["output", "errors"] {
            _ = FileManager.default.createFile(atPath: scratch[name], contents: nil)
        }
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch["output"]))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch["errors"]))
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return Running(process: process, scratch: scratch)
    }
}

/// Images for the tests of `Imaging`, which serve here too.
func image(_ name: String) -> String {
    URL(fileURLWithPath: Fixtures.root).deletingLastPathComponent()
        .appendingPathComponent("ImagingTests/Fixtures/\(name)").path
}
