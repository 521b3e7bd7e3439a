/// One noise level of a trajectory: how much of the image is left, and the time the network is told.
public struct NoiseLevel: Sendable, Hashable {
    /// Place in the trajectory (k): 0 is clean.
    public let index: Int
    /// What the network is told (t_k); 0 at the clean level, where nothing is ever predicted.
    public let timestep: Int
    /// Share of the image in the variance (ᾱ), in 0...1.
    public let alphaBar: Double
    /// How far behind its timestep the network is told to be, in 0..<1: above 0 where a sampler halts between two.
    public let fraction: Double

    /// A level from its numbers.
    public init(index: Int, timestep: Int, alphaBar: Double, fraction: Double = 0) {
        self.index = index
        self.timestep = timestep
        self.alphaBar = alphaBar
        self.fraction = fraction
    }

    /// What the clean latent is multiplied by (√ᾱ).
    public var sqrtAlphaBar: Double { alphaBar.squareRoot() }
    /// What the noise is multiplied by (√(1-ᾱ)).
    public var sqrtOneMinusAlphaBar: Double { (1 - alphaBar).squareRoot() }
    /// Noise over signal (τ = √(1/ᾱ - 1)), the time in which DDIM is Euler's rule.
    public var sigma: Double { (1 / alphaBar - 1).squareRoot() }
}

/// The levels of a trajectory of N steps: 0 is clean, N the noisiest; N + 1 in all.
///
/// Convention A of the DDIM literature: going up from k-1 to k and down from k to k-1 the network is told t_k, and the
/// lowest step leads to the schedule's final ᾱ, which Stable Diffusion sets to that of timestep 0, not to 1.
public struct Trajectory: Sendable, Hashable, RandomAccessCollection {
    private let levels: [NoiseLevel]

    /// Levels that a method of its own grid walks along, the clean one first.
    package init(_ levels: [NoiseLevel]) { self.levels = levels }

    /// Number of steps (N).
    public var steps: Int { levels.count - 1 }
    /// The first place, 0: the clean level.
    public var startIndex: Int { 0 }
    /// One past the noisiest level.
    public var endIndex: Int { levels.count }
    /// Level k.
    public subscript(_ index: Int) -> NoiseLevel { levels[index] }

    /// How many steps a share of the trajectory is: ⌊share·N⌋, after rounding to 1e-9.
    ///
    /// Without the rounding 0.58 of 50 steps would be 28, because 0.58 · 50 is 28.999… in binary.
    public func stepCount(strength: Double) -> Int { Self.stepCount(strength: strength, of: steps) }

    /// The same of a trajectory that is not there yet.
    public static func stepCount(strength: Double, of steps: Int) -> Int {
        let product = strength * Double(steps)
        return Swift.min(Swift.max(Int(((product * 1e9).rounded() / 1e9).rounded(.down)), 0), steps)
    }
}
