import ArgumentParser
import Editing
import Foundation
import Imaging

/// `pentimento regions`: a region file checked, told and drawn.
struct RegionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "regions",
        abstract: "Checks a file of regions, tells what it asks for and draws it.",
        discussion: """
            pentimento regions Examples/apple-to-pear.json -o layout.png

            A region file is a JSON object: prompt and negative (of the whole picture), canvas ([width, height] in pixels, for \
            generate) and regions, a list of objects with prompt; box ([x, y, width, height] in shares of the picture) or \
            mask (a picture file beside this one); and, where wanted, id, role (background, inherent, added, removed, \
            edited), target (the new prompt of an edited one), negative, words (that name the thing), feather (0 to 1) and \
            seed. generate, edit and compare take it by --regions.
            """)

    @Argument(help: ArgumentHelp("The region file.", valueName: "file"))
    var file: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A picture of the layout to write; - is standard output.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("A photo to draw the layout on.", valueName: "file"))
    var photo: String?

    @OptionGroup var speech: SpeechOptions

    func validate() throws {
        if photo != nil, output == nil {
            throw ValidationError("--photo is what the layout is drawn on; name a picture to write with -o")
        }
    }

    func run() throws {
        if let output { try Outputs.check(image: output) }
        let layout = try RegionOptions.layout(in: file, speech.log)
        if let output {
            let ground = try photo.map { try Photo(contentsOf: $0).image }
            try layout.picture(on: ground).write(to: output)
        }
        guard !speech.quiet else { return }
        for (index, region) in layout.regions.enumerated() {
            Outputs.tell(Self.line(region, number: index + 1), beside: [output])
        }
    }

    /// A region in a line: name, role, place, prompts, key words.
    static func line(_ region: Region, number: Int) -> String {
        var line = "\(region.id ?? "\(number)") (\(region.effectiveRole.rawValue)) \(region)"
        if let target = region.target { line += " -> \(target)" }
        if !region.words.isEmpty { line += " [\(region.words.joined(separator: ", "))]" }
        return line
    }
}
