import Foundation
import Synchronization

/// Tells how far work is: a bar on a terminal, elsewhere a line every ten seconds.
final class ProgressBar: Sendable {
    private struct State {
        var stage = ""
        /// When the stage began, and how much of it was done then.
        var start = (time: ContinuousClock.now, done: 0)
        var lastLine = ContinuousClock.now
    }

    private let begin = ContinuousClock.now
    private let isQuiet: Bool
    private let state = Mutex(State())

    /// A bar that nobody sees where `isQuiet`.
    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    /// Tells how far a stage is, and what its last steps lost.
    func show(_ stage: String, _ done: Int, of total: Int, loss: Double? = nil) {
        guard !isQuiet, total > 0 else { return }
        let now = ContinuousClock.now
        let (left, isDue) = state.withLock { state in
            if state.stage != stage || done < state.start.done {
                (state.stage, state.start) = (stage, (now, done))
            }
            let isDue = now - state.lastLine >= .seconds(10)
            if isDue { state.lastLine = now }
            let (spent, made) = ((now - state.start.time) / .seconds(1), done - state.start.done)
            return (made > 0 ? spent / Double(made) * Double(total - done) : nil, isDue)
        }
        let line = ProgressLine(
            stage: stage, done: done, total: total, seconds: (now - begin) / .seconds(1), left: left,
            loss: loss)
        if Terminal.isWatched {
            Terminal.show(bar: line.bar(columns: Terminal.columns - 1))
        } else if isDue {
            Terminal.note("pentimento: \(line.text)")
        }
    }

    /// Takes the bar away.
    func hide() { Terminal.show(bar: "") }
}

/// How far a stage is, in words.
struct ProgressLine {
    var stage: String
    var done: Int
    var total: Int
    /// Since the work began.
    var seconds: Double
    /// Until the stage ends, at the pace so far; nil while nothing is done.
    var left: Double?
    /// What the last steps lost; nil where nothing is tuned.
    var loss: Double?

    /// A line that moves: `encoding  [############            ] 20/40  3 s, 3 s left`, or as much as there is room for,
    /// the count first.
    func bar(columns: Int) -> String {
        let width = 24
        let filled = min(max(done * width / total, 0), width)
        let marks = String(repeating: "#", count: filled) + String(repeating: " ", count: width - filled)
        let count = "\(done)/\(total)" + lossText
        let left = left.map { ", \(duration($0)) left" } ?? ""
        let forms = [
            "\(stage)  [\(marks)] \(count)  \(duration(seconds))\(left)", "\(stage)  \(count)\(left)",
        ]
        if let form = forms.first(where: { $0.count <= columns }) { return form }
        let end = " \(count)\(left)"
        guard end.count + 3 <= columns else { return String(count.prefix(max(columns, 1))) }
        return stage.prefix(columns - end.count - 1) + "…" + end
    }

    /// A line for a log: `encoding: 20 of 40, 3 s, 3 s left`.
    var text: String {
        "\(stage): \(done) of \(total)\(lossText), \(duration(seconds))"
            + (left.map { ", \(duration($0)) left" } ?? "")
    }

    private var lossText: String { loss.map { String(format: ", loss %.4f", $0) } ?? "" }
}

/// A time for people, in seconds or minutes.
func duration(_ seconds: Double) -> String {
    seconds < 90 ? "\(Int(seconds.rounded())) s" : "\(Int((seconds / 60).rounded())) min"
}
