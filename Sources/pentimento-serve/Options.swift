public import ArgumentParser
import Crypto
import Diffusion
import Editing
import Foundation
import Imaging
import NIOCore
import Server
public import Service
import Support
import Tensors
import Vault

/// Where it listens, and whom it answers.
struct AddressOptions: ParsableArguments {
    @Option(help: "The address to listen on; others than this machine's own need a token.")
    var host = "127.0.0.1"

    @Option(help: "The port; 0 takes one that is free.")
    var port = 7860

    @Option(help: ArgumentHelp("A socket in the file system to listen on instead.", valueName: "path"))
    var socket: String?

    @Option(
        help: ArgumentHelp(
            "What whoever asks must know; auto makes one and keeps it.", valueName: "text|auto"))
    var token: String?

    @Option(help: ArgumentHelp("The same from a file.", valueName: "file"))
    var tokenFile: String?

    @Option(
        help: ArgumentHelp(
            "Another name that it may be asked by; may be given several times.", valueName: "name"))
    var allowHost: [String] = []

    @Option(
        help: ArgumentHelp(
            "A page of another place that may ask, as https://example.org; may be given several times.",
            valueName: "origin"))
    var allowOrigin: [String] = []

    @Option(
        help: ArgumentHelp("The folder of the page's files, read anew for each request.", valueName: "dir"))
    var web: String?

    @Flag(inversion: .prefixedNo, help: "Answer programs that know OpenAI's way of asking (/v1).")
    var compat = true

    @Flag(
        inversion: .prefixedNo,
        help: "Open the page in the browser (by default: where there are a display and a terminal).")
    var open: Bool?

    func validate() throws {
        if !(0...65535).contains(port) {
            throw ValidationError("--port is \(port); it must lie in 0...65535")
        }
        if token != nil, tokenFile != nil {
            throw ValidationError("--token and --token-file say the same; give one of them")
        }
        if token?.isEmpty == true { throw ValidationError("--token is empty") }
    }

    /// Whether the page is to be opened in the browser.
    var opens: Bool {
        let environment = ProcessInfo.processInfo.environment
        let hasDisplay = environment["DISPLAY"] != nil || environment["WAYLAND_DISPLAY"] != nil
        return socket == nil && (self.open ?? (hasDisplay && isatty(STDOUT_FILENO) == 1))
    }

    /// The settings of the server.
    /// - Parameters:
    ///   - folder: the data folder, where a token that is made is kept.
    ///   - program: the folder that the program lies in.
    func settings(in folder: String, beside program: String?) throws -> ServerSettings {
        var settings = ServerSettings()
        settings.host = host
        settings.port = port
        settings.socket = socket
        settings.allowedHosts = Set(allowHost.map { $0.lowercased() })
        settings.allowedOrigins = Set(allowOrigin)
        settings.isCompatible = compat
        settings.web = web ?? ModelPlaces.beside(program, "Web")
        settings.rereadsWeb = web != nil
        settings.token = try givenToken(folder)
        if settings.token == nil, socket == nil, !["127.0.0.1", "::1", "localhost"].contains(host) {
            settings.token = try Self.keptToken(folder)
        }
        return settings
    }

    private func givenToken(_ folder: String) throws -> String? {
        if let tokenFile {
            guard let data = FileManager.default.contents(atPath: tokenFile) else {
                throw ImagingError.missingFile(path: tokenFile)
            }
            let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            guard !text.isEmpty else { throw ValidationError("\(tokenFile) holds no token") }
            return text
        }
        return token == "auto" ? try Self.keptToken(folder) : token
    }

    /// The token that lies in the data folder, made where there is none.
    private static func keptToken(_ folder: String) throws -> String {
        let path = folder + "/token"
        if let data = FileManager.default.contents(atPath: path), data.count >= 32 {
            return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let token = SymmetricKey(size: .init(bitCount: 160)).withUnsafeBytes { $0.hex }
        let before = umask(0o077)
        defer { umask(before) }
        try WholeFile.write(token + "\n", to: path)
        return token
    }

    /// Whether an error says that the address is in use.
    static func isTaken(_ error: any Error) -> Bool { (error as? IOError)?.errnoCode == EADDRINUSE }
}

/// What is kept, and for how long.
struct KeepingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder of everything that is kept; by default pentimento in $XDG_DATA_HOME or ~/.local/share.",
            valueName: "dir"))
    var data: String?

    @Option(help: ArgumentHelp("Room that pictures may take, such as 500M or 10G.", valueName: "bytes"))
    var disk = ByteCount(count: 10 << 30)

    @Option(help: "The most pixels a picture may have.")
    var pixelLimit = 60_000_000

    @Option(help: "How many jobs may wait.")
    var queue = 64

    @Option(
        help:
            "Seconds that a running job may take to its end when the service stops; else it waits for the next start."
    )
    var grace = 10.0

    func validate() throws {
        if !(1...10_000).contains(queue) {
            throw ValidationError("--queue is \(queue); it must lie in 1...10000")
        }
        if pixelLimit < 1 { throw ValidationError("--pixel-limit is \(pixelLimit); it must be at least 1") }
        if !(0...86_400).contains(grace) {
            throw ValidationError("--grace is \(grace); it must lie in 0...86400")
        }
    }

    /// The data folder.
    func folder() throws -> String {
        if let data { return data }
        let environment = ProcessInfo.processInfo.environment
        // The convention says that a relative path is to be ignored.
        if let place = environment["XDG_DATA_HOME"], place.hasPrefix("/") { return place + "/pentimento" }
        return (environment["HOME"] ?? NSHomeDirectory()) + "/.local/share/pentimento"
    }
}

/// Where and how networks compute.
struct ComputingOptions: ParsableArguments {
    @Option(help: "Where to compute: auto, cpu, cuda or cuda:N.")
    var device = "auto"

    @Option(help: "What to compute in: float32, bfloat16 or float16.")
    var dtype = DTypeName.float32

    @Option(help: "Threads of one operation on the CPU; by default one for small models.")
    var threads: Int?

    @Option(help: "How many models are kept loaded.")
    var modelsKept = 2

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads is \(threads); it must lie in 1...1024")
        }
        if !(1...64).contains(modelsKept) {
            throw ValidationError("--models-kept is \(modelsKept); it must lie in 1...64")
        }
    }

    /// Opens libtorch and answers the device and the type to compute in.
    func start() throws -> (device: Device, dtype: DType) {
        if case .missing(let reasons) = Backend.opening { throw TorchMissing(reasons: reasons) }
        if let threads { Device.threadCount = threads }
        let device = try Device.named(device)
        return (device, dtype.dtype(on: device))
    }
}

/// libtorch is not there.
struct TorchMissing: UserError {
    let reasons: [String]

    var kind: UserErrorKind { .environment }
    var description: String {
        "libtorch cannot be opened (\(reasons.joined(separator: "; "))); \(Backend.advice)"
    }
}

extension ByteCount: ExpressibleByArgument {}
extension DTypeName: ExpressibleByArgument {}
