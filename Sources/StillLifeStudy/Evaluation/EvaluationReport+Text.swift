import Foundation

extension EvaluationReport: CustomStringConvertible {
    /// The numbers for people, a line each.
    public var description: String {
        func number(_ value: Double, _ digits: Int = 2) -> String { String(format: "%.\(digits)f", value) }
        var lines = [
            "\(model) \(fingerprint)",
            "seeds from \(settings.seed), \(settings.steps) DDIM steps, guidance \(settings.guidance)",
        ]
        if let autoencoder {
            lines.append("autoencoder: \(number(autoencoder)) dB on \(settings.reconstructions) renders")
        }
        if let inversion {
            lines.append(
                "inversion and back at guidance 1: \(number(inversion.decibels)) dB (the autoencoder alone "
                    + "\(number(inversion.ceiling)), against it \(number(inversion.againstCeiling)))")
        }
        for (name, share) in generated.sorted(by: { $0.key < $1.key }) {
            lines.append("generated, \(name): \(share)")
        }
        for (images, shares) in judge.sorted(by: { $0.key < $1.key }) {
            for (name, share) in shares.sorted(by: { $0.key < $1.key }) {
                lines.append("the judge on \(images), \(name): \(share)")
            }
        }
        if let cosines {
            lines.append(
                "cosine with the prompt: generated \(number(cosines.generated, 3)), renders "
                    + "\(number(cosines.renders, 3)), with another's prompt \(number(cosines.mismatched, 3))")
        }
        for map in maps {
            lines.append(
                "cross-attention at \(map.side)×\(map.side): average precision "
                    + "\(number(map.averagePrecision, 3)) (a guess has \(number(map.baseline, 3))), "
                    + "\(map.objects) objects")
        }
        for mask in masks {
            let kinds = mask.overlapByKind.sorted { $0.key < $1.key }.map { "\($0.key) \(number($0.value))" }
            lines.append(
                "DiffEdit's mask at threshold \(mask.threshold): overlap \(number(mask.overlap, 3)) with the true "
                    + "change, area \(number(mask.area, 3)) (truth \(number(mask.trueArea, 3))), \(mask.edits) "
                    + "edits: \(kinds.joined(separator: ", "))")
        }
        for (images, accuracy) in (relevance ?? [:]).sorted(by: { $0.key < $1.key }) {
            lines.append("things found in \(images): \(accuracy)")
        }
        lines.append("\(forwards) forward passes, \(number(seconds, 0)) s")
        return lines.joined(separator: "\n")
    }
}
