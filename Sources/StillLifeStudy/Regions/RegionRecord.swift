public import Editing
import Foundation
public import StillLife

/// A region of a pair of images as region files name it: where, what it shows before and after, and what it is for.
public struct RegionRecord: Sendable, Hashable, Codable {
    /// What happens in a region.
    public enum Role: String, Sendable, Codable, CaseIterable {
        /// Everything behind the objects.
        case background
        /// An object that is there before and after.
        case inherent
        /// An object that comes.
        case added
        /// An object that goes.
        case removed
        /// An object that changes.
        case edited
    }

    /// Its name within the pair.
    public var id: String
    /// Left edge, upper edge, width and height in shares of the image.
    public var box: [Double]
    /// What it shows: before the edit where that is another thing than after.
    public var prompt: String
    /// What an edited object shows after; nil for all others.
    public var target: String?
    /// What happens in it.
    public var role: Role
    /// The words that name the thing, the noun first.
    public var words: [String]
    /// Share of half the shorter side over which it fades in.
    public var feather: Double
    /// Seed of its own noise.
    public var seed: UInt64
}

/// What a region file holds: the prompt of the whole and the regions.
public struct RegionFile: Sendable, Hashable, Codable {
    /// What is said of the whole image.
    public var prompt: String
    /// The regions.
    public var regions: [RegionRecord]

    /// The file as JSON.
    public var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
        }
    }

    /// The regions as methods are asked by them, with all of a record that methods here know of.
    var asked: [Region] {
        get throws {
            try JSONDecoder().decode([Region].self, from: JSONEncoder().encode(regions))
        }
    }
}

extension SceneObject {
    /// The words that name the object in region files, the noun first.
    var keyWords: [String] { [kind.rawValue] + adjectives.reversed() }
}

extension Box {
    /// A box with so many pixels more on each side, within an image.
    func widened(by margin: Int, within size: Int) -> Box {
        let (left, top) = (max(x - margin, 0), max(y - margin, 0))
        return Box(
            x: left, y: top, width: min(x + width + margin, size) - left,
            height: min(y + height + margin, size) - top)
    }

    /// The smallest box around both.
    func union(_ other: Box) -> Box {
        let (left, top) = (min(x, other.x), min(y, other.y))
        return Box(
            x: left, y: top, width: max(x + width, other.x + other.width) - left,
            height: max(y + height, other.y + other.height) - top)
    }

    /// The share of the smaller of two boxes that lies in both.
    func overlap(with other: Box) -> Double {
        let across = min(x + width, other.x + other.width) - max(x, other.x)
        let down = min(y + height, other.y + other.height) - max(y, other.y)
        let smaller = min(width * height, other.width * other.height)
        return across > 0 && down > 0 ? Double(across * down) / Double(smaller) : 0
    }

    /// Whether it has a pixel.
    func holds(_ column: Int, _ row: Int) -> Bool {
        (x..<(x + width)).contains(column) && (y..<(y + height)).contains(row)
    }

    /// Left edge, upper edge, width and height in shares of an image's side.
    func shares(of size: Int) -> [Double] { [x, y, width, height].map { Double($0) / Double(size) } }
}
