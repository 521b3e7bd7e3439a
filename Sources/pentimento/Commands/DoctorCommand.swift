import ArgumentParser
import Diffusion
import Editing
import Foundation
import Imaging
import Service
import Support
import Tensors

/// `pentimento doctor`: what is there, what is missing, what to do.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract:
            "Shows libtorch, devices, threads, pictures and models: what is there, and what to do where not.",
        discussion: """
            pentimento doctor --json

            Exit status 0 where everything needed is there, 69 where something is missing.
            """)

    @Flag(help: "As JSON.")
    var json = false

    func run() throws {
        let health = Health.examined()
        Terminal.print(json ? try jsonText(health) : health.lines.joined(separator: "\n"))
        if !health.todo.isEmpty {
            Terminal.end(.unavailable, json ? "" : health.todo.joined(separator: "; "))
        }
    }
}

/// The state of everything that the program needs.
private struct Health: Encodable {
    struct Torch: Encodable {
        var path: String?
        var version: String?
        var threads: Int?
        var cudaDevices = 0
        var reasons: [String] = []
    }
    struct Images: Encodable {
        var version: String?
        var reads: [String] = []
        var writes: [String] = []
        var reason: String?
    }
    struct Model: Encodable {
        var name: String
        var path: String
        var problem: String?
        /// How it edits best, by the method's name, as its folder tells.
        var editing: [String: String]?
    }
    struct File: Encodable {
        var name: String
        var path: String
        /// What it is, and what to do with it.
        var what: String
        var next: String
    }
    struct Place: Encodable {
        var path: String
        var freeBytes: Int?
    }

    var version = Program.version
    var libtorch = Torch()
    var libvips = Images()
    var models: [Model] = []
    /// Weight files that lie by themselves in the folders of models.
    var files: [File] = []
    var modelFolders = Program.places.folders
    var cores = ProcessInfo.processInfo.activeProcessorCount
    var memoryBytes = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    var cache = Health.cachePlace
    /// What is missing and how to get it, a line each.
    var todo: [String] = []

    static func examined() -> Health {
        var health = Health()
        switch Backend.opening {
        case .opened(let path):
            health.libtorch.path = path
            health.libtorch.version = Backend.version
            health.libtorch.threads = Device.threadCount
            health.libtorch.cudaDevices = Backend.cudaDeviceCount
        case .missing(let reasons):
            health.libtorch.reasons = reasons
            health.todo.append("libtorch cannot be opened: \(Backend.advice)")
        }
        do {
            health.libvips.version = try ImageLibrary.version()
            health.libvips.reads = ImageLibrary.readable
            health.libvips.writes = ImageLibrary.writable
        } catch {
            health.libvips.reason = "\(error)"
            health.todo.append(
                "libvips cannot be opened: sudo apt-get install libvips42 (libvips42t64 on newer systems)")
        }
        health.models = Program.places.models.map { name, path in
            var model = Model(name: name, path: path)
            do {
                model.editing = try ModelFolder(path: path).settings.map { settings in
                    var flags: [String: String] = [:]
                    for method in Registry.all.map({ $0.description }) {
                        flags[method.name] = try method.values(of: settings).flags
                    }
                    return flags
                }
            } catch {
                model.problem = Failure(describing: error).message
            }
            return model
        }
        health.files = Program.places.files.map { name, path in
            do {
                let report = try WeightFileReport(contentsOf: path)
                return File(name: name, path: path, what: report.kind.what, next: report.next)
            } catch {
                let problem = Failure(describing: error).message
                return File(name: name, path: path, what: "a file that cannot be used", next: problem)
            }
        }
        if !health.models.contains(where: { ModelPlaces.own.contains($0.name) }) {
            health.todo.append(
                "the model \(Program.places.usual) is not there: fetch the repository whole, or name a folder with --model"
            )
        }
        for model in health.models {
            if let problem = model.problem { health.todo.append("model \(model.name): \(problem)") }
        }
        return health
    }

    /// Where downloads and caches of training lie.
    private static var cachePlace: Place {
        let environment = ProcessInfo.processInfo.environment
        let root =
            environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory() + "/.cache"
        var existing = root
        while !FileManager.default.fileExists(atPath: existing), existing != "/", existing != "." {
            existing = enclosingFolder(of: existing)
        }
        let facts = try? FileManager.default.attributesOfFileSystem(forPath: existing)
        return Place(path: root + "/pentimento", freeBytes: (facts?[.systemFreeSize] as? NSNumber)?.intValue)
    }

    /// For people, a line each.
    var lines: [String] {
        func gigabytes(_ bytes: Int) -> String { String(format: "%.1f GB", Double(bytes) / 1e9) }
        var lines = ["pentimento \(version)"]
        if let path = libtorch.path {
            let devices =
                libtorch.cudaDevices == 0 ? "no CUDA device" : "\(libtorch.cudaDevices) CUDA device(s)"
            lines.append(
                "libtorch \(libtorch.version ?? "?"): \(path); \(libtorch.threads ?? 0) threads, \(devices)")
        } else {
            lines.append("libtorch: missing (\(libtorch.reasons.joined(separator: "; ")))")
        }
        if let version = libvips.version {
            lines.append(
                "libvips \(version): reads \(libvips.reads.joined(separator: ", ")); "
                    + "writes \(libvips.writes.joined(separator: ", "))")
        } else {
            lines.append("libvips: missing (\(libvips.reason ?? ""))")
        }
        lines.append("machine: \(cores) cores, \(gigabytes(memoryBytes)) of memory")
        lines.append("cache: \(cache.path)" + (cache.freeBytes.map { ", \(gigabytes($0)) free" } ?? ""))
        for model in models {
            lines.append("model \(model.name): \(model.path)" + (model.problem.map { " (\($0))" } ?? ""))
            lines += (model.editing ?? [:]).sorted { $0.key < $1.key }.map { "  \($0) as \($1)" }
        }
        for file in files { lines.append("file \(file.name): \(file.path) is \(file.what); \(file.next)") }
        if models.isEmpty { lines.append("models: none in \(modelFolders.joined(separator: ", "))") }
        return lines
    }
}
