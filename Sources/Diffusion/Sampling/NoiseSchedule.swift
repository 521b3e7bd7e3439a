import Foundation

/// How a model was taught to see noise: ᾱ for every training timestep, and how a trajectory is cut from them.
///
/// An immutable value, computed in float64 from the numbers in a `scheduler_config.json`.
public struct NoiseSchedule: Sendable, Hashable {
    /// How the variances β grow over training time.
    public enum Growth: String, Sendable, Codable {
        /// Evenly.
        case linear
        /// With evenly growing square roots, as in Stable Diffusion.
        case scaledLinear = "scaled_linear"
        /// So that ᾱ follows a squared cosine (Nichol and Dhariwal 2021, equation 17), β at most 0.999.
        case squaredCosine = "squaredcos_cap_v2"
    }

    /// Which timesteps a trajectory of N steps visits.
    public enum Spacing: String, Sendable, Codable {
        /// Multiples of ⌊T/N⌋ plus the offset.
        case leading
        /// T, T - T/N, …, less one.
        case trailing
        /// Evenly from 0 to T - 1, both included.
        case linspace
    }

    /// ᾱ of every training timestep.
    public let alphaBars: [Double]
    /// ᾱ of level 0.
    public let finalAlphaBar: Double
    /// What the network answers.
    public private(set) var prediction: Prediction
    /// How timesteps are chosen.
    public private(set) var spacing: Spacing
    /// Whether that was said, rather than being what DDIM does where nothing is.
    private(set) var isSpacingGiven = true
    /// Added to every timestep where the spacing is leading; `with(offset:)` gives another.
    public private(set) var offset: Int

    /// Number of training timesteps (T).
    public var trainingSteps: Int { alphaBars.count }

    /// A schedule from its variances.
    ///
    /// - `betas`: variance added at each training timestep, each in 0...1.
    /// - `endsClean`: whether level 0 has ᾱ = 1; otherwise it has that of timestep 0, as in Stable Diffusion.
    /// - `zeroTerminal`: whether √ᾱ is shifted and scaled to end in zero (Lin et al. 2023, algorithm 1); the last ᾱ
    ///   then is 2⁻²⁴, so that a latent at that level still says something about the image.
    public init(
        betas: [Double], endsClean: Bool = false, prediction: Prediction = .noise,
        spacing: Spacing = .leading, offset: Int = 1, zeroTerminal: Bool = false
    ) {
        precondition(!betas.isEmpty, "a schedule needs at least one training timestep")
        var product = 1.0
        var alphaBars = betas.map { beta in
            product *= 1 - beta
            return product
        }
        if zeroTerminal, let first = alphaBars.first?.squareRoot(), let last = alphaBars.last?.squareRoot(),
            first > last
        {
            alphaBars = alphaBars.map {
                let signal = ($0.squareRoot() - last) * first / (first - last)
                return max(signal * signal, 0x1p-24)
            }
        }
        self.alphaBars = alphaBars
        finalAlphaBar = endsClean ? 1 : alphaBars[0]
        self.prediction = prediction
        self.spacing = spacing
        self.offset = offset
    }

    /// The schedule of Stable Diffusion 1.x.
    public static let stableDiffusion = NoiseSchedule(
        betas: betas(.scaledLinear, from: 0.00085, to: 0.012, count: 1000))

    /// Variances β of all training timesteps; `start` and `end` mean nothing to the squared cosine.
    public static func betas(_ growth: Growth, from start: Double, to end: Double, count: Int) -> [Double] {
        func even(_ low: Double, _ high: Double) -> [Double] {
            (0..<count).map { count == 1 ? low : low + (high - low) * Double($0) / Double(count - 1) }
        }
        switch growth {
        case .linear: return even(start, end)
        case .scaledLinear: return even(start.squareRoot(), end.squareRoot()).map { $0 * $0 }
        case .squaredCosine:
            func bar(_ time: Double) -> Double {
                let cosine = cos((time + 0.008) / 1.008 * .pi / 2)
                return cosine * cosine
            }
            return (0..<count).map {
                min(1 - bar(Double($0 + 1) / Double(count)) / bar(Double($0) / Double(count)), 0.999)
            }
        }
    }

