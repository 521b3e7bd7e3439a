public import Support

/// Why an image file cannot be meant as a mask.
public enum MaskError: UserError, Equatable {
    /// Every pixel is wholly transparent.
    case transparent(path: String)
    /// The image has colours of its own: a photo, or a mask laid over one.
    case image(path: String)
    /// Several flat colours, as segmentation sets have them, the most frequent first.
    case colourMap(path: String, colours: [String])
    /// Grey values that are numbers of classes.
    case classNumbers(path: String, numbers: [Int])
    /// Not one value reaches half of white.
    case dark(path: String, brightest: Int)
    /// Nothing is left that may change.
    case black(path: String)
    /// The mask has the photo's sides exchanged.
    case turned(path: String, width: Int, height: Int)

    /// The image file is what cannot be meant.
    public var kind: UserErrorKind { .badInput }

    /// One line: what happened, where, and what to do.
    public var description: String {
        switch self {
        case .transparent(let path):
            "\(path): the mask is transparent everywhere, so it does not say what may change; white marks it"
        case .image(let path):
            "\(path): this is a picture with colours, not a mask; a mask is white where the picture may change "
                + "and black elsewhere, or the photo itself with a transparent hole"
        case .colourMap(let path, let colours):
            "\(path): a map of \(colours.count) colours (\(Self.list(colours))) does not say which of them may "
                + "change; save a mask that is white there and black elsewhere"
        case .classNumbers(let path, let numbers):
            "\(path): the grey values \(Self.list(numbers.map(String.init))) look like numbers of classes, which do "
                + "not say which of them may change; save a mask that is white there and black elsewhere"
        case .dark(let path, let brightest):
            "\(path): the mask's brightest value is \(brightest) of 255, so nothing would change; white marks "
                + "what may"
        case .black(let path):
            "\(path): the mask is black everywhere, so nothing may change; white marks what may"
        case .turned(let path, let width, let height):
            "\(path): the mask is \(width)x\(height) and the photo \(height)x\(width), so one of them lies on its "
                + "side; turn the mask"
        }
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(5).joined(separator: ", ") + (names.count > 5 ? ", …" : "")
    }
}

/// How a mask file was read, where another reading was possible; the user should see it.
public enum MaskNotice: Sendable, Hashable, CustomStringConvertible {
    /// The visible part is an image: its hole may change.
    case hole(path: String)
    /// The visible part is painted on a transparent layer: it may change.
    case strokes(path: String)
    /// Two greys that are not black and white: the lighter may change.
    case twoGreys(path: String, dark: Int, light: Int)
    /// One colour on black: it may change.
    case oneColour(path: String, colour: String)
    /// Everything may change.
    case everything(path: String)
    /// Most may change, the image's rim included: perhaps the dark part was meant.
    case mostlyWhite(path: String, share: Double)

    /// One line for the user.
    public var description: String { "\(message)" }

    /// The same with the settings that it points to.
    public var message: Message {
        switch self {
        case .hole(let path):
            "\(path): read by its transparency: the transparent hole may change, the picture around it stays"
        case .strokes(let path):
            "\(path): read by its transparency: what is painted may change, the transparent rest stays"
        case .twoGreys(let path, let dark, let light):
            "\(path): the mask has the values \(dark) and \(light) instead of 0 and 255; \(light) is what may change"
        case .oneColour(let path, let colour):
            "\(path): the mask has one colour on black; \(colour) is what may change"
        case .everything(let path):
            "\(path): the mask is white everywhere, so everything may change"
        case .mostlyWhite(let path, let share):
            "\(path): the mask lets \(Int((share * 100).rounded())) % of the picture change, its rim included; if the "
                + "dark part is what may change, \(.setting("mask-invert"), before: "add ", plain: "invert the mask")"
        }
    }
}
