import Diffusion
import Tensors

extension InvertedTrajectory {
    /// Inversions whose latents do not depend on how many steps lead to them: all that follow one deterministic path.
    static let finelyClimbed: Set<InversionKind> = [.ddim, .negativePrompt, .direct, .fixedPoint]

    /// The same path, seen only where a trajectory of fewer steps halts.
    /// - Parameter places: the finer level of each of the coarser levels from 0 up.
    func thinned(to levels: Trajectory, at places: [Int]) -> InvertedTrajectory {
        precondition(noises.isEmpty, "the noise of a finer step belongs to no other step")
        var path = InvertedTrajectory(
            kind, levels: levels, latents: places.map { latents[$0] }, prompt: prompt)
        if !negatives.isEmpty { path.negatives = places.dropFirst().map { negatives[$0 - 1] } }
        return path
    }
}

extension EditContext {
    /// Inverts the image in finer steps than it is edited in, and keeps the latents of the edit's own levels.
    ///
    /// The smaller the steps, the closer the way back comes to the image. Inversions that tell something of each single
    /// step cannot be made finer; they invert through the edit's own levels, and the user is warned.
    /// - Parameters:
    ///   - steps: steps of the whole finer trajectory; those of the edit where 0.
    ///   - beyond: whether `start` is the noisiest latent of the finer trajectory, not the edit's.
    /// - Throws: `EditingError.badValue` where the finer trajectory passes by a level of the edit.
    func invert(
        finely steps: Int, beyond: Bool = false, prompt: Conditioning
    ) throws -> (path: InvertedTrajectory, start: Tensor) {
        var usable = steps == 0 ? levels.steps : steps
        if usable != levels.steps, !InvertedTrajectory.finelyClimbed.contains(inversion) {
            session.warn(
                "the inversion \"\(inversion.rawValue)\" goes in the edit's own \(levels.steps) steps; "
                    + "inversion-steps=\(steps) is not looked at")
            usable = levels.steps
        }
        guard usable != levels.steps else {
            let path = try invert(prompt: prompt)
            return (path, path.start)
        }
        let finer = try session.schedule.levels(steps: usable)
        guard let places = finer.places(of: levels.prefix(startStep + 1)) else {
            let right = (levels.steps...session.schedule.mostSteps).filter { count in
                (try? session.schedule.levels(steps: count))?.places(of: levels.prefix(startStep + 1)) != nil
            }
            throw EditingError.badValue(
                name: "option inversion-steps", value: "\(steps)",
                expected: "0 or a number of steps that pass through all \(levels.steps) of the edit, such as "
                    + Set(right.prefix(3) + right.suffix(1)).sorted().map(String.init).joined(separator: ", ")
            )
        }
        let whole = try invert(
            to: beyond ? finer.steps : places[startStep], through: finer, prompt: prompt,
            stage: "inverting in finer steps")
        return (whole.thinned(to: levels, at: places), whole.start)
    }
}

extension Trajectory {
    /// Where other levels lie among these, by their timesteps; nil where one of them does not.
    ///
    /// The first of each is the clean one, which has no timestep of its own.
    fileprivate func places(of others: some Collection<NoiseLevel>) -> [Int]? {
        var places = [0]
        var place = 1
        for level in others.dropFirst() {
            while place < count, self[place].timestep < level.timestep { place += 1 }
            guard place < count, self[place].timestep == level.timestep else { return nil }
            places.append(place)
        }
        return places
    }
}