    /// The same noise with its timesteps shifted otherwise (diffusers' `steps_offset`): 1 walks 1, 21, …, 981 in fifty
    /// steps of Stable Diffusion, and 0 walks 0, 20, …, 980 as `DDIMScheduler` does where nothing is said.
    ///
    /// Only a leading spacing has an offset; the two others stay what they are. The lowest step of offset 0 is an
    /// identity where level 0 has ᾱ of timestep 0.
    /// - Throws: `DiffusionError.badOffset` outside of 0..<T.
    public func with(offset: Int) throws(DiffusionError) -> NoiseSchedule {
        guard alphaBars.indices.contains(offset) else {
            throw .badOffset(offset: offset, most: trainingSteps - 1)
        }
        var schedule = self
        schedule.offset = offset
        return schedule
    }

    /// The same noise with its timesteps chosen otherwise.
    public func with(spacing: Spacing) -> NoiseSchedule {
        var schedule = self
        (schedule.spacing, schedule.isSpacingGiven) = (spacing, true)
        return schedule
    }

    /// The same of a file that says nothing of the spacing: a sampler may have another by default.
    var leavingSpacing: NoiseSchedule {
        var schedule = self
        schedule.isSpacingGiven = false
        return schedule
    }

    /// The same noise, of which a network answers another quantity.
    public func with(prediction: Prediction) -> NoiseSchedule {
        var schedule = self
        schedule.prediction = prediction
        return schedule
    }

    /// The N + 1 levels of a trajectory.
    /// - Throws: `DiffusionError.badSteps` where the schedule has no room for so many.
    public func levels(steps: Int) throws(DiffusionError) -> Trajectory {
        let most = mostSteps
        guard steps >= 1, steps <= most else { throw .badSteps(steps: steps, most: most) }
        let timesteps = timesteps(steps: steps)
        return Trajectory(
            [NoiseLevel(index: 0, timestep: 0, alphaBar: finalAlphaBar)]
                + timesteps.enumerated().map {
                    NoiseLevel(index: $0.offset + 1, timestep: $0.element, alphaBar: alphaBars[$0.element])
                })
    }

    /// The largest number of steps whose timesteps the network was trained on.
    public var mostSteps: Int {
        guard spacing == .leading else { return trainingSteps }
        return (1...trainingSteps).last { ($0 - 1) * (trainingSteps / $0) + offset < trainingSteps } ?? 1
    }

    /// Timesteps in ascending order.
    private func timesteps(steps: Int) -> [Int] {
        let count = Double(trainingSteps)
        func whole(_ number: Double) -> Int { Int(number.rounded(.toNearestOrEven)) }
        switch spacing {
        case .leading:
            let stride = trainingSteps / steps
            return (0..<steps).map { min($0 * stride + offset, trainingSteps - 1) }
        case .trailing:
            return (0..<steps).reversed().map {
                max(whole(count - Double($0) * count / Double(steps)) - 1, 0)
            }
        case .linspace:
            guard steps > 1 else { return [0] }
            return (0..<steps).map { whole((count - 1) * Double($0) / Double(steps - 1)) }
        }
    }
}

extension NoiseSchedule {
    /// Whether two schedules are of the same noise and cut alike by DDIM, whoever said how their timesteps are chosen.
    public static func == (left: NoiseSchedule, right: NoiseSchedule) -> Bool {
        (left.alphaBars, left.finalAlphaBar) == (right.alphaBars, right.finalAlphaBar)
            && (left.prediction, left.spacing, left.offset) == (right.prediction, right.spacing, right.offset)
    }

    /// What equality compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(alphaBars)
        hasher.combine(finalAlphaBar)
        hasher.combine(prediction)
        hasher.combine(spacing)
        hasher.combine(offset)
    }
}
