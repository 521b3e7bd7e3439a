import Foundation
import Imaging
import Perception
import Service
import StillLifeStudy
import Tensors

extension JudgeCommand {
    /// What is said of an image by a judge of labels.
    private struct LabelLine: Encodable {
        var file: String
        var labels: [String: LabelJudge.Label]
        var prompt: String?
        var wanted: [String: String]?
        var verdict: [String: Bool]?
    }

    /// Prints the labels of images, and what of each prompt is right.
    static func label(
        _ files: [String], by judge: LabelJudge, prompts: [String]?, json: Bool
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        for (index, file) in files.enumerated() {
            let labels = judge.labels(of: [try Image(contentsOf: file)])[0]
            let prompt = try prompts?[index] ?? WebUIParameters.prompt(in: file)
            let wanted = prompt.map(judge.wanted)
            let line = LabelLine(
                file: file, labels: labels, prompt: prompt, wanted: wanted,
                verdict: wanted.map { $0.reduce(into: [:]) { $0[$1.key] = labels[$1.key]?.name == $1.value } }
            )
            Terminal.print(json ? String(decoding: try encoder.encode(line), as: UTF8.self) : text(line))
        }
    }

    private static func text(_ line: LabelLine) -> String {
        let seen = line.labels.sorted { $0.key < $1.key }.map {
            "\($0.key) \($0.value.name) (\(Int(($0.value.probability * 100).rounded())) %)"
        }
        let verdicts = (line.verdict ?? [:]).sorted { $0.key < $1.key }.map {
            "\($0.key) \($0.value ? "right" : "wrong")"
        }
        let told = "\(line.file): \(seen.joined(separator: ", "))"
        return verdicts.isEmpty ? told : "\(told) — \(verdicts.joined(separator: ", "))"
    }
}
