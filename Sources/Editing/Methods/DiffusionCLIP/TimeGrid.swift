public import Diffusion

/// The timesteps that DiffusionCLIP halts at: ⌊t₀·k/(S-1)⌋ for k = 0..<S, both 0 and t₀ among them.
///
/// Up it goes in S - 1 moves, for which the image itself counts as the state at timestep 0. Down it goes in S moves, the
/// last of which leads from timestep 0 to ᾱ = 1, that is, to the predicted clean image. So a round trip is no exact inverse
/// even of a perfect network, and it is nearest to one where S does not divide t₀.
public struct TimeGrid: Sendable, Hashable {
    /// In ascending order, from 0 to t₀.
    public let timesteps: [Int]

    /// A grid.
    /// - Parameters:
    ///   - steps: points (S); 0 for every timestep.
    ///   - top: the noisiest timestep (t₀).
    /// - Precondition: at least two points, and none twice.
    public init(steps: Int, top: Int) {
        precondition(
            top > 0 && (steps == 0 || (2...(top + 1)).contains(steps)), "\(steps) points up to \(top)")
        timesteps = steps == 0 ? Array(0...top) : (0..<steps).map { top * $0 / (steps - 1) }
    }

    /// The levels of a schedule on the way up.
    public func ascending(in schedule: NoiseSchedule) -> [NoiseLevel] {
        timesteps.enumerated().map {
            NoiseLevel(index: $0.offset, timestep: $0.element, alphaBar: schedule.alphaBars[$0.element])
        }
    }

    /// The levels of a schedule on the way down, a clean one behind the last.
    public func descending(in schedule: NoiseSchedule) -> [NoiseLevel] {
        ascending(in: schedule).reversed() + [NoiseLevel(index: -1, timestep: 0, alphaBar: 1)]
    }

    /// The same as a trajectory, its clean level first.
    func trajectory(in schedule: NoiseSchedule) -> Trajectory {
        Trajectory(
            descending(in: schedule).reversed().enumerated().map {
                NoiseLevel(index: $0.offset, timestep: $0.element.timestep, alphaBar: $0.element.alphaBar)
            })
    }
}
