import ArgumentParser
import Editing
import Foundation
import Imaging
import Logging
import Service
import Support

/// What an edit leaves behind.
struct EditOutputs: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The edited photo: a file, a folder for STEM-METHOD-SEED.png, or - for standard output; by default "
                + "STEM-METHOD-SEED.png here. Names that are made never overwrite.", valueName: "file|dir/"))
    var output: String?

    @Option(help: ArgumentHelp("Photo, mask and edit side by side.", valueName: "file|dir/"))
    var panel: String?

    @Option(
        help: ArgumentHelp("The mask that was used, white where the photo could change.", valueName: "file"))
    var maskOut: String?

    @Option(
        help: ArgumentHelp(
            "What was laid over the photo, transparent where the photo shows; a PNG, WebP or TIFF.",
            valueName: "file|dir/"))
    var layer: String?

    @Option(
        help: ArgumentHelp(
            "What the method computed on the way, by the paper's names.", valueName: "file.safetensors|dir/"))
    var trace: String?

    @Flag(help: "Also walk the inversion back and tell its error.")
    var measure = false

    @Flag(help: "Leave no account of how it was made in the picture.")
    var noMetadata = false

    @Flag(help: "Print the account as JSON; of several photos, one object a line.")
    var json = false

    /// The one file that the image goes to; nil where its name is yet to be made, or it has none.
    var imagePath: String? { output.flatMap { $0 == "-" || Self.isFolder($0) ? nil : $0 } }

    /// Where one photo's results go.
    struct Places {
        let image: ResultPlace
        let panel: ResultPlace?
        let mask: ResultPlace?
        let layer: ResultPlace?
        let trace: ResultPlace?

        /// Paths that are already told: those named, or names as they would be taken now.
        var paths: [String] { [image, panel, mask, layer, trace].compactMap { $0?.path } }
    }

    /// Checks what was given for outputs, and makes the folders among it.
    /// - Returns: the folders that were made.
    /// - Throws: what is wrong with one of them, before anything is read.
    func prepare(severalPhotos: Bool) throws -> [String] {
        let given = [
            ("-o", output), ("--panel", panel), ("--mask-out", maskOut), ("--layer", layer),
            ("--trace", trace),
        ]
        for case (let option, let path?) in given {
            if Self.isFolder(path) {
                try Outputs.check(folder: path)
            } else if severalPhotos {
                let what = path == "-" ? "standard output" : "the one file \(path)"
                throw Failure.usage(
                    "\(option) is \(what), for several photos; name a folder: \(option) edited/")
            } else if option == "--trace" {
                try Outputs.check(file: path)
            } else {
                try Outputs.check(image: path)
                if option == "--layer", let format = ImageFormat(writing: path), !format.holdsTransparency {
                    throw Failure.usage(
                        "--layer is \(path), and a \(format.name) cannot be transparent; write a .png, .webp or .tif"
                    )
                }
            }
        }
        if output == nil { try Outputs.check(folder: ".") }
        let files = given.filter { !Self.isFolder($0.1 ?? "") }
        try Outputs.checkDistinct(files.map { ($0.0, $0.1) } + [("--json", json ? "-" : nil)])
        var made: [String] = []
        for case let path? in given.map(\.1) where Self.isFolder(path) && !Destination.isFolder(path) {
            try WholeFolder.make(path)
            made.append(path)
        }
        return made
    }

    /// The places of one photo's results.
    func places(photo: String, method: String, seed: UInt64) -> Places {
        let rest = "\(method)-\(seed)"
        func place(_ given: String?, _ mark: String, _ ending: String = "png") -> ResultPlace? {
            guard let given else { return nil }
            guard Self.isFolder(given) else { return .named(given) }
            return .series(folder: given, stem: ResultPlace.stem(photo, rest + mark), ending: ending)
        }
        return Places(
            image: place(output ?? ".", "") ?? .named(""), panel: place(panel, "-panel"),
            mask: place(maskOut, "-mask"), layer: place(layer, "-layer"),
            trace: place(trace, "-trace", "safetensors"))
    }

    /// Refuses results of a photo that do not fit their kinds of files, or find no room.
    func checkFits(_ places: Places, for photo: Image) throws {
        try Outputs.checkFits(places.image.path, width: photo.width, height: photo.height)
        for path in [places.mask, places.layer].compactMap({ $0?.path }) {
            try Outputs.checkFits(path, width: photo.width, height: photo.height)
        }
        let side = min(max(photo.height, 256), 768)
        let wide = max(photo.width * side / photo.height, 1) * 3
        try Outputs.checkRoom(
            [places.image, places.mask, places.layer].compactMap { $0?.path }.map {
                ($0, Outputs.mostBytes($0, width: photo.width, height: photo.height))
            }
                + [places.panel].compactMap { $0?.path }.map {
                    ($0, Outputs.mostBytes($0, width: wide, height: side))
                }
        )
    }

    private static func isFolder(_ path: String) -> Bool {
        path != "-" && (path.hasSuffix("/") || Destination.isFolder(path))
    }

    /// Writes everything that was asked for, and the image with its texts last.
    /// - Parameters:
    ///   - account: the account of an image of this name.
    ///   - image: writes the image with its texts to a path, replacing what is there or not.
    /// - Returns: where the image is.
    func write(
        _ result: EditResult, photo: Image, to places: Places, _ log: Logger,
        account: (_ output: String) throws -> EditReport,
        image: (_ output: String, _ metadata: [String: String], _ replacing: Bool) throws -> Void
    ) throws -> String {
        try places.trace?.write { try Outputs.write(result.trace, to: $0, replacing: $1) }
        if let place = places.mask {
            let mask = result.mask?.resized(width: photo.width, height: photo.height)
            if let image = result.layer?.coverage?.image() ?? mask?.image() {
                try place.write { try image.write(to: $0, replacing: $1) }
            } else {
                log.warning("\(result.account.method) used no mask; \(place.path) was not written")
            }
        }
        if let place = places.layer {
            if let image = result.layer?.image(width: photo.width, height: photo.height) {
                try place.write { try image.write(to: $0, replacing: $1) }
            } else {
                log.warning(
                    "\(result.account.method) laid no layer over the photo; \(place.path) was not written")
            }
        }
        if let place = places.panel {
            let panel = panel(of: result, photo: photo)
            let texts = noMetadata ? [:] : try account(places.image.path).metadata()
            try place.write { try panel.write(to: $0, metadata: texts, replacing: $1) }
        }
        return try places.image.write { path, replacing in
            try image(path, noMetadata ? [:] : account(path).metadata(), replacing)
        }
    }

    /// Photo, mask laid over it, and edit, with what they show below.
    private func panel(of result: EditResult, photo: Image) -> Image {
        let side = min(max(photo.height, 256), 768)
        let width = max(photo.width * side / photo.height, 1)
        func fitting(_ image: Image) -> Image {
            image.height == side ? image : image.resized(width: width, height: side)
        }
        var cells = [ContactSheet.Cell(fitting(photo), caption: result.account.source ?? "photo")]
        let shown = fitting(photo)
        // Exactly what was pasted, and no smoother.
        if let mask = result.layer?.coverage.map({ Mask(luma: fitting($0.image())) }) ?? result.mask {
            cells.append(
                ContactSheet.Cell(
                    shown.overlaid(with: mask),
                    caption: "may change"
                        + (result.account.maskArea.map { " (\(Int(($0 * 100).rounded())) %)" } ?? "")))
        }
        cells.append(ContactSheet.Cell(fitting(result.image), caption: result.account.prompt))
        return Image.panel(cells)
    }
}
