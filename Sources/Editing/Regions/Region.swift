import Foundation
public import Imaging

/// A part of an image with a prompt of its own.
public struct Region: Sendable, Hashable {
    /// A rectangle in shares of the image's width and height, from the top left corner.
    public struct Box: Sendable, Hashable, CustomStringConvertible {
        /// Left edge, from 0.
        public var x: Double
        /// Upper edge, from 0.
        public var y: Double
        /// Width, above 0.
        public var width: Double
        /// Height, above 0.
        public var height: Double

        /// A rectangle; whether it lies within the image is checked with the request.
        public init(x: Double, y: Double, width: Double, height: Double) {
            self.x = x
            self.y = y
            self.width = width
            self.height = height
        }

        /// The four numbers as they are written on a command line.
        public var description: String {
            [x, y, width, height].map { OptionValue.number($0).description }.joined(separator: ",")
        }

        /// Whether all of it lies within the image; not-a-number lies nowhere.
        var isInside: Bool {
            let slack = 1e-9  // 0.7 + 0.3 may be a little more than 1
            return x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= 1 + slack
                && y + height <= 1 + slack
        }
    }

    /// Where a region lies.
    public enum Place: Sendable, Hashable {
        case box(Box)
        /// White where the region is, at any size; stretched to the image.
        case mask(Mask)
    }

    /// What becomes of a region between two pictures: which of them show it, and what.
    public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
        /// What is behind everything, over the whole image, in both pictures.
        case background
        /// A thing that both pictures show alike.
        case inherent
        /// A thing that the target alone shows.
        case added
        /// A thing that the source alone shows.
        case removed
        /// A thing that the target shows otherwise than the source.
        case edited
    }

    /// Where it lies.
    public var place: Place
    /// What it should show; of an edited one what it shows in the source.
    public var prompt: String
    /// What guidance leads away from there; the request's where nil.
    public var negative: String?
    /// What to call it; its number where nil.
    public var id: String?
    /// What an edited region shows in the target.
    public var target: String?
    /// What becomes of it; where nil edited if it has a target, and else inherent.
    public var role: Role?
    /// Words of its prompts that name the thing.
    public var words: [String] = []
    /// Share of half its shorter side over which it fades in from its border, in 0...1; the method's where nil.
    public var feather: Double?
    /// Seed of its own noise; where nil the request's, and one more for each region before it.
    public var seed: UInt64?

    /// A region.
    public init(_ place: Place, prompt: String, negative: String? = nil) {
        self.place = place
        self.prompt = prompt
        self.negative = negative
    }

    /// The whole image.
    public static let everywhere = Place.box(Box(x: 0, y: 0, width: 1, height: 1))

    /// What becomes of it.
    public var effectiveRole: Role { role ?? (target == nil ? .inherent : .edited) }

    /// What messages call it: its name, or its number in the list.
    public func name(number: Int) -> String { id.map { "\"\($0)\"" } ?? "\(number)" }

    /// The cells of a latent that belong to it: 1 or 0.
    ///
    /// A box has the cells whose centre it covers, and the nearest one where it covers none; a mask those that it
    /// covers by half or more, and the one it covers most where there is none.
    func cells(width: Int, height: Int) -> Mask {
        switch place {
        case .box(let box):
            let columns = Self.span(from: box.x, to: box.x + box.width, of: width)
            let rows = Self.span(from: box.y, to: box.y + box.height, of: height)
            let values = (0..<height).flatMap { y in
                (0..<width).map { x in rows.contains(y) && columns.contains(x) ? Float(1) : 0 }
            }
            return Mask(width: width, height: height, values: values)
        case .mask(let mask):
            return mask.cells(width: width, height: height, from: 0.5)
        }
    }

    private static func span(from start: Double, to end: Double, of count: Int) -> Range<Int> {
        func edge(_ share: Double) -> Int {
            // The first cell whose centre (i + 1/2)/count is not before the edge.
            min(max(Int((share * Double(count) - 0.5 - 1e-9).rounded(.up)), 0), count)
        }
        let span = edge(start)..<edge(end)
        guard span.isEmpty else { return span }
        let middle = min(Int((start + end) / 2 * Double(count)), count - 1)
        return middle..<(middle + 1)
    }
}

extension Region: CustomStringConvertible {
    /// As on a command line: place, prompt, and what it should not show after a bar.
    public var description: String {
        let place =
            switch place {
            case .box(let box): "\(box)"
            case .mask(let mask): "mask of \(mask.width)x\(mask.height)"
            }
        return "\(place): \(prompt)" + (negative.map { " | \($0)" } ?? "")
    }
}
