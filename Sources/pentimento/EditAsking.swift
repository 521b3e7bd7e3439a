import Editing

/// A command that asks methods for edits of a photo.
protocol EditAsking {
    var prompt: String { get }
    var source: String? { get }
    var negative: String? { get }
    var preset: Preset? { get }
    var strength: Double? { get }
    var size: Int? { get }
    var sampling: SamplingOptions { get }
    var walking: WalkOptions { get }
    var inverting: InversionChoice { get }
    var masking: MaskOptions { get }
}

extension EditAsking {
    /// What any method is asked, but for pixels.
    func sharedSettings(seed: UInt64) throws -> EditSettings {
        let (kind, inversionOptions) = (try inverting.kind(), try inverting.options())
        return EditSettings(prompt: prompt, source: source) {
            $0.negative = negative
            $0.preset = preset
            $0.seed = seed
            $0.steps = sampling.steps
            $0.guidance = sampling.guidance
            $0.strength = strength
            $0.offset = walking.stepsOffset
            $0.inversion = kind
            $0.inversionOptions = inversionOptions
            $0.paste = masking.way
            $0.feather = masking.feather
            $0.workingSide = size
        }
    }
}
