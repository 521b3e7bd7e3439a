import ArgumentParser
import Editing
import Foundation
import Imaging
import Logging
import Support

/// Regions with prompts of their own.
struct RegionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            A part with a prompt of its own: "x,y,width,height: prompt" in shares of the picture, or "mask.png: prompt" \
            (a file as --mask takes it); " | " before what it should not show. May be given several times.
            """, valueName: "place: prompt"))
    var region: [String] = []

    @Option(
        help: ArgumentHelp(
            "A JSON file of regions with their roles, seeds and key words (see regions); --region adds to them.",
            valueName: "file"))
    var regions: String?

    /// What the file and the options ask for, masks read.
    ///
    /// A mask is read as --mask is, and what it was taken for is told where it could have meant something else.
    func read(pixelLimit: Int = Image.defaultPixelLimit, _ log: Logger) throws -> RegionLayout {
        var layout =
            try regions.map { try Self.layout(in: $0, pixelLimit: pixelLimit, log) } ?? RegionLayout()
        layout.regions += try region.map { try Self.region($0, pixelLimit: pixelLimit, log) }
        return layout
    }

    /// The layout of a file; says what may not be meant.
    static func layout(in path: String, pixelLimit: Int = Image.defaultPixelLimit, _ log: Logger) throws
        -> RegionLayout
    {
        let layout = try RegionLayout(contentsOf: path, pixelLimit: pixelLimit) {
            log.warning("\($0.message.text(.flags))")
        }
        for notice in layout.notices { log.warning("\(path): \(notice)") }
        return layout
    }

    private static func region(_ text: String, pixelLimit: Int, _ log: Logger) throws -> Region {
        // A name may hold a colon; one with a blank after it ends the place.
        guard let colon = text.range(of: ": ") ?? text.range(of: ":") else {
            throw Failure.usage(
                "--region is \"\(text)\"; it must be \"x,y,width,height: prompt\" or \"mask.png: prompt\"")
        }
        let place = text[..<colon.lowerBound].trimmingCharacters(in: .whitespaces)
        let (prompt, negative) = prompts(text[colon.upperBound...])
        let parts = place.split(separator: ",", omittingEmptySubsequences: false)
        if parts.count > 1, !FileManager.default.fileExists(atPath: place) {
            let numbers = parts.compactMap { Double($0.trimmingCharacters(in: .whitespaces)) }
            guard numbers.count == 4, parts.count == 4 else {
                throw Failure.usage(
                    "--region begins with \"\(place)\"; a box is four numbers, x,y,width,height, in shares of "
                        + "the picture, as 0.25,0.4,0.5,0.3")
            }
            let box = Region.Box(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
            return Region(.box(box), prompt: prompt, negative: negative)
        }
        try checkFile(place)
        let mask = try Mask(contentsOf: place, pixelLimit: pixelLimit) {
            log.warning("\($0.message.text(.flags))")
        }
        return Region(.mask(mask), prompt: prompt, negative: negative)
    }

    /// A prompt, and what stands after a bar.
    private static func prompts(_ text: Substring) -> (String, String?) {
        func trimmed(_ text: Substring) -> String { text.trimmingCharacters(in: .whitespaces) }
        guard let bar = text.range(of: " | ") else { return (trimmed(text), nil) }
        return (trimmed(text[..<bar.lowerBound]), trimmed(text[bar.upperBound...]))
    }

    /// Says which file may have been meant where there is none of the name.
    private static func checkFile(_ path: String) throws {
        guard !path.isEmpty else { throw Failure.usage("--region names no place before its colon") }
        guard !FileManager.default.fileExists(atPath: path) else { return }
        let folder = (path as NSString).deletingLastPathComponent
        let names =
            (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
        let images = names.filter { ImageFormat(writing: $0) != nil }.sorted()
        let nearest = images.nearest(to: (path as NSString).lastPathComponent)
        throw Failure.missing(
            "\(path): no such mask for --region"
                + (nearest.map { "; did you mean \((folder as NSString).appendingPathComponent($0))?" }
                    ?? "; a region is \"x,y,width,height: prompt\" or \"mask.png: prompt\""))
    }
}

/// How a canvas larger than the model's images is seen.
struct WindowOptions: ParsableArguments {
    @Flag(help: "The right edge continues at the left one, as in a panorama all around.")
    var wrap = false

    @Flag(
        inversion: .prefixedNo,
        help: "See the canvas in windows of the model's size (by default: with --region or --wrap).")
    var windows: Bool?

    @Option(help: "Side of a window in latent elements; by default as the model was trained.")
    var window: Int?

    @Option(help: "Latent elements from one window to the next; by default an eighth of its side.")
    var stride: Int?

    @Option(help: "Share of the steps in which regions stand alone on flat colours.")
    var bootstrapping: Double?

    /// The settings, if anything asks for windows.
    func settings(hasRegions: Bool) throws -> WindowSettings? {
        let wanted =
            windows ?? (hasRegions || wrap || window != nil || stride != nil || bootstrapping != nil)
        guard wanted else {
            if hasRegions || wrap {
                throw Failure.usage("--region and --wrap need windows; leave out --no-windows")
            }
            return nil
        }
        return WindowSettings(side: window, stride: stride, wraps: wrap, bootstrapping: bootstrapping ?? 0.4)
    }
}
