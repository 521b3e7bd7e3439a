public import Foundation
public import Support

/// The models that Hugging Face's tools have fetched: found by their names in the local cache, never over a network.
///
/// A model's folder there is `models--ORG--NAME`, with `refs/main` naming a commit and `snapshots/COMMIT` holding links
/// into `blobs`. Links that lead out of the model's folder are refused.
public struct HubCache: Sendable, Hashable {
    /// The folder of all models.
    public let root: String

    /// A certain folder.
    public init(root: String) { self.root = root }

    /// Where the environment says: `HF_HUB_CACHE`, `HUGGINGFACE_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME`, else
    /// `~/.cache/huggingface/hub`.
    public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        func value(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : NSString(string: $0).expandingTildeInPath }
        }
        let home =
            value("HF_HOME") ?? (value("XDG_CACHE_HOME") ?? NSHomeDirectory() + "/.cache") + "/huggingface"
        root = value("HF_HUB_CACHE") ?? value("HUGGINGFACE_HUB_CACHE") ?? home + "/hub"
    }

    /// A name as the Hub gives it: `ORG/NAME`, with a revision behind @ and a file of the model behind another slash.
    struct Name: Equatable {
        var id: String
        var revision: String?
        var file: String?

        /// Nil where a text is no such name.
        init?(_ text: String) {
            var parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).map(
                String.init)
            guard parts.count >= 2 else { return nil }
            if let at = parts[1].firstIndex(of: "@") {
                revision = String(parts[1][parts[1].index(after: at)...])
                parts[1] = String(parts[1][..<at])
                guard revision.map(Self.isPlain) == true else { return nil }
            }
            guard parts[0...1].allSatisfy(Self.isPlain), !parts[1].hasSuffix(".git") else { return nil }
            if parts.count == 3 {
                guard Self.isPlain(parts[2]), parts[2].hasSuffix(".safetensors") else { return nil }
                file = parts[2]
            }
            id = parts[0] + "/" + parts[1]
        }

        private static func isPlain(_ part: String) -> Bool {
            let known = part.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
            return known && (1...96).contains(part.count) && !part.contains("--") && !part.contains("..")
                && !["-", "."].contains { part.hasPrefix($0) || part.hasSuffix($0) }
        }
    }

    /// The folder or file of a model by its name; nil where the text is no such name or the cache has no such model.
    /// - Throws: `HubCacheError` for a model that is only partly there, or whose revision cannot be told.
    public func path(of text: String) throws -> String? {
        guard let name = Name(text), let (id, folder) = folder(of: name.id) else { return nil }
        let snapshot = try snapshot(of: id, in: folder, revision: name.revision)
        try check(snapshot, of: id, in: folder)
        if let file = name.file {
            guard FileManager.default.fileExists(atPath: snapshot + "/" + file) else {
                throw HubCacheError.incomplete(id: id, missing: file)
            }
            return snapshot + "/" + file
        }
        guard !ModelPlaces.isModel(snapshot) else { return snapshot }
        let files = Self.files(in: snapshot).filter { $0.hasSuffix(".safetensors") && !$0.contains("/") }
        switch files.count {
        case 0: throw HubCacheError.incomplete(id: id, missing: "model_index.json")
        case 1: return snapshot + "/" + files[0]
        default: throw HubCacheError.severalFiles(id: id, files: files)
        }
    }

    /// The folder of a model under its name, or under the one that the same weights had or have elsewhere.
    private func folder(of id: String) -> (id: String, path: String)? {
        ([id] + (Self.movedNames.first { $0.contains(id) } ?? [])).lazy.map { id in
            (id, root + "/models--" + id.split(separator: "/").joined(separator: "--"))
        }.first { FileManager.default.fileExists(atPath: $0.1 + "/snapshots") }
    }

    /// Names of repositories that vanished, and those that hold the same weights.
    private static let movedNames: [[String]] =
        [
            [
                "runwayml/stable-diffusion-v1-5", "stable-diffusion-v1-5/stable-diffusion-v1-5",
                "sd-legacy/stable-diffusion-v1-5",
            ],
            [
                "runwayml/stable-diffusion-inpainting", "stable-diffusion-v1-5/stable-diffusion-inpainting",
                "sd-legacy/stable-diffusion-inpainting",
            ],
        ]
        + [
            "stable-diffusion-2", "stable-diffusion-2-base", "stable-diffusion-2-1",
            "stable-diffusion-2-1-base",
            "stable-diffusion-2-inpainting",
        ].map { ["stabilityai/" + $0, "sd2-community/" + $0, "Manojb/" + $0] }

    /// The snapshot of a revision, `main` where none is named.
    private func snapshot(of id: String, in folder: String, revision: String?) throws -> String {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder + "/snapshots")) ?? [])
            .sorted()
        // Some tools end the file with a line's end.
        let main = (try? String(contentsOfFile: folder + "/refs/" + (revision ?? "main"), encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines)
        if let main, main.utf8.count == 40, main.utf8.allSatisfy(Self.isHexadecimal) {
            guard names.contains(main) else {
                throw HubCacheError.incomplete(id: id, missing: "snapshots/\(main)")
            }
            return "\(folder)/snapshots/\(main)"
        }
        if let revision {
            guard names.contains(revision) else {
                throw HubCacheError.unknownRevision(id: id, revision: revision, known: names)
            }
            return "\(folder)/snapshots/\(revision)"
        }
        guard let only = names.first, names.count == 1 else {
            throw names.isEmpty
                ? HubCacheError.incomplete(id: id, missing: "snapshots")
                : HubCacheError.severalRevisions(id: id, known: names)
        }
        return "\(folder)/snapshots/\(only)"
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    /// Sees that every link of a snapshot leads to a file within the model's own folder.
    private func check(_ snapshot: String, of id: String, in folder: String) throws {
        let home = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path + "/"
        for name in Self.files(in: snapshot) {
            let path = snapshot + "/" + name
            let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            guard target.hasPrefix(home) else { throw HubCacheError.leavesTheCache(id: id, file: name) }
            guard FileManager.default.fileExists(atPath: path) else {
                throw HubCacheError.incomplete(id: id, missing: name)
            }
        }
    }

    /// The files of a folder and of those in it that matter to models.
    private static func files(in snapshot: String) -> [String] {
        ((try? FileManager.default.subpathsOfDirectory(atPath: snapshot)) ?? []).sorted().filter {
            $0.hasSuffix(".json") || $0.hasSuffix(".safetensors") || $0.hasSuffix(".txt")
        }
    }
}

