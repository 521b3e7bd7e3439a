public import Editing

/// What is measured of a model of photos, and on how much.
public struct PhotoEvaluationSettings: Sendable, Hashable, Codable {
    /// What all choices and all noise follow from.
    public var seed: UInt64 = 1
    /// Held-out photos that go through the autoencoder.
    public var reconstructions = 200
    /// Generated images; kinds and colours take turns.
    public var pictures = 200
    /// Photos that a kind in a colour must have at least to be asked for.
    public var leastPhotos = 5
    /// Held-out photos that the judge looks at.
    public var judged = 1000
    /// Edits of colour, with true results.
    public var colourEdits = 100
    /// Edits of kind.
    public var kindEdits = 60
    /// Which photos: those that are measured, or those that are set aside to choose settings on.
    public var part = PhotoSet.Part.measured
    /// Steps of generated images (N).
    public var steps = 50
    /// Guidance scale of generated images (g).
    public var guidance = 4.0
    /// How edits are asked.
    public var edit = Edit()

    /// The numbers of a model card.
    public init() {}

    /// How edits are asked; what is not said is left to the method and its preset.
    public struct Edit: Sendable, Hashable, Codable {
        /// The method's name.
        public var method = Registry.standard
        /// Which defaults count; where nil, the model's own settings before the paper's.
        public var preset: Preset?
        /// The method's own options, as texts.
        public var options: [String: String] = [:]
        /// Steps (N).
        public var steps: Int?
        /// Guidance scale (g).
        public var guidance: Double?
        /// Share of the trajectory that is redone.
        public var strength: Double?

        /// As the method does it.
        public init() {}

        /// Settings of a prompt.
        public func settings(prompt: String, source: String?, seed: UInt64) -> EditSettings {
            EditSettings(prompt: prompt, source: source, method: method) {
                $0.preset = preset
                $0.options = options
                $0.seed = seed
                $0.steps = steps
                $0.guidance = guidance
                $0.strength = strength
            }
        }
    }
}

extension PhotoEvaluationSettings.Edit: CustomStringConvertible {
    /// For people: `diffedit (paper), guidance 5, threshold=0.35`.
    public var description: String {
        var parts = ["\(method) (\(preset?.rawValue ?? "the model's own settings"))"]
        if let steps { parts.append("\(steps) steps") }
        if let guidance { parts.append("guidance \(guidance)") }
        if let strength { parts.append("strength \(strength)") }
        return (parts + options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
            .joined(separator: ", ")
    }
}
