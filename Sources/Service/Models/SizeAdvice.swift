import Editing

/// What should be known of the sizes of a photo, of what is worked on, and of the model's images.
public struct SizeAdvice: Sendable {
    /// Pixels of the photo.
    public let photo: (width: Int, height: Int)
    /// Pixels that the model works on.
    public let working: (width: Int, height: Int)
    /// Side of the images that the model was trained on.
    public let own: Int

    /// The sizes of a photo, of what is worked on, and of the model's images.
    public init(photo: (width: Int, height: Int), working: (width: Int, height: Int), own: Int) {
        self.photo = photo
        self.working = working
        self.own = own
    }

    /// A line for each thing worth a word.
    public var lines: [String] {
        var lines: [String] = []
        let (large, small) = (max(photo.width, photo.height), max(working.width, working.height))
        if large > 2 * small {
            let times = (Double(large) / Double(small) * 10).rounded() / 10
            lines.append(
                "the photo is \(photo.width)x\(photo.height) and is worked on at \(working.width)x\(working.height); "
                    + "what is painted is enlarged \(OptionValue.number(times)) times and softer than the photo"
            )
        }
        if 2 * small >= 3 * own {
            lines.append(
                "the photo is worked on at \(working.width)x\(working.height) by a model of \(own)x\(own) pictures; "
                    + "things may come out twice")
        }
        return lines
    }
}