/// Why a model of the local Hub cache cannot be used.
public enum HubCacheError: UserError, Hashable {
    /// A file is not there, or a link leads to none.
    case incomplete(id: String, missing: String)
    /// A link leads out of the model's folder.
    case leavesTheCache(id: String, file: String)
    /// There is no such revision.
    case unknownRevision(id: String, revision: String, known: [String])
    /// There are several and none is named as the main one.
    case severalRevisions(id: String, known: [String])
    /// It is no diffusers folder and holds several checkpoints.
    case severalFiles(id: String, files: [String])

    /// What is not there, what was asked for, or what cannot be used.
    public var kind: UserErrorKind {
        switch self {
        case .incomplete, .unknownRevision: .missing
        case .severalRevisions, .severalFiles: .request
        case .leavesTheCache: .badInput
        }
    }

    /// One line: what happened, where, and what to do.
    public var description: String {
        switch self {
        case .incomplete(let id, let missing):
            "\(id) is only partly in the Hub cache (missing: \(missing)); fetch it with `hf download \(id)`"
        case .leavesTheCache(let id, let file):
            "\(id) in the Hub cache is refused: \(file) is a link that leads out of the model's folder"
        case .unknownRevision(let id, let revision, let known):
            "\(id) is in the Hub cache without the revision \(revision); there are \(known.joined(separator: ", "))"
        case .severalRevisions(let id, let known):
            "\(id) is in the Hub cache in \(known.count) revisions; name one behind @: \(known.joined(separator: ", "))"
        case .severalFiles(let id, let files):
            "\(id) holds several checkpoints; name one: "
                + files.prefix(4).map { "\(id)/\($0)" }.joined(separator: ", ")
                + (files.count > 4 ? ", …" : "")
        }
    }
}
