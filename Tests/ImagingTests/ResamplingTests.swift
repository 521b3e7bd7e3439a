import Foundation
import Testing

@testable import Imaging

@Suite("Resampling")
struct ResamplingTests {
    /// Hashes of Pillow 13's results, one a line, as the fixture script writes them.
    static let table: [(from: (Int, Int), to: (Int, Int), filter: Resampling, hash: String)] = {
        let text = (try? String(contentsOfFile: fixture("resize.txt"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map { String($0) }
            let sides = words.prefix(4).compactMap { Int($0) }
            guard words.count == 6, sides.count == 4, let filter = Resampling(rawValue: words[4]) else {
                return nil
            }
            return ((sides[0], sides[1]), (sides[2], sides[3]), filter, words[5])
        }
    }()

    /// FNV-1a in 64 bits.
    private func hash(_ bytes: [UInt8]) -> String {
        let value = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }

    @Test("resizing gives Pillow's bytes, for every size pair and filter of the fixture")
    func likePillow() {
        #expect(Self.table.count == 36)
        for (from, to, filter, expected) in Self.table {
            let result = pattern(from.0, from.1).resized(width: to.0, height: to.1, by: filter)
            #expect((result.width, result.height) == to)
            #expect(hash(result.pixels) == expected, "\(from) to \(to), \(filter)")
        }
    }

    @Test("the same size changes nothing, and the profile stays", arguments: Resampling.allCases)
    func same(filter: Resampling) {
        var image = pattern(20, 11)
        image.profile = [1, 2, 3]
        #expect(image.resized(width: 20, height: 11, by: filter) == image)
        #expect(image.resized(width: 5, height: 5, by: filter).profile == [1, 2, 3])
    }

    @Test("one pixel fills any size, and any size shrinks to one pixel", arguments: Resampling.allCases)
    func onePixel(filter: Resampling) {
        let dot = Image(width: 1, height: 1, red: 10, green: 200, blue: 77)
        #expect(
            dot.resized(width: 9, height: 5, by: filter)
                == Image(width: 9, height: 5, red: 10, green: 200, blue: 77))
        #expect(
            Image(width: 9, height: 5, red: 10, green: 200, blue: 77).resized(
                width: 1, height: 1, by: filter) == dot)
    }

    @Test("a mask is resampled as a grey picture is, without the rounding", arguments: Resampling.allCases)
    func masks(filter: Resampling) {
        let grey = Image(luma: pattern(40, 30))
        for (width, height) in [(17, 9), (40, 61), (80, 60)] {
            let mask = Mask(luma: grey).resized(width: width, height: height, by: filter)
            let image = grey.resized(width: width, height: height, by: filter)
            // The image is rounded twice, once after each pass.
            #expect(distance(mask.image(), image) <= 2)
            #expect(mask.values.allSatisfy { (0...1).contains($0) })
        }
    }

    @Test(
        "a photo is worked on within the long side, in whole factors",
        arguments: [
            (4000, 3000, 512, 64, 512, 384), (3000, 4000, 512, 8, 384, 512), (511, 837, 512, 8, 312, 512),
            (1, 1, 512, 64, 512, 512), (5000, 10, 512, 64, 512, 64), (100, 50, 64, 8, 64, 32),
            (64, 64, 64, 4, 64, 64), (30, 20, 7, 8, 8, 8), (640, 480, 500, 64, 448, 384),
        ])
    func workingSize(width: Int, height: Int, long: Int, factor: Int, expectedWidth: Int, expectedHeight: Int)
    {
        let size = WorkingSize(fitting: width, height, longSide: long, multipleOf: factor)
        #expect((size.width, size.height) == (expectedWidth, expectedHeight))
        #expect(size.description == "\(expectedWidth)x\(expectedHeight)")
    }

    @Test("small photos stay small where asked")
    func notEnlarging() {
        let size = WorkingSize(fitting: 100, 50, longSide: 512, multipleOf: 8, enlarging: false)
        #expect((size.width, size.height) == (96, 48))
    }
}

extension Image {
    /// The grey image of another's luma.
    fileprivate init(luma image: Image) { self = Mask(luma: image).image() }
}
