import ArgumentParser
import Editing
import Foundation
import Imaging
import Logging
import Server
import Service
import Support
import Tensors
import Vault
import Workshop

/// `pentimento serve`: a local page and an HTTP interface.
@main
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serves a page for editing pictures, and an HTTP interface, on this machine.",
        usage: "pentimento serve [<options>]",
        discussion: """
            pentimento serve --no-open
            pentimento serve --host 0.0.0.0 --token auto

            The one line on standard output is the address. Everything that is accepted is kept in the data folder: what \
            was running when the program ended runs again. Ctrl-C stops it; a second one at once. Exit status 69: the port \
            is taken, or another instance works on the folder.
            """,
        version: Producer.packageVersion)

    @OptionGroup(title: "Address") var address: AddressOptions
    @OptionGroup(title: "Keeping") var keeping: KeepingOptions
    @OptionGroup(title: "Computing") var compute: ComputingOptions

    @Flag(help: "A line on standard error for each request: its verb, kind of address, status and time.")
    var logRequests = false

    @Flag(help: "No warnings.")
    var quiet = false

    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        // As the command line has it: waiting threads sleep instead of spinning.
        setenv("OMP_WAIT_POLICY", "passive", 0)
        Torch.tuneProcess()
        tensorFailureHandler = { Exit.now(.fault, $0) }
        let command: Serve
        do { command = try parse() } catch {
            let code = exitCode(for: error)
            if code.isSuccess {
                print(fullMessage(for: error))
                Exit.now(.success)
            }
            Exit.now(.usage, message(for: error) + " (see `pentimento serve --help`)")
        }
        do { try await command.run() } catch { Exit.now(for: error) }
        Exit.now(.success)
    }

    func run() async throws {
        let (device, dtype) = try compute.start()
        let log = Logger(label: "serve") { _ in
            LineLog(level: logRequests ? .info : quiet ? .error : .warning)
        }
        let vault = try Vault(folder: try keeping.folder(), quota: keeping.disk.count)
        let store = PictureStore(vault, pixelLimit: keeping.pixelLimit)
        let program = Self.programFolder
        let shelf = ModelShelf(
            in: ModelPlaces(beside: program), device: device, dtype: dtype, threads: compute.threads)
        var settings = Workshop.Settings()
        settings.limits = QueueLimits(all: keeping.queue)
        settings.modelsKept = compute.modelsKept
        settings.cache = InversionCache(folder: InversionCache.standardFolder)
        let workshop = Workshop(store, models: shelf, settings: settings)
        let server = try address.settings(in: vault.folder, beside: program)
        let host = ServiceHost(workshop, settings: server, logger: log)
        let grace = keeping.grace
        onInterrupt {
            Task { await host.stop(grace: grace) }
        } again: {
            Exit.now(.interrupted)
        }
        try await workshop.open()
        do {
            try await host.run { place in
                let line = server.line(at: place)
                LineLog.say(line, to: STDOUT_FILENO)
                if address.opens { Browser.open(line) }
            }
        } catch let error where AddressOptions.isTaken(error) {
            throw AddressTaken(host: server.host, port: server.port)
        }
        try vault.close()
    }

    /// The folder that the executable lies in, links followed.
    private static var programFolder: String? {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")).map(enclosingFolder)
    }
}

/// The port is in use.
struct AddressTaken: UserError {
    let host: String
    let port: Int

    var kind: UserErrorKind { .environment }
    var description: String {
        "\(host):\(port) is in use, perhaps by another pentimento serve; name another port with --port"
    }
}

extension ServerSettings {
    /// The address to show, with what is needed to get in.
    func line(at place: ServiceHost.Place) -> String {
        switch place {
        case .socket(let path): return "unix:\(path)"
        case .port(let port):
            let name = host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host
            return "http://\(name.contains(":") ? "[\(name)]" : name):\(port)/"
                + (token.map { "#token=\($0)" } ?? "")
        }
    }
}
