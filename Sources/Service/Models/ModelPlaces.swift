import CTorch
import Editing
public import Foundation
import Support

/// The folders where models are looked for by name.
public struct ModelPlaces: Sendable, Hashable {
    /// The models that come with this package; the first of them that can be is chosen where none is named.
    public static let own = ["flowers", "still-life"]

    /// The folders that hold models, in the order in which they are looked into.
    public let folders: [String]

    private let hub: HubCache

    /// Certain folders.
    /// - Parameter hub: where models that Hugging Face's tools fetched are found by their names.
    public init(folders: [String], hub: HubCache = HubCache()) {
        self.hub = hub
        var seen: Set<String> = []
        self.folders = folders.filter { seen.insert($0).inserted }
    }

    /// What `PENTIMENTO_MODELS` names (several with colons), `Models` beside the program, `Models` in its package.
    /// - Parameter program: the folder that the program lies in.
    public init(beside program: String?) {
        let named = ProcessInfo.processInfo.environment["PENTIMENTO_MODELS"] ?? ""
        self.init(
            folders: named.split(separator: ":").map(String.init)
                + Self.roots(beside: program).map { $0 + "/Models" })
    }

    /// A folder that comes with the program: beside it, or in its package; nil where it is in neither.
    /// - Parameters:
    ///   - program: the folder that the program lies in.
    ///   - name: the folder's name.
    public static func beside(_ program: String?, _ name: String) -> String? {
        roots(beside: program).map { "\($0)/\(name)" }.first { Destination.isFolder($0) }
    }

    private static func roots(beside program: String?) -> [String] {
        [program, pt_package_directory().map { String(cString: $0) }].compactMap(\.self)
    }

    /// Models that are there, the one that a name means first.
    public var models: [(name: String, path: String)] {
        folders.flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
                .map { ($0, folder + "/" + $0) }
        }.filter { Self.isModel($0.1) && !$0.0.contains(".partial-") && !$0.0.contains(".old-") }
    }

    /// The weight files that lie there by themselves, named without their ending.
    public var files: [(name: String, path: String)] {
        folders.flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
                .filter { $0.lowercased().hasSuffix(".safetensors") }
                .map {
                    (URL(fileURLWithPath: $0).deletingPathExtension().lastPathComponent, folder + "/" + $0)
                }
        }
    }

    /// The model where no words tell one from another: still lifes, or what else of the package's own is there.
    public var usual: String {
        let there = Set(models.map(\.name))
        return Self.own.reversed().first { there.contains($0) } ?? "still-life"
    }

    /// The folder or file of a name, or the one named; `ORG/NAME` means a model in the local Hub cache.
    /// - Throws: `ModelPlacesError`, `HubCacheError`.
    public func folder(of text: String) throws -> String {
        guard !text.isEmpty else { throw ModelPlacesError.unnamed }
        // Shells complete names of folders with a slash.
        let text = Self.withoutSlashes(text)
        var isFolder: ObjCBool = false
        let isThere = FileManager.default.fileExists(atPath: text, isDirectory: &isFolder)
        // What a file is, the reader of folders says.
        if isThere, !isFolder.boolValue, text.contains("/") || text.contains(".") { return text }
        if text.contains("/") || text == "." || text == ".." || Self.isModel(text) {
            guard isThere else {
                if let fetched = try hub.path(of: text) { return fetched }
                throw ModelPlacesError.noFolder(path: text)
            }
            if let kind = OtherKind(of: text) { throw ModelPlacesError.notAModel(path: text, kind) }
            return text
        }
        let models = models
        if let found = models.first(where: { $0.name == text }) { return found.path }
        if let file = files.first(where: { $0.name == text }) { return file.path }
        for folder in folders {
            let path = "\(folder)/\(text)"
            if let kind = OtherKind(of: path) { throw ModelPlacesError.notAModel(path: path, kind) }
        }
        var seen: Set<String> = []
        throw ModelPlacesError.unknown(
            name: text, places: folders.filter { FileManager.default.fileExists(atPath: $0) },
            known: models.map(\.name).filter { seen.insert($0).inserted })
    }

    /// The folder named, or the one of that name among the models; it need not be a diffusers folder.
    /// - Throws: `ModelPlacesError`.
    public func plainFolder(of text: String) throws -> String {
        let places = [text] + (text.contains("/") ? [] : folders.map { "\($0)/\(text)" })
        guard let found = places.first(where: Self.isNetwork) else {
            throw ModelPlacesError.noNetwork(name: text, places: places)
        }
        return found
    }

    /// The folder that was named, or the one beside a model that is called after it where there is one.
    /// - Parameter role: what the folder is to the model: its `judge`, its `clip`.
    /// - Throws: `ModelPlacesError`.
    public static func companion(_ named: String?, of model: String, _ role: String) throws -> String? {
        if let named {
            guard isNetwork(named) else { throw ModelPlacesError.noConfiguration(path: named) }
            return named
        }
        let usual = "\(withoutSlashes(model))-\(role)"
        return isNetwork(usual) ? usual : nil
    }

    static func isModel(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/model_index.json")
    }

    private static func isNetwork(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/config.json")
    }

    private static func withoutSlashes(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }
}

/// What a folder holds that is no diffusion model.
public enum OtherKind: Sendable, Hashable {
    /// The top of a Hub cache; the newest snapshot in it is the model.
    case hubCache(snapshot: String)
    /// A pair of CLIP towers.
    case clip
    /// A text-prompted segmentation.
    case segmentation
    /// A judge of still lifes.
    case judge
    /// One network, by its class where that is known, and the model that it is a part of.
    case network(String?, partOf: String?)

    /// Nil where the folder is a diffusion model or cannot be told.
    init?(of path: String) {
        guard !ModelPlaces.isModel(path) else { return nil }
        if let snapshot = Self.snapshot(of: path) {
            self = .hubCache(snapshot: snapshot)
            return
        }
        guard let data = FileManager.default.contents(atPath: path + "/config.json"),
            let facts = JSONValue.object(of: data)
        else { return nil }
        switch facts["model_type"]?.text {
        case "clip": self = .clip
        case "clipseg": self = .segmentation
        case "pentimento_attributes": self = .judge
        default:
            let kind = facts["_class_name"]?.text ?? facts["architectures"]?.list?.first?.text
            let parent = enclosingFolder(of: path)
            self = .network(kind, partOf: ModelPlaces.isModel(parent) ? parent : nil)
        }
    }

    /// The newest snapshot in a Hub cache's folder of a model.
    private static func snapshot(of path: String) -> String? {
        let place = path + "/snapshots"
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []).sorted()
        let main = (try? String(contentsOfFile: path + "/refs/main", encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines)
        return (names.first { $0 == main } ?? names.first).map { "\(place)/\($0)" }
    }
}
