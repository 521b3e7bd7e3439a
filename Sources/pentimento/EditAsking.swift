import ArgumentParser
import Diffusion
import Editing

/// A command that asks methods for edits of a photo.
protocol EditAsking {
    var source: String? { get }
    var negative: String? { get }
    var prompt: String? { get }
    var regions: RegionOptions { get }
    var preset: Preset? { get }
    var strength: Double? { get }
    var size: Int? { get }
    var sampling: SamplingOptions { get }
    var walking: WalkOptions { get }
    var inverting: InversionChoice { get }
    var masking: MaskOptions { get }
    /// How each step is made, where that is asked.
    var sampler: SamplerKind? { get }
}

extension EditAsking {
    /// The methods' own ways.
    var sampler: SamplerKind? { nil }

    /// Refuses what says nothing of the wanted image.
    func checkPrompt() throws {
        guard prompt != nil || regions.regions != nil else {
            throw ValidationError("Missing expected argument '--prompt <prompt>'")
        }
    }

    /// What any method is asked, but for pixels.
    /// - Parameter layout: what a region file says, where the command line does not.
    func sharedSettings(seed: UInt64, _ layout: RegionLayout) throws -> EditSettings {
        let (kind, inversionOptions) = (try inverting.kind(), try inverting.options())
        return EditSettings(prompt: prompt ?? layout.prompt ?? "", source: source) {
            $0.negative = negative ?? layout.negative
            $0.preset = preset
            $0.seed = seed
            $0.steps = sampling.steps
            $0.guidance = sampling.guidance
            $0.strength = strength
            $0.sampler = sampler
            $0.offset = walking.stepsOffset
            $0.inversion = kind
            $0.inversionOptions = inversionOptions
            $0.paste = masking.way
            $0.feather = masking.feather
            $0.focus = masking.focus
            $0.workingSide = size
        }
    }
}
