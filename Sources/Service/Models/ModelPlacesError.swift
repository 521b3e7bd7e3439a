import Editing
public import Support

/// Why no model is found under a name.
public enum ModelPlacesError: UserError, Hashable {
    /// The name is empty.
    case unnamed
    /// There is no such folder.
    case noFolder(path: String)
    /// The folder holds something else.
    case notAModel(path: String, OtherKind)
    /// No model has this name; which have one, and where they are looked for.
    case unknown(name: String, places: [String], known: [String])
    /// No folder of this name holds a network.
    case noNetwork(name: String, places: [String])
    /// The folder that was named holds no network.
    case noConfiguration(path: String)
    /// The folder's network does not tell where an image shows a text.
    case notRelevance(path: String)

    /// What was asked for, what is not there, or what cannot be used.
    public var kind: UserErrorKind {
        switch self {
        case .unnamed: .request
        case .noFolder, .unknown, .noNetwork, .noConfiguration: .missing
        case .notAModel, .notRelevance: .badInput
        }
    }

    /// One line: what happened, where, and what to do.
    public var description: String { "\(message)" }

    /// The same with the settings that it points to.
    public var message: Message {
        switch self {
        case .unnamed: "\(.setting("model"), plain: "the model") needs the name or the folder of a model"
        case .noFolder(let path): "\(path): there is no such model folder"
        case .notAModel(let path, let kind): "\(path) is \(Self.words(for: kind))"
        case .unknown(let name, let places, let known):
            Message(
                "there is no model \"\(name)\""
                    + (places.isEmpty ? "" : " in \(places.joined(separator: ", "))")
                    + " (\(Self.hint(name, known))); name a diffusers folder, or set PENTIMENTO_MODELS to the folder that "
                    + "holds yours")
        case .noNetwork(let name, let places):
            "there is no \(name) with a config.json (looked in \(places.joined(separator: ", ")))"
        case .noConfiguration(let path): "\(path): there is no such folder with a config.json"
        case .notRelevance(let path):
            "\(path): no network is known that reads this folder and tells where a picture shows a text"
        }
    }

    private static func hint(_ name: String, _ known: [String]) -> String {
        known.nearest(to: name).map { "did you mean \($0)?" }
            ?? (known.isEmpty ? "there are none" : "there are " + known.joined(separator: ", "))
    }

    private static func words(for kind: OtherKind) -> Message {
        switch kind {
        case .hubCache(let snapshot):
            "the top of a Hub cache; the model itself is in \(snapshot): name that folder"
        case .clip:
            "a CLIP pair, not a diffusion model\(.command("evaluate --clip"), before: "; `", after: "` uses such pairs", plain: "")"
        case .segmentation:
            "a text-prompted segmentation, not a diffusion model\(.command("evaluate --segmentation"), before: "; `", after: "` uses such networks", plain: "")"
        case .judge:
            "a judge of still lifes, not a diffusion model\(.command("judge --judge"), before: "; `", after: "` uses such networks", plain: "")"
        case .network(let kind, let parent):
            Message(
                "\(kind ?? "one network"), not a diffusion model"
                    + (parent.map { "; name the folder \($0) that it is a part of" } ?? ""))
        }
    }
}
