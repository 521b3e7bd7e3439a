import Foundation
import ImageMetrics

extension PhotoEvaluationReport: CustomStringConvertible {
    /// The numbers for people, a line each.
    public var description: String {
        var lines = [
            "\(model) \(fingerprint)",
            "\(settings.part == .measured ? "photos" : "photos set aside for choosing settings") of lists \(photos), "
                + "seed \(settings.seed), pictures at \(settings.steps) DDIM steps and guidance \(settings.guidance)",
            "edits by \(settings.edit)",
        ]
        if let autoencoder {
            lines.append("autoencoder: \(Self.number(autoencoder, 2)) dB on held-out photos")
        }
        for (title, found) in [("the judge on held-out photos", judge), ("generated", generated)] {
            for (group, answers) in found.sorted(by: { $0.key < $1.key }) {
                lines.append("\(title), \(group): \(answers.right)")
                lines += answers.text
            }
        }
        if let colourEdits { lines += colourEdits.lines }
        if let kindEdits { lines += kindEdits.lines }
        lines.append("\(forwards) forward passes, \(Self.number(seconds, 0)) s")
        return lines.joined(separator: "\n")
    }

    fileprivate static func number(_ value: Double?, _ digits: Int) -> String {
        value.map { String(format: "%.\(digits)f", $0) } ?? "–"
    }
}

extension PhotoEvaluationReport.JudgeAnswers {
    /// What was taken for what, a line for each label that was wanted, the most frequent answer first.
    fileprivate var text: [String] {
        confusion.sorted { $0.key < $1.key }.map { wanted, seen in
            let answers = seen.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            return "  \(wanted): " + answers.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        }
    }
}

extension PhotoEvaluationReport.ColourEdits {
    fileprivate var lines: [String] {
        func number(_ value: Double?, _ digits: Int = 2) -> String {
            PhotoEvaluationReport.number(value, digits)
        }
        var lines = [
            "\(count) edits of colour: median gain \(number(medianGain)), mean "
                + "\(number(meanGain?.value)) (\(number(meanGain?.low))–\(number(meanGain?.high)))",
            "  nearer to the true result than the photo is: \(nearer)",
            "  the mask's overlap with the petals \(number(maskOverlap, 3)), outside the petals \(number(outside, 1)) dB",
        ]
        if let colour { lines.append("  colour as asked: \(colour)") }
        if let before { lines.append("  the same of the photos before: \(before)") }
        if let truths { lines.append("  the same of the true results: \(truths)") }
        let colours = byColour.sorted { $0.key < $1.key }.map { "\($0.key) \(number($0.value))" }
        lines.append("  median gain: \(colours.joined(separator: ", "))")
        return lines
    }
}

extension PhotoEvaluationReport.KindEdits {
    fileprivate var lines: [String] {
        func number(_ value: Double?, _ digits: Int) -> String { PhotoEvaluationReport.number(value, digits) }
        var lines = [
            "\(count) edits of kind: area \(number(area, 3)), outside it \(number(outside, 1)) dB"
        ]
        if let kind { lines.append("  kind as asked: \(kind)") }
        if let before { lines.append("  the same of the photos before: \(before)") }
        if let kindAndColour { lines.append("  kind and colour as asked: \(kindAndColour)") }
        for (pair, share) in byPair.sorted(by: { $0.key < $1.key }) { lines.append("  \(pair): \(share)") }
        return lines
    }
}
