import Diffusion
import Networks

/// How much of the source's attention the target's row takes in a region of some role (MRGD's EDIT).
///
/// The share of the source's map over the prompt falls evenly from 1 to 0: α_j = 1 - j/E for the j-th of the region's own
/// steps, E = ⌊f·(T + 1)⌋. Maps over the region's own places are the source's in its first ⌊f·T⌋ steps.
struct RegionAttention: Equatable {
    /// Share of the way in which maps over the prompt are taken.
    let cross: Double
    /// Share of the way in which maps over the region's own places are taken.
    let own: Double
    /// Whether tokens are aligned, as where the prompts differ in more than one thing; else every column is taken for
    /// itself.
    let aligns: Bool

    /// The table of the method for regions; nil where nothing is taken.
    static func of(_ role: Region.Role) -> RegionAttention? {
        switch role {
        case .background: RegionAttention(cross: 1, own: 0.5, aligns: false)
        case .inherent: RegionAttention(cross: 1, own: 0.7, aligns: false)
        case .edited: RegionAttention(cross: 0.6, own: 0.3, aligns: false)
        case .added, .removed: nil
        }
    }

    /// The same for the whole picture (r_total).
    static let whole = RegionAttention(cross: 0.5, own: 0.2, aligns: true)

    /// α by step and token position.
    static func schedule(cross: Double, steps: Int, length: Int) -> AttentionSchedule {
        let end = StepBounds(0, cross).steps(of: steps + 1).upperBound
        return AttentionSchedule(
            weights: (0..<steps).map { step in
                Array(repeating: step < end ? 1 - Double(step) / Double(end) : 0, count: length)
            })
    }

    /// The controller of a tile.
    /// - Parameter tokens: self-attention is taken over in layers with at most so many places in the tile.
    func controller(
        from source: LongPrompt, to target: LongPrompt, in tile: Tile, steps: Int, sites: [Site], tokens: Int
    ) -> AttentionController {
        let length = target.ids.count
        // Strided convolutions round sides up.
        func side(_ length: Int, _ scale: Int) -> Int { (length + scale - 1) / scale }
        let scale = Set(sites.map(\.scale)).sorted().first {
            side(tile.height, $0) * side(tile.width, $0) <= tokens
        }
        return AttentionController(
            mapper: aligns
                ? .refine(source: source.ids, target: target.ids, length: length)
                : .identity(length: length),
            schedule: Self.schedule(cross: cross, steps: steps, length: length),
            ownSteps: StepBounds(0, own).steps(of: steps), sites: sites, ownScale: scale ?? .max)
    }
}
