import Diffusion
import Foundation
import Imaging
package import Support
import Synchronization

/// How far the job that runs is: kept for those who ask, told to those who listen.
final class Live: Sendable {
    private struct State {
        var progress: Diffusion.Progress?
        var share = 0.0
        var stages = 0
        var warnings: [String] = []
        var told = ContinuousClock.now - .seconds(1)
        var preview: [UInt8]?
        var previews = 0
    }
    private let state = Mutex(State())
    private let job: String
    private let hub: EventHub
    /// Seconds that such work took last time.
    private let expected: Double?
    private let start = ContinuousClock.now

    init(job: String, expected: Double?, hub: EventHub) {
        self.job = job
        self.expected = expected
        self.hub = hub
    }

    /// What the user should know, in order and once.
    var warnings: [String] { state.withLock { $0.warnings } }

    /// Seconds since the job began.
    var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }

    /// Takes in what the engine says.
    func take(_ notice: Notice) {
        switch notice {
        case .progress(let progress): take(progress)
        case .preview(let preview): take(preview)
        case .warning(let text): warn(text)
        }
    }

    /// Remembers something that the user should know.
    func warn(_ text: String) {
        state.withLock { if !$0.warnings.contains(text) { $0.warnings.append(text) } }
    }

    private func take(_ progress: Diffusion.Progress) {
        let isDue = state.withLock { state in
            if state.progress?.stage != progress.stage { state.stages += 1 }
            state.progress = progress
            state.share = max(state.share, share(of: progress, stage: state.stages))
            // The last step of a stage is always told.
            let isDue = ContinuousClock.now - state.told >= .milliseconds(100) || progress.step == progress.of
            if isDue { state.told = .now }
            return isDue
        }
        if isDue, let json { hub.publish("progress", job: job, json) }
    }

    /// The newest preview, as a WebP.
    var preview: [UInt8]? { state.withLock { $0.preview } }

    /// Keeps a preview for whoever asks, and tells where it is: an address with a number, so that each is another.
    private func take(_ preview: Preview) {
        guard let bytes = try? preview.image.encoded(as: .webp) else { return }
        let number = state.withLock { state in
            state.preview = bytes
            state.previews += 1
            return state.previews
        }
        hub.publish(
            "preview", job: job,
            .object([
                "job": .text(job), "step": .whole(preview.step), "width": .whole(preview.image.width),
                "height": .whole(preview.image.height),
                "url": .text("/api/v1/jobs/\(job)/preview?n=\(number)"),
            ]))
    }

    /// The share of the whole that is done: by the time that such work took before, else half of what is left for each
    /// stage.
    private func share(of progress: Diffusion.Progress, stage: Int) -> Double {
        if let expected, expected > 0 { return min(seconds / expected, 0.99) }
        let within = progress.of > 0 ? Double(progress.step) / Double(progress.of) : 0
        let power = pow(0.5, Double(stage - 1))
        return min((1 - power) + power / 2 * within, 0.99)
    }

    /// How far it is.
    var json: JSONValue? {
        let seconds = seconds
        return state.withLock { state in
            guard let progress = state.progress else { return nil }
            var members: [String: JSONValue] = [
                "job": .text(job), "stage": .text(progress.stage), "step": .whole(progress.step),
                "of": .whole(progress.of), "share": .number((state.share * 1000).rounded() / 1000),
                "seconds": .number((seconds * 10).rounded() / 10),
            ]
            if let expected {
                members["secondsLeft"] = .number((max(expected - seconds, 0) * 10).rounded() / 10)
            }
            members["loss"] = progress.loss.map { .number($0) }
            return .object(members)
        }
    }
}
