import CTorch
import Foundation

/// Where models are looked for by name.
enum ModelPlaces {
    /// The model that is used where none is named.
    static let usual = "still-life"

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
        }.filter { isModel($0.1) }
    }

    /// The folder of a name, or the folder named.
    static func folder(of text: String) throws -> String {
        guard !text.isEmpty else { throw Failure.usage("--model needs the name or the folder of a model") }
        var isFolder: ObjCBool = false
        let isThere = FileManager.default.fileExists(atPath: text, isDirectory: &isFolder)
        // What a file is, the reader of folders says.
        if isThere, !isFolder.boolValue, text.contains("/") || text.contains(".") { return text }
        if text.contains("/") || text == "." || text == ".." || isModel(text) {
            guard isThere else { throw Failure.missing("\(text): there is no such model folder") }
            return text
        }
        let models = models
        if let found = models.first(where: { $0.name == text }) { return found.path }
        let known =
            models.isEmpty ? "there are none" : "there are " + models.map(\.name).joined(separator: ", ")
        throw Failure.missing(
            "there is no model \"\(text)\" in \(folders.joined(separator: ", ")) (\(known)); name a diffusers "
                + "folder, or set PENTIMENTO_MODELS to the folder that holds yours")
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

    private static func isModel(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/model_index.json")
    }
}
