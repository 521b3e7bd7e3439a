import ArgumentParser
import Editing
import Foundation
import Imaging
import Logging

/// What an edit leaves behind.
struct EditOutputs: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The edited photo; by default STEM-METHOD-SEED.png here, never overwriting.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("Photo, mask and edit side by side.", valueName: "file"))
    var panel: String?

    @Option(
        help: ArgumentHelp("The mask that was used, white where the photo could change.", valueName: "file"))
    var maskOut: String?

    @Option(
        help: ArgumentHelp(
            "What the method computed on the way, by the paper's names.", valueName: "file.safetensors"))
    var trace: String?

    @Flag(help: "Also walk the inversion back and tell its error.")
    var measure = false

    @Flag(help: "Leave no account of how it was made in the picture.")
    var noMetadata = false

    @Flag(help: "Print the account as JSON.")
    var json = false

    /// Where the picture goes, after all places were checked.
    func path(photo: String, method: String, seed: UInt64) throws -> String {
        let stem = ((photo as NSString).lastPathComponent as NSString).deletingPathExtension
        let path = output ?? Outputs.unused("\(stem)-\(method)-\(seed).png")
        try Outputs.check(picture: path)
        for picture in [panel, maskOut].compactMap(\.self) { try Outputs.check(picture: picture) }
        if let trace { try Outputs.checkFolder(of: trace) }
        return path
    }

    /// Writes everything that was asked for, the picture last.
    func write(_ result: EditResult, photo: Picture, account: EditReport, to path: String, _ log: Logger)
        throws
    {
        if let trace { try Outputs.write(result.trace, to: trace) }
        if let maskOut {
            if let coverage = result.layer?.coverage {
                try coverage.picture().write(to: maskOut)
            } else if let mask = result.mask {
                try mask.resized(width: photo.width, height: photo.height).picture().write(to: maskOut)
            } else {
                log.warning("\(result.account.method) used no mask; \(maskOut) was not written")
            }
        }
        if let panel { try picture(of: result, photo: photo).write(to: panel) }
        try result.picture.write(to: path, metadata: noMetadata ? [:] : account.metadata())
    }

    /// Photo, mask laid over it, and edit, with what they show below.
    private func picture(of result: EditResult, photo: Picture) -> Picture {
        let side = min(max(photo.height, 256), 768)
        let width = max(photo.width * side / photo.height, 1)
        func fitting(_ picture: Picture) -> Picture {
            picture.height == side ? picture : picture.resized(width: width, height: side)
        }
        var plain = result.picture
        plain.profile = nil
        var cells = [ContactSheet.Cell(fitting(photo), caption: result.account.source ?? "photo")]
        let shown = fitting(photo)
        // Exactly what was pasted, and no smoother.
        if let coverage = result.layer?.coverage?.picture() {
            let mask = Mask(luma: fitting(coverage))
            cells.append(ContactSheet.Cell(shown.overlaid(with: mask), caption: "may change"))
        } else if let mask = result.mask {
            cells.append(ContactSheet.Cell(shown.overlaid(with: mask), caption: "may change"))
        }
        cells.append(ContactSheet.Cell(fitting(plain), caption: result.account.prompt))
        return Picture.panel(cells)
    }
}
