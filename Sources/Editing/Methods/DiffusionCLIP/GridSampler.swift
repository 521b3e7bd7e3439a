import Diffusion
import Tensors

/// DDIM from DiffusionCLIP's timestep t₀ down to the predicted clean image, along a grid of S points.
struct GridSampler: Sampler {
    /// The noisiest timestep (t₀).
    let top: Int
    private let step = DDIM()

    init(top: Int) { self.top = top }

    var name: String { step.name }

    /// The clean level and S points from timestep 0 to t₀.
    func levels(of schedule: NoiseSchedule, steps: Int) throws(DiffusionError) -> Trajectory {
        guard (2...(top + 1)).contains(steps) else { throw .badSteps(steps: steps, most: top + 1) }
        return TimeGrid(steps: steps, top: min(top, schedule.trainingSteps - 1)).trajectory(in: schedule)
    }

    func mean(_ estimate: Estimate, after previous: Estimate?, to end: NoiseLevel) -> Tensor {
        step.mean(estimate, after: previous, to: end)
    }

    func deviation(from start: NoiseLevel, to end: NoiseLevel) -> Double { 0 }

    func drawsNoise(to end: NoiseLevel) -> Bool { false }
}
