import ArgumentParser
import Imaging
import Service
import Support

/// `pentimento sheet`: many images as one, each over the prompt that made it.
struct SheetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sheet",
        abstract: "Puts pictures side by side on one sheet, each over the prompt that made it.",
        discussion: """
            pentimento sheet apple-1.png apple-2.png apple-3.png --columns 3 -o apples.png

            The captions are the prompts that the pictures carry (see inspect), or their file names where they carry none.
            """)

    @Argument(help: ArgumentHelp("The pictures, row by row.", valueName: "file"))
    var files: [String]

    @Option(help: "Pictures in a row.")
    var columns = 4

    @Option(help: "Pixels that every picture is made to fit; by default each keeps its size.")
    var side: Int?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The sheet to write; - is standard output.", valueName: "file"))
    var output: String

    @OptionGroup var accounts: AccountOptions

    func validate() throws {
        if !(1...64).contains(columns) {
            throw ValidationError("--columns is \(columns); it must lie in 1...64")
        }
        if let side, !(8...4096).contains(side) {
            throw ValidationError("--side is \(side); it must lie in 8...4096")
        }
    }

    func run() throws {
        try Outputs.check(image: output)
        let cells = try files.map { file in
            ContactSheet.Cell(try Image(contentsOf: file).fitted(side), caption: try Self.caption(of: file))
        }
        let account = SheetRecord(
            command: "sheet", output: lastName(of: output),
            pictures: try files.map { file in
                let own = try ImageMetadata(contentsOf: file).entries[ImageMetadata.ownKey]
                return .init(label: lastName(of: file), account: own.map { MetadataText($0).value })
            }, by: Program.producer)
        try ContactSheet(cells, columns: columns, textScale: 1).image()
            .write(to: output, metadata: accounts.texts(account))
    }

    private static func caption(of file: String) throws -> String {
        try WebUIParameters.prompt(in: file) ?? file.split(separator: "/").last.map(String.init) ?? file
    }
}

extension Image {
    /// The image with its long side as wanted; as it is where nothing is wanted.
    func fitted(_ side: Int?) -> Image {
        guard let side else { return self }
        return resized(to: WorkingSize(fitting: width, height, longSide: side, multipleOf: 1))
    }
}
