import Foundation
import TestSupport

extension Program {
    /// Runs a script in which `$BIN` is the program and `$MODEL` a tiny model: for pipes, redirections and links.
    static func shell(_ script: String, in folder: Folder) throws -> Outcome {
        let process = Process()
        let scratch = try Folder()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script]
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.environment = ProcessInfo.processInfo.environment.merging([
            "BIN": try path, "MODEL": Fixtures.model("tiny-sd1"), "PHOTO": image("plain.png"),
            "XDG_CACHE_HOME": scratch["cache"],
        ]) { $1 }
        for name in ["output", "errors"] {
            _ = FileManager.default.createFile(atPath: scratch[name], contents: nil)
        }
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch["output"]))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch["errors"]))
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return try Running(process: process, scratch: scratch).outcome()
    }
}
