import Foundation
import Testing

@testable import Imaging

/// The path of a small image made by Scripts/fixtures/make_pictures.py.
func fixture(_ name: String) throws -> String {
    let url = Bundle.module.url(forResource: "Fixtures", withExtension: nil)
    return try #require(url).appendingPathComponent(name).path
}

func bytes(of path: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))) }

/// An empty folder for the time of one test.
func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
}

func files(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}

/// The image without symmetry that the fixture script draws by the same formula.
func pattern(_ width: Int, _ height: Int) -> Image {
    var pixels: [UInt8] = []
    for y in 0..<height {
        for x in 0..<width {
            for c in 0..<3 {
                let bend = x * x * 7 + y * y * 13 + x * y * 5
                pixels.append(UInt8((bend + 29 * c + (x * (c + 1)) / 3 * 31) % 256))
            }
        }
    }
    return Image(width: width, height: height, pixels: pixels)
}

/// Red, green, blue and yellow quarters, as the fixture script draws them.
func corners(_ width: Int, _ height: Int) -> Image {
    var image = Image(width: width, height: height)
    for y in 0..<height {
        for x in 0..<width {
            let colour: [UInt8] =
                switch (x < width / 2, y < height / 2) {
                case (true, true): [220, 30, 30]
                case (false, true): [30, 200, 30]
                case (true, false): [30, 30, 220]
                case (false, false): [220, 220, 30]
                }
            image.pixels.replaceSubrange(
                image.offset(x: x, y: y)..<(image.offset(x: x, y: y) + 3), with: colour)
        }
    }
    return image
}

/// The largest difference between two images' bytes; 256 where the sizes differ.
func distance(_ one: Image, _ other: Image) -> Int {
    guard one.width == other.width, one.height == other.height else { return 256 }
    return zip(one.pixels, other.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
}

/// 1 where `inside` says so.
func mask(_ width: Int, _ height: Int, where inside: (Int, Int) -> Bool) -> Mask {
    let values = (0..<(width * height)).map { inside($0 % width, $0 / width) ? 1 : 0 as Float }
    return Mask(width: width, height: height, values: values)
}

/// 1 in a disc about the middle.
func disc(_ width: Int, _ height: Int, radius: Double) -> Mask {
    mask(width, height) { x, y in
        let (dx, dy) = (Double(x) - Double(width) / 2, Double(y) - Double(height) / 2)
        return dx * dx + dy * dy <= radius * radius
    }
}
