import ArgumentParser
import Foundation
import Imaging
import Service
import StillLife
import Support

/// `pentimento still-life`: a folder of scenes with their true edits.
struct StillLifeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "still-life",
        abstract: "Renders still lifes with captions, facts, true edits and masks.",
        discussion: """
            pentimento still-life --seed 1 --count 100 -o scenes --sheet scenes.png

            Everything follows from the seed. The folder holds source/, target/ and masks/ with pictures by number, \
            items.jsonl with one item a line (scene, captions, facts, edit, prompts, files) and manifest.json. What scenes \
            are made of can be narrowed: --objects 1 --kind apple --colour red --table wood.
            """)

    @Option(help: "What everything follows from.")
    var seed: UInt64

    @Option(help: "How many scenes, each with one edit.")
    var count = 16

    @Option(help: "Pixels a side.")
    var size = 128

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The folder to make; it must not exist, or be empty.", valueName: "dir"))
    var output: String

    @Option(help: ArgumentHelp("Also a contact sheet of pictures before and after.", valueName: "file"))
    var sheet: String?

    @OptionGroup(title: "What scenes are made of") var made: SceneChoiceOptions
    @OptionGroup var speech: SpeechOptions

    func validate() throws {
        if !(1...1_000_000).contains(count) {
            throw ValidationError("--count is \(count); it must lie in 1...1000000")
        }
        if !(8...4096).contains(size) { throw ValidationError("--size is \(size); it must lie in 8...4096") }
    }

    func run() async throws {
        if let sheet { try Outputs.check(image: sheet) }
        try Outputs.check(newFolder: output)
        let (bar, written) = (speech.bar, Counter())
        defer { bar.hide() }
        try StillLifeSet.write(
            seed: seed, count: count, size: size, to: output, kinds: made.edits, from: made.choices
        ) { image, path in
            try Task.checkCancellation()
            if path.contains("/source/") { bar.show("scenes", written.next(), of: count) }
            try image.write(to: path)
        }
        if let sheet {
            let account = SheetRecord(
                command: "still-life", output: lastName(of: sheet), seed: seed, by: Program.producer)
            try contactSheet().write(to: sheet, metadata: account.metadata())
        }
        if !speech.quiet {
            Outputs.tell(
                "\(output): \(count) scenes of \(size)x\(size) with edits and masks", beside: [sheet])
        }
    }

    /// The first scenes, before and after, with their prompts.
    private func contactSheet() throws -> Image {
        let lines = try String(contentsOfFile: output + "/items.jsonl", encoding: .utf8).split(
            separator: "\n")
        let cells = try lines.prefix(32).flatMap { line in
            let item = try JSONDecoder().decode(StillLifeSet.Item.self, from: Data(line.utf8))
            return try [("source", item.sourcePrompt), ("target", item.targetPrompt)].map { role, prompt in
                ContactSheet.Cell(
                    try Image(contentsOf: "\(output)/\(role)/\(item.id).png"), caption: prompt)
            }
        }
        return ContactSheet(cells, columns: 8, textScale: 1).image()
    }
}

/// Counts in one task.
private final class Counter {
    private var value = 0
    func next() -> Int {
        value += 1
        return value
    }
}
