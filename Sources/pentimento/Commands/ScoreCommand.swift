import ArgumentParser
import Benchmarks
import Foundation
import ImageMetrics
import Imaging
import Logging
import Perception
import Service
import Support
import Tensors

/// `pentimento score`: what an edit is worth, or how unlike two sets of pictures are.
struct ScoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Measures an edit against the picture before it, or a folder of pictures against another.",
        discussion: """
            pentimento score before.png after.png --source-text "a red apple" --target-text "a green pear" --mask area.png
            pentimento score generated/ photos/

            Two pictures: errors of pixels, SSIM, LPIPS, and with texts CLIP scores and directions, each definition under \
            its own name (--list tells them). Measures of what stayed are best for a picture that was not edited at all, \
            so they are to be read beside those of the texts. Two folders: KID, FID and, where both have the same \
            subfolders, CSFID with one class each, by the Inception that make measures fetches.
            """)

    /// How a result of another size is brought to the picture's.
    enum Fit: String, ExpressibleByArgument, CaseIterable { case resize }

    @Argument(help: ArgumentHelp("The picture before, or a folder.", valueName: "before"))
    var before: String?

    @Argument(help: ArgumentHelp("The picture after, or the folder to compare with.", valueName: "after"))
    var after: String?

    @Option(help: "What the picture shows before.")
    var sourceText: String?

    @Option(help: "What it is to show.")
    var targetText: String?

    @Option(help: ArgumentHelp("White where the picture may change (as edit reads it).", valueName: "file"))
    var mask: String?

    @Option(
        help: ArgumentHelp(
            "White on what is to stay, for ssim.i; all but --mask where not given.", valueName: "file"))
    var inherent: String?

    @Option(help: "Resize the picture after where its size is another; otherwise that is refused.")
    var fit: Fit?

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Tell all measures and what they are, and measure nothing.")
    var list = false

    @OptionGroup(title: "Networks") var networks: MeasureOptions
    @OptionGroup(title: "Computing") var compute: ComputeOptions
    @OptionGroup var speech: SpeechOptions

    func validate() throws {
        if list { return }
        guard before != nil, after != nil else {
            throw ValidationError(
                "two pictures or two folders are needed: the one before, then the one after")
        }
        if sourceText != nil, targetText == nil {
            throw ValidationError("--source-text alone says nothing of the edit; give --target-text too")
        }
        if inherent != nil, mask == nil {
            throw ValidationError("--inherent marks what is to stay beside --mask; give --mask too")
        }
    }

    func run() throws {
        if list { return try tellMeasures() }
        guard let before, let after else { return }
        let folders = [before, after].filter(Destination.isFolder)
        guard folders.count != 1 else {
            throw Failure.usage("\(before) and \(after) must be two pictures or two folders")
        }
        for place in [before, after] where place != "-" && !FileManager.default.fileExists(atPath: place) {
            throw Failure.missing("\(place) does not exist")
        }
        if folders.count == 2 {
            guard sourceText == nil, targetText == nil, mask == nil, fit == nil else {
                throw Failure.usage("texts, masks and --fit are for two pictures, not for folders")
            }
            return try FolderScore(before, after, json: json, compute).run()
        }
        try scorePictures(before, after)
    }

    private func scorePictures(_ before: String, _ after: String) throws {
        let first = try Image(contentsOf: before)
        var second = try Image(contentsOf: after)
        var notes: [String] = []
        if (first.width, first.height) != (second.width, second.height) {
            let sizes =
                "\(second.width)x\(second.height) and the picture before \(first.width)x\(first.height)"
            guard fit == .resize else {
                throw Failure.badInput("\(after) is \(sizes); --fit resize measures it all the same")
            }
            notes.append("\(after) was \(sizes); it was resized (bicubic)")
            second = second.resized(width: first.width, height: first.height, by: .bicubic)
        }
        let facts = PictureMeasures.Facts(
            source: sourceText, target: targetText, edited: try area(of: mask, for: first),
            inherent: try area(of: inherent, for: first))
        let (device, _) = try compute.start()
        let (measures, opened) = try networks.measures(on: device, wantsTexts: targetText != nil)
        var scores = measures(from: first, to: second, facts)
        scores.notes = notes + scores.notes
        if json {
            return Terminal.print(
                try jsonText(
                    Record(
                        before: before, after: after, width: first.width, height: first.height,
                        measures: scores.named, notes: scores.notes, networks: opened)))
        }
        let rows = PictureMeasure.allCases.compactMap { measure in
            scores.values[measure].map {
                [measure.rawValue, String(format: "%.6g", $0), measure.wantsMore ? "more" : "less"]
            }
        }
        Terminal.print(TextTable(header: ["measure", "value", "better"], rows: rows).plain)
        for note in scores.notes { speech.log.notice("\(note)") }
        for network in opened {
            Terminal.print("\(network.role): \(network.folder) (\(network.fingerprint))")
        }
    }

    private func area(of path: String?, for image: Image) throws -> ImageArea? {
        guard let path else { return nil }
        let mask = try Mask(contentsOf: path, pixelLimit: Image.defaultPixelLimit) {
            speech.log.warning("\($0.message.text(.flags))")
        }
        guard (mask.width, mask.height) == (image.width, image.height) else {
            throw Failure.badInput(
                "\(path) is \(mask.width)x\(mask.height) and the pictures are \(image.width)x\(image.height); "
                    + "give a mask of their size")
        }
        return ImageArea(mask, width: image.width, height: image.height)
    }

    private func tellMeasures() throws {
        if json {
            let all = PictureMeasure.allCases.map {
                Listed(
                    name: $0.rawValue, meaning: $0.meaning, wantsMore: $0.wantsMore,
                    tellsOfEdit: $0.tellsOfEdit)
            }
            return Terminal.print(try jsonText(all))
        }
        for measure in PictureMeasure.allCases { Terminal.print("\(measure.rawValue): \(measure.meaning)") }
    }

    /// A measure, for `--list --json`.
    private struct Listed: Encodable {
        var name: String
        var meaning: String
        var wantsMore: Bool
        var tellsOfEdit: Bool
    }

    /// What `--json` tells of two pictures.
    private struct Record: Encodable {
        var before: String
        var after: String
        var width: Int
        var height: Int
        var measures: [String: Double]
        var notes: [String]
        var networks: [MeasureOptions.Network]
    }
}
