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

    /// Where it lies.
    public var place: Place
    /// What it should show.
    public var prompt: String
    /// What guidance leads away from there; the request's where nil.
    public var negative: String?

    /// A region.
    public init(_ place: Place, prompt: String, negative: String? = nil) {
        self.place = place
        self.prompt = prompt
        self.negative = negative
    }

    /// Refuses a region that lies outside the image, is nowhere, or says nothing.
    /// - Parameter number: its place in the list, from 1.
    /// - Throws: `EditingError.badValue`.
    func check(number: Int) throws(EditingError) {
        guard prompt.contains(where: { !$0.isWhitespace }) else {
            throw .badValue(name: "the prompt of region \(number)", value: "empty", expected: "some words")
        }
        switch place {
        case .box(let box):
            guard box.isInside else {
                let hint = [box.x, box.y, box.width, box.height].contains { $0 > 1 } ? ", not in pixels" : ""
                throw .badValue(
                    name: "region \(number)", value: "\(box)",
                    expected: "x,y,width,height in shares of the picture (0 to 1) that stay inside it" + hint)
            }
        case .mask(let mask):
            guard mask.values.allSatisfy({ (0...1).contains($0) }), mask.values.contains(where: { $0 >= 0.5 })
            else {
                throw .badValue(
                    name: "the mask of region \(number)", value: "dark everywhere",
                    expected: "white where the region is")
            }
        }
    }

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

extension Region: Codable {
    private enum Keys: String, CodingKey { case box, mask, prompt, negative }

    /// Reads a region: `prompt`, and either `box` (four numbers) or `mask`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        let prompt = try container.decode(String.self, forKey: .prompt)
        let negative = try container.decodeIfPresent(String.self, forKey: .negative)
        if let values = try container.decodeIfPresent(MaskValues.self, forKey: .mask) {
            self.init(.mask(values.mask), prompt: prompt, negative: negative)
            return
        }
        let numbers = try container.decode([Double].self, forKey: .box)
        guard numbers.count == 4 else {
            throw DecodingError.dataCorruptedError(
                forKey: .box, in: container, debugDescription: "a box is [x, y, width, height]")
        }
        let box = Box(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
        self.init(.box(box), prompt: prompt, negative: negative)
    }

    /// Writes the region, a mask with all its values.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        switch place {
        case .box(let box): try container.encode([box.x, box.y, box.width, box.height], forKey: .box)
        case .mask(let mask): try container.encode(MaskValues(mask), forKey: .mask)
        }
        try container.encode(prompt, forKey: .prompt)
        try container.encodeIfPresent(negative, forKey: .negative)
    }
}

/// A mask in a file: rows from the top.
struct MaskValues: Codable {
    let mask: Mask

    private enum Keys: String, CodingKey { case width, height, values }

    init(_ mask: Mask) { self.mask = mask }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        let width = try container.decode(Int.self, forKey: .width)
        let height = try container.decode(Int.self, forKey: .height)
        let values = try container.decode([Float].self, forKey: .values)
        let (count, overflow) = width.multipliedReportingOverflow(by: height)
        guard width > 0, height > 0, !overflow, count == values.count,
            values.allSatisfy({ (0...1).contains($0) })
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .values, in: container,
                debugDescription: "a mask needs width * height values in 0...1")
        }
        mask = Mask(width: width, height: height, values: values)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(mask.width, forKey: .width)
        try container.encode(mask.height, forKey: .height)
        try container.encode(mask.values, forKey: .values)
    }
}
