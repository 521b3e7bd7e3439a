import Foundation
import Synchronization

/// The wire between a training run and whoever started it: wishes to stop go in, events come out.
public final class TrainingControl: Sendable {
    private let stopping = Mutex(false)
    private let listener: @Sendable (TrainingEvent) -> Void

    private let other: TrainingControl?

    /// A control whose events go to `listener`, on the training's threads.
    public init(_ listener: @escaping @Sendable (TrainingEvent) -> Void = { _ in }) {
        self.listener = listener
        other = nil
    }

    /// A control that heeds another one's wish to stop as well.
    init(alsoStoppedBy other: TrainingControl, _ listener: @escaping @Sendable (TrainingEvent) -> Void) {
        self.listener = listener
        self.other = other
    }

    /// Asks the run to finish its step, leave a checkpoint and return.
    public func stop() { stopping.withLock { $0 = true } }

    /// Whether somebody asked for an end.
    public var isStopping: Bool { stopping.withLock { $0 } || other?.isStopping == true }

    func report(_ event: TrainingEvent) { listener(event) }
}

/// What a training run tells while it goes on.
public enum TrainingEvent: Sendable {
    /// Something worth a line in a log.
    case message(String)
    /// Where a stage stands.
    case progress(TrainingProgress)
    /// A sheet of samples was written.
    case samples(path: String)
    /// A checkpoint was written.
    case checkpoint(path: String)
    /// The run is over.
    case ended(TrainingEnd)
}

/// Where a stage of training stands.
public struct TrainingProgress: Sendable, Codable, Equatable {
    /// `autoencoder` or `diffusion`.
    public var stage: String
    /// Steps done.
    public var step: Int
    /// Steps there will be.
    public var steps: Int
    /// Mean loss since the line before.
    public var loss: Double
    /// Running mean of the loss.
    public var smoothedLoss: Double
    /// The learning rate of the last step.
    public var learningRate: Double
    /// Images learned from in a second.
    public var picturesPerSecond: Double
    /// Seconds spent on the stage, earlier runs included.
    public var seconds: Double
    /// Seconds left at this speed.
    public var secondsLeft: Double
}

extension TrainingProgress: CustomStringConvertible {
    /// One line for a log.
    public var description: String {
        func short(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
        let left = Int(secondsLeft)
        let time =
            left >= 3600 ? "\(left / 3600) h \(left % 3600 / 60) min" : "\(left / 60) min \(left % 60) s"
        return "\(stage) \(step)/\(steps)  loss \(short(smoothedLoss, 5))  "
            + "\(short(picturesPerSecond, 1)) pictures/s  \(time) left"
    }
}
