import Diffusion
import Foundation
import Imaging
import Support
import Tensors
import TestSupport
import Testing

@testable import Editing

/// Region files: what they say, and what is refused.
@Suite struct RegionLayoutTests {
    static func layout(_ json: String) throws -> RegionLayout {
        try RegionLayout(json: Data(json.utf8), path: "r.json") { name in
            guard name == "left.png" else { throw RegionFileError("r.json", "no \(name)") }
            return Mask(width: 2, height: 1, values: [1, 0])
        }
    }

    static let pair = """
        {"prompt": "a photo", "negative": "a ring", "canvas": [128, 64], "regions": [
          {"role": "background", "prompt": "a table"},
          {"id": "fruit", "box": [0, 0.25, 0.5, 0.5], "prompt": "a red apple", "target": "a green pear",
           "words": ["apple", "Green pear"], "negative": "a cup", "feather": 0.5, "seed": 7},
          {"mask": "left.png", "role": "added", "prompt": "a mug"},
          {"id": "old", "box": [0.5, 0, 0.5, 1], "role": "removed", "prompt": "a book"}]}
        """

    @Test("A file says everything that a region can have, and roles say which picture shows what")
    func reads() throws {
        let layout = try Self.layout(Self.pair)
        #expect(layout.prompt == "a photo" && layout.negative == "a ring")
        #expect(layout.canvas == .init(width: 128, height: 64))
        let fruit = layout.regions[1]
        #expect(fruit.place == .box(.init(x: 0, y: 0.25, width: 0.5, height: 0.5)))
        #expect(fruit.words == ["apple", "Green pear"] && fruit.feather == 0.5 && fruit.seed == 7)
        #expect(fruit.negative == "a cup" && fruit.role == nil && fruit.effectiveRole == .edited)
        #expect(layout.regions[0].place == Region.everywhere)
        #expect(layout.regions[2].place == .mask(Mask(width: 2, height: 1, values: [1, 0])))
        #expect(layout.regions.ofSource.map(\.prompt) == ["a table", "a red apple", "a book"])
        #expect(layout.regions.ofTarget.map(\.prompt) == ["a table", "a green pear", "a mug"])
        // A picture of the target alone has its background in the prompt.
        #expect(layout.regions.painted.map(\.prompt) == ["a green pear", "a mug"])
        #expect(layout.regions.background(of: "a photo") == "a photo, a table")
        let data = try JSONEncoder().encode(layout.regions)
        #expect(try JSONDecoder().decode([Region].self, from: data) == layout.regions)
    }

