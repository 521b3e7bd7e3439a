import ArgumentParser
import Editing
import Foundation
import Imaging
import Service
import Support

/// `pentimento advise`: which method suits an edit.
struct AdviseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "advise",
        abstract: "Says which method suits an edit, why, and what was measured of it.",
        discussion: """
            pentimento advise apple.png --source "a red apple" --prompt "a green apple"

            The kind of edit is read from the words in which the texts differ; the numbers are those of the study of still \
            lifes (Models/advice.json, made from Documentation/methods-on-still-lifes.md), a few edits of each kind. edit \
            --method auto follows the advice.
            """)

    @Argument(help: ArgumentHelp("The photo.", valueName: "photo"))
    var photo: String?

    @Option(name: .shortAndLong, help: "What the photo shows now.")
    var source: String?

    @Option(name: .shortAndLong, help: "What it should show.")
    var prompt: String

    @Flag(help: "A mask will say what may change.")
    var withMask = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if prompt.allSatisfy(\.isWhitespace) { throw ValidationError("--prompt is empty; say what to show") }
    }

    func run() throws {
        if let photo, photo != "-", !FileManager.default.fileExists(atPath: photo) {
            throw Failure.missing("\(photo) does not exist")
        }
        let advice = try Adviser.ours().advice(from: source, to: prompt, hasMask: withMask)
        if json { return Terminal.print(try jsonText(advice)) }
        Terminal.print(advice.text)
        if let warning = advice.warning { Terminal.note("pentimento: \(warning)") }
    }
}

extension Adviser {
    /// What `make study` left beside the models.
    static func ours() throws -> Adviser {
        let places = Program.places.folders.map { $0 + "/advice.json" }
        guard let found = places.lazy.compactMap({ Adviser(contentsOf: $0) }).first else {
            throw Failure.missing(
                "there are no numbers to advise by (\(places.first ?? "advice.json")); Scripts/advice writes them"
            )
        }
        return found
    }
}

extension EditAdvice {
    /// For people: `diffedit --preset paper: only a colour changes; median gain 0.75 on 5 such edits, …`.
    var text: String {
        var parts = [because]
        if let gain, let count {
            parts.append(String(format: "median gain %.2f on %d such edits", gain, count))
        }
        if let outside { parts.append(String(format: "%.0f dB outside of the edit", outside)) }
        if let seconds { parts.append(String(format: "%.1f s on still lifes", seconds)) }
        if let second { parts.append("next \(second)") }
        return "\(method) --preset \(preset.rawValue): " + parts.joined(separator: "; ")
    }
}
