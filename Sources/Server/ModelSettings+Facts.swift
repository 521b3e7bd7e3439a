import Diffusion
import Support

extension ModelSettings {
    /// What suits a model, as it is told: values for all methods, values for single ones, and the things it paints.
    var facts: JSONValue {
        var facts: [String: JSONValue] = [
            "shared": shared.facts, "methods": .object(methods.mapValues(\.facts)),
            "kinds": .list(kinds.map { .text($0) }),
        ]
        facts["example"] = example.map { .text($0) }
        return .object(facts)
    }
}

extension ModelSettings.Values {
    /// Those that are there; options as they are written on a command line.
    fileprivate var facts: JSONValue {
        var facts: [String: JSONValue] = ["options": .object(options.mapValues { .text($0) })]
        facts["guidance"] = guidance.map { .number($0) }
        facts["steps"] = steps.map { .whole($0) }
        facts["strength"] = strength.map { .number($0) }
        return .object(facts)
    }
}
