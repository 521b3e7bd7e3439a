extension NoiseSchedule {
    /// The N + 1 levels on which DPM-Solver++ samples: N timesteps of N + 1 evenly cut parts, and no noise at the end.
    ///
    /// A solver of higher order leads on from the last step in λ = log(√ᾱ/√(1-ᾱ)), so steps that lie side by side must
    /// not differ much in λ. DDIM's levels, the lowest of which is timestep 1, end in a step several times as long as
    /// the one before it; these keep off the lowest noises, as diffusers' `DPMSolverMultistepScheduler` does, and go to
    /// ᾱ = 1 from there, where only a step of first order is left.
    /// - Throws: `DiffusionError.badSteps` where the schedule has no room for so many.
    public func solverLevels(steps: Int) throws(DiffusionError) -> Trajectory {
        let most = mostSolverSteps
        guard steps >= 1, steps <= most else { throw .badSteps(steps: steps, most: most) }
        return Trajectory(
            [NoiseLevel(index: 0, timestep: 0, alphaBar: 1)]
                + solverTimesteps(steps: steps).enumerated().map {
                    NoiseLevel(index: $0.offset + 1, timestep: $0.element, alphaBar: alphaBars[$0.element])
                })
    }

    /// The largest number of such steps whose timesteps differ and the network was trained on.
    private var mostSolverSteps: Int {
        switch spacing {
        case .leading:
            (1..<max(trainingSteps, 2)).last { $0 * (trainingSteps / ($0 + 1)) + offset < trainingSteps } ?? 1
        case .linspace: max(trainingSteps - 1, 1)
        case .trailing: trainingSteps
        }
    }

    /// Timesteps in ascending order.
    private func solverTimesteps(steps: Int) -> [Int] {
        let count = Double(trainingSteps)
        func whole(_ number: Double) -> Int { Int(number.rounded(.toNearestOrEven)) }
        switch spacing {
        case .leading:
            let stride = trainingSteps / (steps + 1)
            return (1...steps).map { min($0 * stride + offset, trainingSteps - 1) }
        case .linspace: return (1...steps).map { whole((count - 1) * Double($0) / Double(steps)) }
        case .trailing:
            return (0..<steps).reversed().map {
                max(whole(count - Double($0) * count / Double(steps)) - 1, 0)
            }
        }
    }
}
