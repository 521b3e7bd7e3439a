import ArgumentParser
import Foundation
import Imaging

/// The user's mask and what is done to it.
struct MaskOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "White where the picture may change; the method finds its own where not given.", valueName: "file"
        ))
    var mask: String?

    @Flag(help: "Exchange black and white of the mask.")
    var maskInvert = false

    @Option(parsing: .unconditional, help: "Grow the mask by so many of its pixels; below 0 shrinks it.")
    var maskGrow = 0

    @Option(help: "Soften the mask by a Gaussian of so many of its pixels.")
    var maskBlur = 0.0

    @Flag(help: "Keep what the model paints outside the mask too, instead of the photo's own pixels.")
    var noPaste = false

    @Option(help: "Pixels over which a pasted edit fades in.")
    var feather = Picture.defaultFeather

    func validate() throws {
        if mask == nil, maskInvert || maskGrow != 0 || maskBlur != 0 {
            throw ValidationError(
                "--mask-invert, --mask-grow and --mask-blur change a mask given with --mask")
        }
        if !(-4096...4096).contains(maskGrow) {
            throw ValidationError("--mask-grow is \(maskGrow); it must lie in -4096...4096")
        }
        if !(0...1000).contains(maskBlur) {
            throw ValidationError("--mask-blur is \(maskBlur); it must be a number from 0 to 1000")
        }
        if !(0...1000).contains(feather) {
            throw ValidationError("--feather is \(feather); it must be a number from 0 to 1000")
        }
    }

    /// The mask as it will be used: read, exchanged, grown, then softened.
    func read(pixelLimit: Int) throws -> Mask? {
        guard let path = mask else { return nil }
        var mask = try Mask(contentsOf: path, pixelLimit: pixelLimit)
        if maskInvert { mask = mask.inverted() }
        if maskGrow != 0 { mask = mask.grown(by: maskGrow) }
        if maskBlur > 0 { mask = mask.blurred(radius: maskBlur) }
        guard mask.values.contains(where: { $0 > 0 }) else {
            throw Failure.badInput(
                "\(path): the mask is black everywhere, so nothing may change; white marks what may")
        }
        return mask
    }
}
