import Diffusion
import Editing
package import Support

extension JobRequest {
    /// The request as it is kept and told: what was given, and the seed.
    package var json: JSONValue {
        var members: [String: JSONValue] = ["kind": .text(kind.rawValue), "prompt": .text(settings.prompt)]
        members["model"] = model.map { .text($0) }
        members["picture"] = picture.map { .text($0) }
        members["mask"] = mask?.json
        if !regions.isEmpty { members["regions"] = .list(regions.map(\.json)) }
        members["source"] = settings.source.map { .text($0) }
        members["negative"] = settings.negative.map { .text($0) }
        if kind != .generate { members["method"] = .text(settings.method) }
        members["preset"] = settings.preset.map { .text($0.rawValue) }
        members["steps"] = settings.steps.map { .whole($0) }
        members["guidance"] = settings.guidance.map { .number($0) }
        members["strength"] = settings.strength.map { .number($0) }
        members["stepsOffset"] = settings.offset.map { .whole($0) }
        members["inversion"] = settings.inversion.map { .text($0.rawValue) }
        members["inversionOptions"] = Self.texts(settings.inversionOptions)
        if !options.isEmpty { members["options"] = .object(options) }
        if settings.paste != .auto { members["paste"] = .text(settings.paste.rawValue) }
        members["feather"] = settings.feather.map { .number($0) }
        members["workingSide"] = settings.workingSide.map { .whole($0) }
        members["focus"] = settings.focus.map { .object(["margin": .number($0)]) }
        members["previews"] = previews.map { .object(["every": .number($0.interval)]) }
        if settings.measuresInversion { members["measure"] = .flag(true) }
        if hasSeed { members["seed"] = Self.seed(settings.seed) }
        members["width"] = width.map { .whole($0) }
        members["height"] = height.map { .whole($0) }
        if eta != 0 { members["eta"] = .number(eta) }
        if priority != .now { members["priority"] = .text(priority.rawValue) }
        members["label"] = label.map { .text($0) }
        return .object(members)
    }

    /// A seed as a number where scripts hold it exactly, else as a text.
    package static func seed(_ seed: UInt64) -> JSONValue {
        seed <= UInt64(WireReader.mostExact) ? .whole(Int(seed)) : .text("\(seed)")
    }

    private static func texts(_ texts: [String: String]) -> JSONValue? {
        texts.isEmpty ? nil : .object(texts.mapValues { .text($0) })
    }
}

extension JobRequest.MaskChoice {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [:]
        members["picture"] = picture.map { .text($0) }
        members["words"] = words.map { .text($0) }
        if invert { members["invert"] = .flag(true) }
        if grow != 0 { members["grow"] = .whole(grow) }
        if blur != 0 { members["blur"] = .number(blur) }
        return .object(members)
    }
}

extension JobRequest.RegionChoice {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = ["prompt": .text(prompt)]
        members["negative"] = negative.map { .text($0) }
        members["mask"] = mask.map { .text($0) }
        members["box"] = box.map { .list($0.map { .number($0) }) }
        return .object(members)
    }
}
