import Benchmarks
import Editing
import ImageMetrics
import Imaging
import Testing

@testable import PhotoStudy

/// Which edits follow from a seed, and what results of theirs are worth.
@Suite struct PhotoEditsTests {
    @Test("The edits of a seed, families and photos in their turns")
    func list() throws {
        let folder = try PhotoFolder()
        let edits = PhotoEdits(seed: 1, photos: try PhotoSet(folder: folder.path))
        let items = try (0..<6).map { try edits.item($0) }
        #expect(
            items.map(\.id) == [
                "000-purple", "001-daisy", "002-white", "003-tulip", "004-yellow", "005-tulip",
            ])
        #expect(
            items.compactMap(\.facts?.scene) == [
                "held-out/rose-2.png", "held-out/sunflower-1.png", "held-out/rose-3.png",
                "held-out/rose-3.png", "held-out/rose-2.png", "held-out/rose-2.png",
            ])
        #expect(
            items.compactMap(\.facts?.kind) == [
                "to purple", "sunflower to daisy", "to white", "rose to tulip", "to yellow", "rose to tulip",
            ])
        #expect(
            items.compactMap(\.edit.request.source) == [
                "a photo of a red rose", "a photo of a yellow sunflower", "a photo of a pink rose",
                "a photo of pink roses", "a photo of a red rose", "a photo of a red rose",
            ])
        #expect(
            items.map(\.edit.request.prompt) == [
                "a photo of a purple rose", "a photo of a white daisy", "a photo of a white rose",
                "a photo of pink tulips", "a photo of a yellow rose", "a photo of a red tulip",
            ])
        #expect(
            items.map(\.edit.request.seed) == [
                4_063_834_449, 2_215_483_850, 1_267_092_671, 1_425_092_920, 2_215_483_850, 2_544_825_812,
            ])
        #expect(items.map(\.edit.truths.count) == [1, 0, 1, 0, 1, 0])
        #expect(items.compactMap(\.facts?.area) == [0.5, 0, 0.5, 0, 0.5, 0])
        #expect(
            edits.kindNames == [
                "to purple", "to white", "to yellow", "daisy to sunflower", "dandelion to sunflower",
                "dandelion to daisy", "rose to tulip", "sunflower to daisy", "tulip to rose",
            ])
        #expect(throws: PhotoSetError.tooFew(folder: folder.path, family: "colour", count: 3, wanted: 4)) {
            try edits.item(6)
        }
        #expect(
            "\(PhotoSetError.tooFew(folder: "photos", family: "colour", count: 3, wanted: 4))"
                == "photos has 3 edits of colour, and 4 are wanted")
    }

    @Test("Gains are told of the masked pixels, and what lies outside is compared with the photo")
    func gains() throws {
        let folder = try PhotoFolder()
        let edits = PhotoEdits(seed: 1, photos: try PhotoSet(folder: folder.path))
        let edit = try edits.item(0).edit
        for (left, gain) in [(200, 1.0), (150, 0.75), (100, 0), (0, -3)] as [(UInt8, Double)] {
            let scores = edit.scores(of: PhotoFolder.image(left: left))
            let found = try #require(scores.gain)
            #expect(abs(found - gain) < 1e-12)
            #expect(scores.area == 0.5 && scores.preservation == 100)
        }
    }

    @Test("A tally's medians, means and shares")
    func tallies() throws {
        let folder = try PhotoFolder()
        let edits = PhotoEdits(seed: 1, photos: try PhotoSet(folder: folder.path))
        var colours = ColourTally()
        for (index, left) in [(0, 150), (2, 0)] as [(Int, UInt8)] {
            let item = try edits.item(index)
            var compared = item.edit
            compared.request.mask = nil
            let found = Mask(width: 2, height: 1, values: [1, index == 0 ? 0 : 1])
            colours.add(compared.scores(of: PhotoFolder.image(left: left), mask: found), item)
        }
        (colours.colour, colours.truths) = ([true, false], [true, true])
        let summary = colours.summary(seed: 1)
        let median = try #require(summary.medianGain)
        #expect(summary.count == 2 && abs(median + 1.125) < 1e-12)
        let mean = try #require(summary.meanGain)
        #expect(abs(mean.value + 0.125) < 1e-12 && mean.low == -1 && abs(mean.high - 0.75) < 1e-12)
        #expect(summary.nearer == Share(right: 1, of: 2) && summary.maskOverlap == 0.75)
        #expect(summary.outside == 100 && summary.before == nil)
        #expect(summary.colour == Share(right: 1, of: 2) && summary.truths == Share(right: 2, of: 2))
        #expect(summary.byColour.keys.sorted() == ["to purple", "to white"])
        var kinds = KindTally()
        for (index, sees) in [(1, true), (3, false), (5, true)] {
            let item = try edits.item(index)
            let found = Mask(width: 2, height: 1, values: [1, 0])
            kinds.add(
                item.edit.scores(of: PhotoFolder.image(left: 0), mask: found), kind: sees, colour: index == 1,
                before: false, item)
        }
        let told = kinds.summary
        #expect(told.kind == Share(right: 2, of: 3) && told.kindAndColour == Share(right: 1, of: 3))
        #expect(told.before == Share(right: 0, of: 3) && told.area == 0.5 && told.outside == 100)
        #expect(
            told.byPair == [
                "sunflower to daisy": Share(right: 1, of: 1), "rose to tulip": Share(right: 1, of: 2),
            ])
    }
}
