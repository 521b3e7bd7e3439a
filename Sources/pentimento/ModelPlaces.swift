import CTorch
import Editing
import Foundation
import Support
import Tensors

/// Where models are looked for by name.
enum ModelPlaces {
    /// The models that come with the program; the first of them that can be is chosen where none is named.
    static let own = ["flowers", "still-life"]

    /// The model of commands that take no words to choose one by: still lifes, or what else of the program's own is there.
    static var usual: String {
        let there = Set(models.map(\.name))
        return own.reversed().first { there.contains($0) } ?? "still-life"
    }

    /// The folders that hold models: `PENTIMENTO_MODELS` (several with colons), beside the program, in its package.
    static var folders: [String] {
        let named = ProcessInfo.processInfo.environment["PENTIMENTO_MODELS"] ?? ""
        var places = named.split(separator: ":").map(String.init)
        if let folder = Program.folder { places.append(folder + "/Models") }
        if let package = pt_package_directory() { places.append(String(cString: package) + "/Models") }
        var seen: Set<String> = []
        return places.filter { seen.insert($0).inserted }
    }

    /// Models that are there, the one that a name means first.
    static var models: [(name: String, path: String)] {
        folders.flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
                .map { ($0, folder + "/" + $0) }
        }.filter { isModel($0.1) && !$0.0.contains(".partial-") && !$0.0.contains(".old-") }
    }

    /// The folder of a name, or the folder named.
    static func folder(of text: String) throws -> String {
        guard !text.isEmpty else { throw Failure.usage("--model needs the name or the folder of a model") }
        // Shells complete names of folders with a slash.
        var text = text
        while text.count > 1, text.hasSuffix("/") { text.removeLast() }
        var isFolder: ObjCBool = false
        let isThere = FileManager.default.fileExists(atPath: text, isDirectory: &isFolder)
        // What a file is, the reader of folders says.
        if isThere, !isFolder.boolValue, text.contains("/") || text.contains(".") { return text }
        if text.contains("/") || text == "." || text == ".." || isModel(text) {
            guard isThere else { throw Failure.missing("\(text): there is no such model folder") }
            if let reason = otherKind(of: text) { throw Failure.badInput(reason) }
            return text
        }
        let models = models
        if let found = models.first(where: { $0.name == text }) { return found.path }
        for folder in folders {
            if let reason = otherKind(of: "\(folder)/\(text)") { throw Failure.badInput(reason) }
        }
        let names = models.map(\.name)
        let known =
            names.nearest(to: text).map { "did you mean \($0)?" }
            ?? (names.isEmpty ? "there are none" : "there are " + names.joined(separator: ", "))
        let places = folders.filter { FileManager.default.fileExists(atPath: $0) }
        throw Failure.missing(
            "there is no model \"\(text)\"" + (places.isEmpty ? "" : " in \(places.joined(separator: ", "))")
                + " (\(known)); name a diffusers folder, or set PENTIMENTO_MODELS to the folder that holds yours"
        )
    }

    /// What a folder holds that is no diffusion model, in a line; nil where it is one or cannot be told.
    private static func otherKind(of path: String) -> String? {
        guard !isModel(path) else { return nil }
        if let snapshot = snapshot(of: path) {
            return "\(path) is the top of a Hub cache; the model itself is in \(snapshot): name that folder"
        }
        guard let data = FileManager.default.contents(atPath: path + "/config.json"),
            let facts = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        else { return nil }
        if facts["model_type"] as? String == "clip" {
            return
                "\(path) is a CLIP pair, not a diffusion model; `pentimento evaluate --clip` uses such pairs"
        }
        if facts["model_type"] as? String == "pentimento_attributes" {
            return
                "\(path) is a judge of still lifes, not a diffusion model; `pentimento judge --judge` uses such networks"
        }
        let kind = facts["_class_name"] as? String ?? (facts["architectures"] as? [String])?.first
        let parent = enclosingFolder(of: path)
        return "\(path) is \(kind ?? "one network"), not a diffusion model"
            + (isModel(parent) ? "; name the folder \(parent) that it is a part of" : "")
    }

    /// The newest snapshot in a Hub cache's folder of a model.
    private static func snapshot(of path: String) -> String? {
        let place = path + "/snapshots"
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []).sorted()
        let main = (try? String(contentsOfFile: path + "/refs/main", encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines)
        return (names.first { $0 == main } ?? names.first).map { "\(place)/\($0)" }
    }

    /// The folder named, or the one of that name in a Models folder; it need not be a diffusers folder.
    static func plainFolder(of text: String) throws -> String {
        let places = [text] + (text.contains("/") ? [] : folders.map { "\($0)/\(text)" })
        guard
            let found = places.first(where: { FileManager.default.fileExists(atPath: $0 + "/config.json") })
        else {
            throw Failure.missing(
                "there is no \(text) with a config.json (looked in \(places.joined(separator: ", ")))")
        }
        return found
    }

    /// The folder that was named, or the one beside a model that is called after it where there is one.
    ///
    /// - `role`: what the folder is to the model: its `judge`, its `clip`.
    static func companion(_ named: String?, of model: String, _ role: String) throws -> String? {
        if let named {
            guard FileManager.default.fileExists(atPath: named + "/config.json") else {
                throw Failure.missing("\(named): there is no such folder with a config.json")
            }
            return named
        }
        var bare = model
        while bare.count > 1, bare.hasSuffix("/") { bare.removeLast() }
        let usual = "\(bare)-\(role)"
        return FileManager.default.fileExists(atPath: usual + "/config.json") ? usual : nil
    }

    private static func isModel(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/model_index.json")
    }
}
