import Diffusion
public import Editing
public import Support

/// What weights that were made for few steps want, told by their files' names: nothing else marks them.
public enum FewSteps: String, Sendable, CaseIterable {
    case lcm, turbo, lightning, hyper, dmd2, tcd

    /// The kind that one of some names speaks of; nil where none does.
    public init?(named names: [String]) {
        let words = names.flatMap { name in
            name.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
        }
        let found = Self.allCases.first { kind in
            words.contains { $0 == kind.rawValue || (kind != .tcd && $0.hasSuffix(kind.rawValue)) }
        }
        guard let found else { return nil }
        self = found
    }

    /// Sampler, guidance and steps that suit it, as values of settings.
    var values: (sampler: String, guidance: String, steps: String) {
        switch self {
        case .lcm: ("lcm", "1.5", "4")
        case .turbo: ("euler-ancestral", "1", "4")
        case .lightning: ("euler", "1", "4")
        case .hyper: ("ddim", "1", "8")
        case .dmd2: ("lcm", "1", "4")
        case .tcd: ("tcd", "1", "4")
        }
    }

    /// What to set, where many steps or a strong guidance were asked for; nil where few and weak were.
    /// - Parameters:
    ///   - name: what the weights are called.
    ///   - takesSamplers: whether the command or the method leaves the sampler open.
    public func advice(name: String, steps: Int, guidance: Double, takesSamplers: Bool) -> Message? {
        guard steps > 12 || guidance > 3 else { return nil }
        let (sampler, weight, count) = values
        let rest: Message =
            "\(.setting("steps", count), plain: "\(count) steps") and \(.setting("guidance", weight), plain: "a guidance of \(weight)")"
        return takesSamplers
            ? "\(name) sounds made for few steps: \(.setting("sampler", sampler), plain: "the sampler \(sampler)"), "
                + rest + " suit it"
            : "\(name) sounds made for few steps: " + rest + " suit it"
    }
}
