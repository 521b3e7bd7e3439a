import Foundation
import Layers
import Tensors

/// One stage of training: what a step is; the loop around it is the same for all.
protocol TrainingStage: AnyObject {
    /// Names checkpoints and log lines.
    var name: String { get }
    /// Steps in all.
    var steps: Int { get }
    /// Images in a step.
    var batch: Int { get }
    /// What is trained.
    var parameters: ParameterSet { get }
    /// The settings that weights depend on besides their shapes, by key.
    var settings: [String: String] { get }
    /// Highest learning rate, steps until it is reached, share of it at the end, longest gradient.
    var pace: LearningRateSchedule { get }
    /// The loss of a step; everything random follows from its number.
    func loss(step: Int) -> Tensor
    /// Called after steps for images to look at.
    func showSamples(step: Int) throws
}

/// How fast a stage learns.
struct LearningRateSchedule {
    let learningRate: Double
    let warmup: Int
    let finalShare: Double
    let gradientClip: Double

    /// A rise in a straight line, then half a cosine (Loshchilov and Hutter 2017) down to a share of the height.
    /// - Parameter time: the share of the time that is over, which counts where it is more than that of the steps.
    func learningRate(step: Int, of steps: Int, time: Double = 0) -> Double {
        if step < warmup { return learningRate * Double(step + 1) / Double(warmup) }
        let way = max(time, Double(step - warmup) / Double(max(1, steps - warmup)))
        return learningRate * (finalShare + (1 - finalShare) * 0.5 * (1 + cos(.pi * min(1, way))))
    }
}

/// How a stage, or a whole run, came to its end.
public enum TrainingEnd: Sendable, Equatable {
    /// All steps are done.
    case finished
    /// The time limit came first; the rest can be done by another run.
    case timeLimit
    /// Somebody asked for an end.
    case stopped
}

/// Runs a stage from its newest checkpoint to its end.
struct TrainingLoop {
    let checkpoints: Checkpoints
    let log: ProgressLog
    let control: TrainingControl
    let checkpointSeconds: Double
    let logSteps: Int
    let sampleSteps: Int
    /// When the run must end.
    let deadline: ContinuousClock.Instant?
    /// Whether the learning rate is led by the deadline.
    let followsTime: Bool

    func run(_ stage: any TrainingStage) throws -> TrainingEnd {
        let clock = ContinuousClock()
        var position =
            try checkpoints.restore(stage.parameters, settings: stage.settings)
            ?? Checkpoints.Position(step: 0, seconds: 0, smoothedLoss: 0, settings: stage.settings)
        try log.rewind(stage: stage.name, to: position.step)
        if position.step > 0 {
            control.report(.message("\(stage.name): going on after step \(position.step)"))
        }
        let (startSeconds, start) = (position.seconds, clock.now)
        var (lastCheckpoint, lastLine) = (start, start)
        var lastLineStep = position.step
        var losses: [Tensor] = []
        var end = TrainingEnd.finished

        while position.step < stage.steps {
            let step = position.step
            let rate = stage.pace.learningRate(
                step: step, of: stage.steps, time: shareOver(since: start, at: clock.now))
            let loss = withGradients { stage.loss(step: step) }
            stage.parameters.descend(loss, step: step, learningRate: rate, clip: stage.pace.gradientClip)
            losses.append(loss.detached)
            try checkMemory()
            position.step += 1

            end = reason(at: clock.now)
            let isLast = end != .finished || position.step == stage.steps
            guard isLast || position.step % logSteps == 0 else { continue }

            let mean = withoutGradients { Tensor.stacked(losses).to(dtype: .float32).mean.item }
            guard mean.isFinite else { throw TrainingError.diverged(stage: stage.name, step: position.step) }
            let memory = step < logSteps || position.smoothedLoss == 0 ? 0 : pow(0.99, Double(losses.count))
            position.smoothedLoss = memory * position.smoothedLoss + (1 - memory) * mean
            losses = []
            let present = clock.now
            position.seconds = startSeconds + (present - start).seconds
            let speed =
                Double((position.step - lastLineStep) * stage.batch) / max(1e-9, (present - lastLine).seconds)
            try tell(position, of: stage, loss: mean, learningRate: rate, picturesPerSecond: speed)
            // Whoever asks for an end on hearing of this step means this step.
            if control.isStopping { end = .stopped }
            if isLast || end != .finished || (present - lastCheckpoint).seconds >= checkpointSeconds {
                control.report(.checkpoint(path: try checkpoints.save(stage.parameters, at: position)))
                lastCheckpoint = clock.now
            }
            if sampleSteps > 0, position.step / sampleSteps > lastLineStep / sampleSteps || isLast {
                try stage.showSamples(step: position.step)
            }
            (lastLine, lastLineStep) = (clock.now, position.step)
            if end != .finished { return end }
        }
        return .finished
    }

    /// Whether the run ends now, and why.
    private func reason(at now: ContinuousClock.Instant) -> TrainingEnd {
        if control.isStopping { return .stopped }
        if let deadline, now >= deadline { return .timeLimit }
        return .finished
    }

    /// A line for the log and for who listens.
    private func tell(
        _ position: Checkpoints.Position, of stage: any TrainingStage, loss: Double, learningRate: Double,
        picturesPerSecond speed: Double
    ) throws {
        let progress = TrainingProgress(
            stage: stage.name, step: position.step, steps: stage.steps, loss: loss,
            smoothedLoss: position.smoothedLoss, learningRate: learningRate, picturesPerSecond: speed,
            seconds: position.seconds,
            secondsLeft: Double((stage.steps - position.step) * stage.batch) / max(1e-9, speed))
        try log.append(progress)
        control.report(.progress(progress))
    }

    /// The share of the time until the deadline that is over; 0 where the time does not matter.
    private func shareOver(
        since start: ContinuousClock.Instant, at now: ContinuousClock.Instant
    ) -> Double {
        guard followsTime, let deadline else { return 0 }
        return (now - start).seconds / max(1e-9, (deadline - start).seconds)
    }
}
