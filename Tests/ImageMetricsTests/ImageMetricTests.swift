import ImageMetrics
import Imaging
import Testing

/// Pixel metrics against the values that scikit-image gives for two made-up images.
@Suite struct ImageMetricTests {
    static let first = Image(
        width: 64, height: 64, pixels: values { x, y, c in (7 * x + 13 * y + 29 * c) % 256 })
    static let second = Image(
        width: 64, height: 64,
        pixels: values { x, y, c in
            (7 * x + 13 * y + 29 * c) % 256 + (3 * x + 5 * y + 11 * c) % 41 - 20
        })
    /// Everything but rows 16...39 of columns 20...49.
    static let unedited = ImageArea(
        width: 64, height: 64,
        values: (0..<4096).map { !((16...39).contains($0 / 64) && (20...49).contains($0 % 64)) })

    static func values(_ value: (Int, Int, Int) -> Int) -> [UInt8] {
        (0..<(64 * 64 * 3)).map { UInt8(min(max(value($0 / 3 % 64, $0 / 192, $0 % 3), 0), 255)) }
    }

    @Test("The pictures are the ones that the references saw")
    func images() {
        #expect(Self.first.pixels.reduce(0) { $0 + Int($1) } == 1_570_816)
        #expect(Self.second.pixels.reduce(0) { $0 + Int($1) } == 1_570_879)
    }

    @Test("Errors of pixels agree with the references, in the whole picture and in a region")
    func errors() throws {
        let (a, b) = (Self.first, Self.second)
        #expect(abs(try #require(a.meanAbsoluteError(to: b)) - 0.03892750459558824) < 1e-12)
        #expect(abs(try #require(a.meanSquaredError(to: b)) - 0.0020507950167403563) < 1e-12)
        #expect(abs(try #require(a.decibels(to: b)).value - 26.880777465294706) < 1e-9)
        let region = Self.unedited
        #expect(abs(try #require(a.meanSquaredError(to: b, in: region)) - 0.002067050405330797) < 1e-12)
        let decibels = try #require(a.decibels(to: b, in: region))
        #expect(abs(decibels.value - 26.84648932908214) < 1e-9 && !decibels.isCapped)
    }

    @Test("The zeroed metric of PIE-Bench is the region's, less ten times the logarithm of its share")
    func zeroed() throws {
        let black = Self.values { x, y, _ in Self.unedited.values[y * 64 + x] ? 1 : 0 }
        func blackened(_ image: Image) -> Image {
            Image(width: 64, height: 64, pixels: zip(image.pixels, black).map { $0 * $1 })
        }
        let (a, b) = (blackened(Self.first), blackened(Self.second))
        #expect(abs(try #require(a.meanSquaredError(to: b)) - 0.001703701701268743) < 1e-12)
        #expect(abs(try #require(a.decibels(to: b)).value - 27.68606442922371) < 1e-9)
    }

    @Test("Structural similarity is Wang's, and in a region only whole windows count")
    func similarity() throws {
        let (a, b) = (Self.first, Self.second)
        #expect(abs(try #require(a.structuralSimilarity(to: b)) - 0.9250538260003435) < 1e-10)
        let inside = try #require(a.structuralSimilarity(to: b, in: Self.unedited))
        #expect(abs(inside - 0.9259805929822065) < 1e-10)
        #expect(abs(try #require(a.structuralSimilarity(to: a)) - 1) < 1e-12)
        let small = Image(width: 10, height: 40)
        #expect(small.structuralSimilarity(to: small) == nil)
    }

    @Test("Equal pictures have the capped ratio, and nothing is told of an empty region")
    func extremes() throws {
        let same = try #require(Self.first.decibels(to: Self.first))
        #expect(same.value == 100 && same.isCapped)
        let none = ImageArea(width: 64, height: 64, values: Array(repeating: false, count: 4096))
        #expect(Self.first.decibels(to: Self.second, in: none) == nil)
        #expect(Self.first.meanAbsoluteError(to: Self.second, in: none) == nil)
        #expect(Self.first.structuralSimilarity(to: Self.second, in: none) == nil)
    }

    @Test("Regions agree by shares of their pixels")
    func agreement() {
        func row(_ values: [Bool]) -> ImageArea {
            ImageArea(width: values.count, height: 1, values: values)
        }
        let agreement = row([true, true, true, false]).agreement(with: row([false, true, true, true]))
        #expect(agreement.intersectionOverUnion == 0.5)
        #expect(agreement.precision == 2.0 / 3 && agreement.recall == 2.0 / 3)
        let none = row([false, false]).agreement(with: row([false, false]))
        #expect(none.intersectionOverUnion == nil && none.precision == nil && none.recall == nil)
    }

    @Test("Average precision: 1 for a perfect order, the share of hits for a flat map, and by hand between")
    func averagePrecision() throws {
        let truth = ImageArea(width: 4, height: 1, values: [true, false, true, false])
        #expect(truth.averagePrecision(of: [4, 1, 3, 2]) == 1)
        #expect(truth.averagePrecision(of: [1, 1, 1, 1]) == 0.5)
        // Hits at ranks 1 and 3: (1/1 + 2/3) / 2.
        #expect(abs(try #require(truth.averagePrecision(of: [4, 3, 2, 1])) - 5.0 / 6) < 1e-12)
        let none = ImageArea(width: 1, height: 1, values: [false])
        #expect(none.averagePrecision(of: [1]) == nil)
    }

    @Test("A mask of another size takes in every pixel whose nearest value is above 0")
    func masks() {
        let region = ImageArea(Mask(width: 2, height: 1, values: [0.01, 0]), width: 6, height: 2)
        #expect(
            region.values == [true, true, true, false, false, false, true, true, true, false, false, false])
        #expect(region.share == 0.5 && region.complement.count == 6)
    }

    @Test("The change map tells where pictures differ, and how much")
    func changes() {
        var changed = Image(width: 7, height: 7)
        for channel in 0..<3 { changed.pixels[changed.offset(x: 3, y: 3) + channel] = 255 }
        let map = changed.changeMap(from: Image(width: 7, height: 7))
        #expect(map[3 * 7 + 3] == 1.0 / 25 && map[1 * 7 + 1] == 1.0 / 16 && map[0] == 0)
    }
}
