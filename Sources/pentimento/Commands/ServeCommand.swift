import ArgumentParser
import Foundation

/// `pentimento serve`: a local page and an HTTP interface, by the program beside this one.
///
/// That is a program of its own because it is linked to SQLite, without which this one is to start too.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serves a page for editing pictures, and an HTTP interface, on this machine.",
        discussion: "`pentimento serve --help` lists the options: they are those of pentimento-serve.",
        helpNames: [])

    @Argument(parsing: .captureForPassthrough, help: "Options of the service.")
    var arguments: [String] = []

    func run() throws {
        let program = "\(Program.folder ?? ".")/pentimento-serve"
        let words = [program] + arguments
        var pointers = words.map { strdup($0) } + [nil]
        execv(program, &pointers)
        let reason = String(cString: strerror(errno))
        pointers.forEach { free($0) }
        throw Failure(
            .unavailable,
            "\(program) cannot be started (\(reason)); build it with make build, it is not part of the GPU bundle"
        )
    }
}
