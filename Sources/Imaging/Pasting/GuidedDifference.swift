/// The difference of two small images as a local linear function of the image they belong to, which carries it to that
/// image's own size: edges and grain of the large image become those of the difference.
///
/// He, Sun and Tang, "Guided Image Filtering", ECCV 2010 (equations 14 to 16 for a colour guide), fitted on the small
/// size and applied on the large one as in He and Sun, "Fast Guided Filter", 2015. A difference of zero everywhere
/// gives zero everywhere.
struct GuidedDifference {
    /// Against dividing by nothing where the guide is flat, for colours in 0...1.
    static let regularisation: Float = 1e-3

    let width: Int
    let height: Int
    /// For each place and each channel of the difference: factors of red, green and blue (0...1), and what is added.
    let coefficients: [Float]
    /// RMS of what no such function explains, over RMS of the difference, within the mask; 0 where nothing differs.
    let unexplained: Double

    /// Fits the difference `edit - base` to `guide`; all three have one size.
    /// - Parameters:
    ///   - radius: of the squares in which the function is one.
    ///   - mask: where `unexplained` is measured; everywhere where nil.
    init(from base: Image, to edit: Image, guide: Image, radius: Int, mask: Mask?) {
        precondition(
            (base.width, base.height) == (edit.width, edit.height)
                && (base.width, base.height) == (guide.width, guide.height), "pictures of one size")
        (width, height) = (base.width, base.height)
        let count = width * height
        let guides = (0..<3).map { channel in
            (0..<count).map { Float(guide.pixels[$0 * 3 + channel]) / 255 }
        }
        let differences = (0..<3).map { channel in
            (0..<count).map { Float(edit.pixels[$0 * 3 + channel]) - Float(base.pixels[$0 * 3 + channel]) }
        }
        coefficients = ColourGuide(
            guides, width: width, height: height, radius: max(radius, 1), regularisation: Self.regularisation
        ).coefficients(of: differences)
        unexplained = Self.unexplained(of: differences, by: coefficients, guides, mask: mask)
    }

    /// RMS of what the functions of all places leave of a difference, over the RMS of the difference, within a mask.
    private static func unexplained(
        of differences: [[Float]], by coefficients: [Float], _ guides: [[Float]], mask: Mask?
    ) -> Double {
        var (left, whole) = (0.0, 0.0)
        for place in differences[0].indices where mask.map({ $0.values[place] >= 0.5 }) ?? true {
            for channel in 0..<3 {
                let from = place * 12 + channel * 4
                var explained: Float = coefficients[from + 3]
                for guide in 0..<3 { explained += coefficients[from + guide] * guides[guide][place] }
                let difference = differences[channel][place]
                left += Double((difference - explained) * (difference - explained))
                whole += Double(difference * difference)
            }
        }
        return whole > 0 ? (left / whole).squareRoot() : 0
    }
}
