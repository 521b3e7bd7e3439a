import Foundation

/// The levels that samplers other than DDIM cut.
extension NoiseSchedule {
    /// How timesteps are chosen: as the file says, or else as the sampler that asks does by default.
    ///
    /// So diffusers reads a file: an absent `timestep_spacing` is that of the sampler which runs, not of the one that wrote
    /// it.
    func spacing(orElse fallback: Spacing) -> Spacing { isSpacingGiven ? spacing : fallback }

    /// The levels of Euler's rule: DDIM's timesteps, between which even spacing goes, and no noise at the end.
    /// - Throws: `DiffusionError.badSteps` where the schedule has no room for so many.
    func eulerLevels(steps: Int) throws(DiffusionError) -> Trajectory {
        let chosen = with(spacing: spacing(orElse: .linspace))
        let levels = try chosen.levels(steps: steps)
        let clean = NoiseLevel(index: 0, timestep: 0, alphaBar: 1)
        guard chosen.spacing == .linspace, steps > 1 else { return Trajectory([clean] + levels.dropFirst()) }
        let top = Double(trainingSteps - 1)
        return Trajectory(
            [clean]
                + (0..<steps).map { place in
                    let time = top * Double(place) / Double(steps - 1)
                    let whole = min(Int(time), trainingSteps - 1)
                    let share = time - Double(whole)
                    let next = min(whole + 1, trainingSteps - 1)
                    // σ grows evenly between two timesteps, as diffusers has it.
                    let sigma = sigma(of: whole) * (1 - share) + sigma(of: next) * share
                    return NoiseLevel(
                        index: place + 1, timestep: whole, alphaBar: 1 / (1 + sigma * sigma), fraction: share)
                })
    }

    /// Levels whose σ^(1/7) lie evenly between the schedule's largest and its smallest, and no noise at the end.
    ///
    /// Karras and others 2022, equation 5, on the whole table as diffusers' solvers take it; the network is told the
    /// nearest timesteps, of which two may be the same in many steps.
    /// - Throws: `DiffusionError.badSteps` for more steps than there are timesteps.
    public func karrasLevels(steps: Int) throws(DiffusionError) -> Trajectory {
        guard steps >= 1, steps <= trainingSteps else { throw .badSteps(steps: steps, most: trainingSteps) }
        let logs = alphaBars.map { 0.5 * log(1 / $0 - 1) }
        let ends = [logs[trainingSteps - 1], logs[0]].map { exp($0 / 7) }
        let levels = (0..<steps).map { place in
            let share = steps == 1 ? 0 : Double(place) / Double(steps - 1)
            let sigma = pow(ends[0] + share * (ends[1] - ends[0]), 7)
            return NoiseLevel(
                index: steps - place, timestep: Self.nearest(to: log(sigma), in: logs),
                alphaBar: 1 / (1 + sigma * sigma))
        }
        return Trajectory([NoiseLevel(index: 0, timestep: 0, alphaBar: 1)] + levels.reversed())
    }

    /// The timestep whose log σ is nearest, by the place between two; `logs` grow.
    private static func nearest(to value: Double, in logs: [Double]) -> Int {
        guard let above = logs.firstIndex(where: { $0 > value }), above > 0 else {
            return value < logs[0] ? 0 : logs.count - 1
        }
        let share = (value - logs[above - 1]) / (logs[above] - logs[above - 1])
        return Int((Double(above - 1) + share).rounded(.toNearestOrEven))
    }

    /// Levels among the fifty timesteps that consistency models were taught, ⌊T/50⌋·j - 1, spread evenly over them.
    /// - Throws: `DiffusionError.badSteps` for more than fifty.
    func consistencyLevels(steps: Int) throws(DiffusionError) -> Trajectory {
        let taught = min(50, trainingSteps)
        guard steps >= 1, steps <= taught else { throw .badSteps(steps: steps, most: taught) }
        let stride = trainingSteps / taught
        let levels = (0..<steps).map { place in
            let timestep = (taught - place * taught / steps) * stride - 1
            return NoiseLevel(index: steps - place, timestep: timestep, alphaBar: alphaBars[timestep])
        }
        return Trajectory([NoiseLevel(index: 0, timestep: 0, alphaBar: 1)] + levels.reversed())
    }

    private func sigma(of timestep: Int) -> Double { (1 / alphaBars[timestep] - 1).squareRoot() }
}