    static func region(_ keys: String) -> String { #"{"regions": [{"prompt": "a cup"}, {\#(keys)}]}"# }
    static func one(_ keys: String) -> String {
        #"{"regions": [{"prompt": "a red cup", "box": [0, 0, 1, 1], \#(keys)}]}"#
    }

    @Test(
        "What makes no sense is refused in one line",
        arguments: [
            ("[]", "it is no JSON object with prompt and regions"),
            (#"{"regions": []}"#, "regions must be a list of at least one region"),
            (#"{"region": [{}]}"#, "there is no key \"region\"; did you mean regions?"),
            (#"{"regions": [3]}"#, "region 1 is no object"),
            (
                #"{"canvas": [64], "regions": [{}]}"#,
                "canvas is [64]; it must be [width, height] in pixels, from 1 to 8192"
            ),
            (one(#""promt": 1"#), "region 1: there is no key \"promt\"; did you mean prompt?"),
            (
                one(#""role": "foreground""#),
                "region 1: there is no role \"foreground\"; it must be one of background, inherent, added, removed, edited"
            ),
            (one(#""role": "aded""#), "region 1: there is no role \"aded\"; did you mean added?"),
            (one(#""mask": "left.png""#), "region 1: box and mask both say where it is; give one of them"),
            (#"{"regions": [{"prompt": "a cup"}]}"#, "region 1: it has no place; give box or mask"),
            (one(#""feather": 2"#), "the feather of region 1 is 2; it must be a number from 0 to 1"),
            (one(#""feather": "x""#), "region 1: feather is x; it must be a number"),
            (one(#""seed": -1"#), "region 1: seed is -1; it must be a whole number from 0 on"),
            (
                one(#""id": "c", "words": ["cap"]"#),
                "there is no word \"cap\" in \"a red cup\"; did you mean \"cup\"?"
            ),
            (one(#""words": ["cup red"]"#), "there is no word \"cup red\" in \"a red cup\""),
            (
                one(#""role": "edited""#),
                "the target prompt of region 1 is empty; it must be what the edited region shows in the new picture"
            ),
            (
                one(#""id": "c", "role": "added", "target": "a pear""#),
                "the target prompt of region \"c\" is \"a pear\"; it must be left out, or the role edited: it is added"
            ),
            (
                #"{"regions": [{"prompt": " ", "box": [0, 0, 1, 1]}]}"#,
                "the prompt of region 1 is empty; it must be some words"
            ),
            (
                #"{"regions": [{"prompt": "a", "box": [0.2, 0, 0, 1]}]}"#,
                "region 1 is 0.2,0,0,1; it must be x,y,width,height in shares of the picture (0 to 1) that stay inside it"
            ),
            (
                #"{"regions": [{"prompt": "a", "box": [0.2, 0, 0.9, 1]}]}"#,
                "region 1 is 0.2,0,0.9,1; it must be x,y,width,height in shares of the picture (0 to 1) that stay inside it"
            ),
            (
                #"{"regions": [{"prompt": "a", "box": [0, 0, 1]}]}"#,
                "region 1: box has 3 numbers; it is [x, y, width, height] in shares of the picture"
            ),
            (
                #"{"regions": [{"prompt": "a", "role": "background", "box": [0, 0, 0.5, 1]}]}"#,
                "the place of region 1 is a part of the picture; it must be left out, as a background is everywhere; make it "
                    + "inherent to keep the place"
            ),
            (
                #"{"regions": [{"id": "a", "prompt": "a", "box": [0,0,1,1]}, {"id": "a", "prompt": "a", "box": [0,0,1,1]}]}"#,
                "the id of region 2 is \"a\" again; it must be another than every other region's"
            ),
        ])
    func refused(json: String, reason: String) {
        let error = #expect(throws: RegionFileError.self) { try Self.layout(json) }
        #expect(error?.description == "r.json: " + reason)
    }

    @Test("A file that is not there, is a folder or names such a mask is refused")
    func files() throws {
        let folder = NSTemporaryDirectory() + "regions-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/r.json"
        #expect(throws: RegionFileError(path, "there is no such region file", isMissing: true)) {
            try RegionLayout(contentsOf: path)
        }
        #expect(throws: RegionFileError(folder, "it is no file of at most a megabyte that can be read")) {
            try RegionLayout(contentsOf: folder)
        }
        let json = #"{"regions": [{"prompt": "a cup", "mask": "m.png"}]}"#
        try Data(json.utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: RegionFileError(path, "there is no mask \(folder)/m.png", isMissing: true)) {
            try RegionLayout(contentsOf: path)
        }
        try Mask(width: 4, height: 2, values: [1, 1, 0, 0, 1, 1, 0, 0]).image().write(to: folder + "/m.png")
        let layout = try RegionLayout(contentsOf: path)
        #expect(layout.regions[0].cells(width: 2, height: 1).values == [1, 0])
    }

    @Test("Regions that overlap are told of once, but not what goes where something comes")
    func overlaps() throws {
        #expect(
            try Self.layout(Self.pair).notices == [
                "regions \"fruit\" and 3 share 100 % of the smaller one; their mean is painted there"
            ])
        var regions = try Self.layout(Self.pair).regions
        regions[2].place = regions[3].place
        #expect(RegionLayout(regions: regions).notices == [])
    }

    @Test("The picture of a layout has each region's outline in its role's colour, on white or on a photo")
    func picture() throws {
        let drawn = try Self.layout(Self.pair).picture()
        #expect((drawn.width, drawn.height) == (512, 256))
        // The lower border of the edited box: below its label, orange; within it white.
        func colour(_ image: Image, _ x: Int, _ y: Int) -> [UInt8] {
            Array(image.pixels[image.offset(x: x, y: y)..<(image.offset(x: x, y: y) + 3)])
        }
        #expect(colour(drawn, 200, 191) == [190, 80, 0])
        #expect(colour(drawn, 200, 150) == [255, 255, 255])
        let photo = Image(width: 64, height: 64, red: 9)
        let laid = try Self.layout(Self.pair).picture(on: photo)
        #expect((laid.width, laid.height) == (512, 512) && colour(laid, 200, 300) == [9, 0, 0])
    }

    @Test(
        "A tile begins at the cell that its box begins in and has as many cells as the box is long, rounded up"
    )
    func tiles() {
        func tile(_ x: Double, _ width: Double) -> [Int] {
            let tile = Tile(of: .box(.init(x: x, y: 0, width: width, height: 1)), height: 3, width: 10)
            return [tile.left, tile.width]
        }
        // Wrong would be the cells whose centres are covered, as MultiDiffusion takes them: 2, 3 for the first.
        #expect(tile(0.19, 0.31) == [1, 4] && tile(0.3, 0.3) == [3, 3] && tile(0.7, 0.3) == [7, 3])
        #expect(tile(0.95, 0.05) == [9, 1] && tile(0.99, 0.01) == [9, 1] && tile(0, 1) == [0, 10])
        let mask = Mask(width: 4, height: 4, values: [0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0])
        let bounds = Tile(of: .mask(mask), height: 4, width: 4)
        #expect((bounds.top, bounds.left, bounds.height, bounds.width) == (1, 1, 2, 2))
        #expect(bounds.cells.floats == [1, 0, 1, 1] && bounds.box.floats == mask.values)
        let canvas = RandomGenerator(seed: 1).normal([1, 2, 4, 4])
        let back = bounds.place(bounds.crop(canvas) * bounds.cells)
        #expect(back.isEqual(to: canvas * bounds.box))
    }

    @Test("A feather is the square of the distance from the border, and never a ridge unless it is asked for")
    func feathers() {
        let wide = Tile(of: .box(.init(x: 0, y: 0, width: 1, height: 1)), height: 7, width: 9)
        let rows = wide.feather(1).floats
        // r = 3: 0, 1/9, 4/9, 1 towards the middle row, and alike from the sides.
        let (low, high): (Float, Float) = (1 / 9, 4 / 9)
        let (down, across): ([Float], [Float]) = (
            [0, low, high, 1, high, low, 0], [0, low, high, 1, 1, 1, high, low, 0]
        )
        func column(_ rows: [Float]) -> [Float] { (0..<7).map { (y: Int) in rows[y * 9 + 4] } }
        func row(_ rows: [Float]) -> [Float] { Array(rows[27..<36]) }
        #expect(column(rows) == down && row(rows) == across && rows[11] == low)
        let ridge = wide.feather(1, ridge: true).floats
        #expect(column(ridge).allSatisfy { $0 == 1 } && row(ridge).allSatisfy { $0 == 1 } && ridge[11] == low)
        #expect(wide.feather(0).floats.allSatisfy { $0 == 1 })
        // ⌊3·0.5⌋ = 1: the border alone is left out.
        #expect(wide.feather(0.5).floats.reduce(0, +) == 5 * 7)
        let round = Mask(
            width: 5, height: 5,
            values: [
                0, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 0,
            ])
        #expect(
            Tile(of: .mask(round), height: 5, width: 5).feather(1).floats == [
                0, 0, 0, 0, 0, 0, 0, 0.25, 0, 0, 0, 0.25, 0.25, 0.25, 0, 0, 0, 0.25, 0, 0, 0, 0, 0, 0, 0,
            ])
    }
}
