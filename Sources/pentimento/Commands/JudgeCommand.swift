import ArgumentParser
import Foundation
import Imaging
import Perception
import Service
import StillLife
import StillLifeStudy
import Tensors

/// `pentimento judge`: what still lifes show.
struct JudgeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "judge",
        abstract: "Says what still lifes show, and whether that is what was asked for.",
        discussion: """
            pentimento judge pictures/ --prompts prompts.txt --json

            Objects with their colours, surfaces and states, table, wall and style, by a network that knows the still-life \
            world and nothing else. With prompts, one a line in the order of the files, it also says what of each is \
            right; without them, prompts that pictures carry (see inspect) are taken. A judge that was taught the \
            labels of a folder's pictures (--judge) says which label of each group fits.
            """)

    @Argument(
        help: ArgumentHelp("Pictures, or folders of them; - is standard input.", valueName: "file|folder"))
    var places: [String]

    @Option(
        help: ArgumentHelp("What the pictures should show, one prompt a line.", valueName: "file"))
    var prompts: String?

    @Option(help: ArgumentHelp("The judge's folder, or its name.", valueName: "dir"))
    var judge = "still-life-judge"

    @Flag(help: "Print JSON, one picture a line.")
    var json = false

    @OptionGroup var compute: ComputeOptions

    /// What is said of an image.
    private struct Line: Encodable {
        var file: String
        var attributes: ImageAttributes
        var prompt: String?
        var wanted: WantedScene?
        var verdict: Verdict?
    }

    func run() throws {
        let files = try places.flatMap { try Self.files(in: $0) }
        let texts = try prompts.map(TextLines.read)
        if let texts, texts.count != files.count {
            throw Failure.badInput("\(texts.count) prompts for \(files.count) pictures; one a line is needed")
        }
        let (device, _) = try compute.start()
        let folder = try Program.places.plainFolder(of: judge)
        if let labels = try LabelJudge(ifLabelling: folder, device: device) {
            return try Self.label(files, by: labels, prompts: texts, json: json)
        }
        let judge = try Judge(folder: folder, device: device)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        for (index, file) in files.enumerated() {
            let seen = judge.attributes(of: [try Image(contentsOf: file)])[0]
            let prompt = try texts?[index] ?? WebUIParameters.prompt(in: file)
            let wanted = prompt.flatMap { WantedScene(prompt: $0) }
            let line = Line(
                file: file, attributes: seen, prompt: prompt, wanted: wanted,
                verdict: wanted.map { Verdict(seen, wanted: $0) })
            Terminal.print(json ? String(decoding: try encoder.encode(line), as: UTF8.self) : Self.text(line))
        }
    }

    private static func text(_ line: Line) -> String {
        let objects = line.attributes.objects.map { object in
            let state = object.state.isOrdinary ? "" : object.state.word + " "
            let surface = object.surface == .plain ? "" : object.surface.rawValue + " "
            return "\(state)\(surface)\(object.colour.rawValue) \(object.kind.rawValue) "
                + "(\(Int((object.probability * 100).rounded())) %)"
        }
        let around = line.attributes
        let seen =
            "\(line.file): \(objects.joined(separator: ", ")); \(around.count) in all; "
            + "\(around.table.rawValue), \(around.wall.rawValue), \(around.style.rawValue)"
        guard let verdict = line.verdict else { return seen }
        let parts = [
            ("kinds", Optional(verdict.kinds)), ("colours", verdict.colours), ("states", verdict.states),
            ("nothing else", verdict.nothingElse), ("table", verdict.table), ("wall", verdict.wall),
            ("style", verdict.style),
        ]
        return seen + " — "
            + parts.compactMap { name, answer in answer.map { "\(name) \($0 ? "right" : "wrong")" } }
            .joined(separator: ", ")
    }

    private static func files(in place: String) throws -> [String] {
        guard place == "-" || FileManager.default.fileExists(atPath: place) else {
            throw Failure.missing("\(place) does not exist")
        }
        return try PhotoList.images(at: place)
    }
}
