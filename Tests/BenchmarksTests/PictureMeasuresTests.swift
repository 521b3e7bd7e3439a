import ImageMetrics
import Imaging
import Perception
import TestSupport
import Testing

@testable import Benchmarks

/// All measures of an edit at once.
@Suite struct PictureMeasuresTests {
    private let red = Image(width: 64, height: 64, red: 200, green: 20, blue: 20)
    private let green = Image(width: 64, height: 64, red: 20, green: 180, blue: 30)
    private let texts = ("a red apple on a wooden table", "a green apple on a wooden table")

    private func half() -> ImageArea {
        ImageArea(width: 64, height: 64, values: (0..<4096).map { $0 % 64 < 32 })
    }

    /// The left half of one picture, the right half of another.
    private func joined(_ left: Image, _ right: Image) -> Image {
        Image(
            width: 64, height: 64,
            pixels: (0..<(64 * 64 * 3)).map { $0 / 3 % 64 < 32 ? left.pixels[$0] : right.pixels[$0] })
    }

    @Test("A picture that was not edited is best by what stayed, and nought by what was to change")
    func doingNothing() throws {
        let towers = try CLIPScorer(folder: Fixtures.package + "/Models/still-life-clip")
        let measures = PictureMeasures(
            distances: [try PerceptualDistance(folder: Fixtures.package + "/Models/lpips-alex")],
            towers: towers)
        let scores = measures(
            from: red, to: red, .init(source: texts.0, target: texts.1, edited: half()))
        for measure in [PictureMeasure.mae, .mse, .lpipsAlex, .lpipsAlexKept, .maeKept, .mseZeroed] {
            #expect(scores.values[measure] == 0, "\(measure)")
        }
        #expect(scores.values[.psnr] == 100 && scores.values[.psnrKept] == 100)
        for measure in [PictureMeasure.direction, .directionSquare, .directionTemplates, .clipAccuracy] {
            #expect(scores.values[measure] == 0, "\(measure)")
        }
        #expect(abs(try #require(scores.values[.clipImage]) - 1) < 1e-5)
        #expect(scores.notes == ["the pictures are equal; nothing was edited"])
        #expect(scores.values[.lpipsVGG] == nil && scores.values[.face] == nil)
    }

    @Test("The definitions of CLIP scores and directions are the ones that their names say")
    func definitions() throws {
        let towers = try CLIPScorer(folder: Fixtures.package + "/Models/still-life-clip")
        let scores = PictureMeasures(towers: towers)(
            from: red, to: green, .init(source: texts.0, target: texts.1))
        let cosine = towers.cosines([green], [texts.1])[0]
        #expect(abs(try #require(scores.values[.clip]) - cosine) < 1e-5)
        #expect(abs(try #require(scores.values[.clipClipped]) - max(cosine, 0)) < 1e-5)
        #expect(abs(try #require(scores.values[.clipHundred]) - 100 * cosine) < 1e-3)
        let prefixed = towers.cosines([green], ["A photo depicts " + texts.1])[0]
        #expect(abs(prefixed - cosine) > 1e-3)
        #expect(abs(try #require(scores.values[.clipHessel]) - 2.5 * max(prefixed, 0)) < 1e-5)
        let direction = towers.directions(from: red, to: [green], source: texts.0, target: texts.1)[0]
        #expect(abs(try #require(scores.values[.direction]) - direction) < 1e-5)
        // A picture that is square and of one colour looks the same to all three; the sentences do not.
        #expect(abs(try #require(scores.values[.directionSquare]) - direction) < 1e-4)
        #expect(abs(try #require(scores.values[.directionTemplates]) - direction) > 1e-4)
        #expect(scores.values[.clipEdited] == nil && scores.values[.psnrKept] == nil)
    }

    @Test("Where texts are one there is no direction, and that is said")
    func oneText() throws {
        let towers = try CLIPScorer(folder: Fixtures.package + "/Models/still-life-clip")
        let scores = PictureMeasures(towers: towers)(
            from: red, to: green, .init(source: texts.0, target: texts.0))
        #expect(scores.values[.direction] == nil)
        #expect(
            scores.notes == ["both texts are one to the towers: there is no direction from one to the other"])
    }

    // PSNR over the whole frame with the area black exceeds the region's by -10·log₁₀ of its share: 3.01 dB of a half.
    @Test("An area parts what changed from what stayed")
    func areas() throws {
        let noisy = Image(width: 64, height: 64, pixels: green.pixels.map { $0 &+ 10 })
        let scores = PictureMeasures()(from: green, to: joined(red, noisy), .init(edited: half()))
        #expect(abs(try #require(scores.values[.maeKept]) - 10.0 / 255) < 1e-12)
        let (kept, zeroed) = (scores.values[.psnrKept], scores.values[.psnrZeroed])
        #expect(abs(try #require(zeroed) - (try #require(kept)) - 3.0102999566) < 1e-8)
        #expect(try #require(scores.values[.ssimInherent]) > (try #require(scores.values[.ssimEdited])))
        let clean = PictureMeasures()(from: green, to: joined(red, green), .init(edited: half()))
        #expect(clean.values[.psnrKept] == 100 && clean.values[.ssimKept] == 1)
        #expect(try #require(clean.values[.ssimInherent]) < 1)
    }

    @Test("Every measure says what it is in a line, under a name of its own")
    func names() {
        let all = PictureMeasure.allCases
        #expect(Set(all.map(\.meaning)).count == all.count && !all.contains { $0.meaning.contains("\n") })
        #expect(!all.contains { $0.tellsOfEdit && !$0.wantsMore })
        var scores = PictureScores()
        scores.values = [.psnrKept: 31, .clip: 0.25]
        #expect(scores.named == ["psnr.kept": 31, "clip": 0.25])
    }
}
