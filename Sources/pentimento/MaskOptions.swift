public import ArgumentParser
public import Editing
import Foundation
import Imaging
import Logging
import Support

/// The user's mask, what is done to it, and how what was painted comes into the photo.
struct MaskOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            White where the picture may change, black where it stays, greys blend; the method finds its own where not \
            given. Also taken: the photo with a transparent hole (the hole may change), strokes on a transparent layer \
            (what is painted may change), two greys such as 0 and 1 (the lighter may change), one colour on black. Maps \
            of several classes are refused.
            """, valueName: "file"))
    var mask: String?

    @Option(
        help: ArgumentHelp(
            """
            Words for what may change (to lift: for the thing), found in the picture: "the blue mug". How sure it is of \
            them is told.
            """, valueName: "words"))
    var maskWords: String?

    @Flag(help: "Exchange black and white of the mask.")
    var maskInvert = false

    @Option(parsing: .unconditional, help: "Grow the mask by so many of its pixels; below 0 shrinks it.")
    var maskGrow = 0

    @Option(help: "Soften the mask by a Gaussian of so many of its pixels.")
    var maskBlur = 0.0

    @Option(
        help: ArgumentHelp(
            """
            How the edit comes into the photo: residual adds what changed and keeps the photo's grain and edges, replace \
            takes what was painted, none pastes nothing, auto is residual where the prompts differ in colours alone and \
            else replace (default: auto).
            """, valueName: "way"))
    var paste: Paste?

    @Flag(help: "Keep what the model paints outside the mask too; the same as --paste none.")
    var noPaste = false

    @Option(
        help: ArgumentHelp(
            "Pixels of the photo over which a pasted edit fades in; by default two of those that the model saw.",
            valueName: "pixels"))
    var feather: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Show the model the mask's surroundings alone: a square about the mask with this share of its longer side \
            around, such as 0.5. Small things in large photos come out sharper.
            """, valueName: "share"))
    var focus: Double?

    func validate() throws {
        if mask == nil, maskWords == nil, maskInvert || maskGrow != 0 || maskBlur != 0 {
            throw ValidationError(
                "--mask-invert, --mask-grow and --mask-blur change a mask given with --mask")
        }
        if mask != nil, maskWords != nil {
            throw ValidationError("--mask and --mask-words exclude each other; leave one out")
        }
        if let maskWords, (try? LiftInstruction.Thing(named: maskWords)) == nil {
            throw ValidationError(LiftError.noThing(maskWords).description)
        }
        if !(-4096...4096).contains(maskGrow) {
            throw ValidationError("--mask-grow is \(maskGrow); it must lie in -4096...4096")
        }
        if !(0...1000).contains(maskBlur) {
            throw ValidationError("--mask-blur is \(maskBlur); it must be a number from 0 to 1000")
        }
        if let feather, !Limits.feather.contains(feather) {
            throw ValidationError("--feather is \(feather); it must be a number from 0 to 1000")
        }
        if let focus, !Limits.focus.contains(focus) {
            throw ValidationError("--focus is \(focus); it must be a number from 0 to 10")
        }
        if focus != nil, !isGiven {
            throw ValidationError(
                "--focus keeps to the surroundings of a mask; give one with --mask or --mask-words")
        }
        if noPaste, let paste, paste != .none {
            throw ValidationError(
                "--no-paste and --paste \(paste.rawValue) exclude each other; leave one out")
        }
    }

    /// How the edit comes into the photo.
    var way: Paste { noPaste ? .none : paste ?? .auto }

    /// Whether a mask is given, as a file or in words.
    var isGiven: Bool { mask != nil || maskWords != nil }

    /// The mask that is asked for in words, if one is.
    var words: MaskWords? {
        maskWords.map { MaskWords($0, isInverted: maskInvert, growth: maskGrow, blur: maskBlur) }
    }

    /// Tells how sure a finder was of the words.
    func tell(of record: EditRecord, _ log: Logger) {
        guard let found = record.maskWords else { return }
        let percent = OptionValue.number((found.area * 1000).rounded() / 10)
        log.notice(
            "the mask of \"\(found.words)\" covers \(percent) % of the picture (confidence \(LiftError.signed(found.confidence)))"
        )
    }

    /// The mask as it will be used on a photo: read, exchanged, grown, then softened.
    ///
    /// What the file was taken for is told where it could have meant something else.
    func read(for photo: Image, pixelLimit: Int, _ log: Logger) throws -> Mask? {
        guard let path = mask else { return nil }
        var notices: [MaskNotice] = []
        let mask = try Mask(contentsOf: path, pixelLimit: pixelLimit) { notices.append($0) }
        if let advice = try mask.advice(on: (photo.width, photo.height), path: path) {
            log.warning("\(advice)")
        }
        let changes = MaskChanges(isInverted: maskInvert, growth: maskGrow, blur: maskBlur)
        for notice in notices where changes.leaves(notice) { log.warning("\(notice.message.text(.flags))") }
        return try changes.applied(to: mask, path: path)
    }
}

extension Paste: ExpressibleByArgument {}
