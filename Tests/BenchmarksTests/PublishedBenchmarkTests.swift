import Editing
import Foundation
import ImageMetrics
import Imaging
import TestSupport
import Testing

@testable import Benchmarks

/// A folder of a made-up benchmark in a published layout.
struct MadeUp {
    let folder: Folder

    init() throws { folder = try Folder() }

    /// Writes a text below the folder.
    func text(_ text: String, _ name: String) throws {
        try make(name)
        try text.write(toFile: folder[name], atomically: true, encoding: .utf8)
    }

    /// Writes a picture of one colour below the folder.
    func picture(_ name: String, side: Int = 16, red: UInt8 = 120) throws {
        try make(name)
        try Image(width: side, height: side, red: red, green: 60, blue: 30).write(to: folder[name])
    }

    private func make(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: (folder[name] as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true)
    }

    static func tedbench() throws -> MadeUp {
        let made = try MadeUp()
        try made.text(
            """
            [{"img_name": "tree_1.jpeg", "target_text": "A photo of a tree. Taken in autumn."},
             {"img_name": "dog2.png", "target_text": "A sitting dog."},
             {"img_name": "tree_1.jpeg", "target_text": "A tree in snow."}]
            """, "input_list.json")
        try made.picture("originals/tree_1.jpeg")
        try made.picture("originals/dog2.png", side: 20)
        return made
    }

    static func pie() throws -> MadeUp {
        let made = try MadeUp()
        try made.text(
            """
            {"000000000001": {"image_path": "0_random/1.png", "original_prompt": "a [red] apple",
              "editing_prompt": "a [green] apple", "editing_instruction": "make it green", "editing_type_id": "6",
              "blended_word": "apple apple", "mask": [0, 3, 1024, 2, 262140, 100]},
             "000000000000": {"image_path": "1_x/0.png", "original_prompt": "a cat", "editing_prompt": "a dog",
              "editing_instruction": "", "editing_type_id": "1", "blended_word": ""}}
            """, "mapping_file.json")
        try made.picture("annotation_images/0_random/1.png", side: 512)
        try made.picture("annotation_images/1_x/0.png", side: 512)
        return made
    }
}

/// Published layouts are read as they come.
@Suite struct PublishedBenchmarkTests {
    @Test("TEdBench: prompts stay, results have the published names, several edits share a picture")
    func tedbench() throws {
        let made = try MadeUp.tedbench()
        let entries = try PublishedBenchmark.tedbench.entries(in: made.folder.path)
        #expect(entries.map(\.id) == ["0001-tree_1", "0002-dog2", "0003-tree_1"])
        #expect(entries[0].target == "A photo of a tree. Taken in autumn." && entries[0].source == nil)
        // The inner full stop stays, the last one goes.
        #expect(entries[0].results[0] == "tree_1.jpeg-A_photo_of_a_tree._Taken_in_autumn.png")
        #expect(entries[0].results[1] == "0001-tree_1.png")
        #expect(entries.map(\.group) == ["tree_1.jpeg", "dog2.png", "tree_1.jpeg"])
        try made.text(#"{"dog2.png": "A standing dog."}"#, "source_captions.json")
        #expect(
            try PublishedBenchmark.tedbench.entries(in: made.folder.path).map(\.source) == [
                nil, "A standing dog.", nil,
            ])
    }

    // Runs read as pairs of begin and end would mark 0...2 and 2...1024; without the border pixel 511 would stay.
    @Test("PIE-Bench: brackets go, masks are runs, and the outermost pixels may always change")
    func pie() throws {
        let made = try MadeUp.pie()
        let entries = try PublishedBenchmark.pieBench.entries(in: made.folder.path)
        #expect(entries.map(\.id) == ["000000000000", "000000000001"])
        #expect(entries[1].source == "a red apple" && entries[1].target == "a green apple")
        #expect(entries[1].kind == "change colour" && entries[0].kind == "change object")
        #expect(entries[0].area == nil && entries[1].results[0] == "0_random/1.png")
        let mask = try #require(try entries[1].area?.mask())
        #expect(mask.width == 512 && mask.values[1024] == 1 && mask.values[1025] == 1)
        #expect(mask.values[1026] == 0 && mask.values[513] == 0)
        #expect(mask.values[511] == 1 && mask.values[512 * 200] == 1 && mask.values[512 * 512 - 1] == 1)
        // The border, and in the third row two pixels of which one belongs to it.
        #expect(mask.values.reduce(0, +) == Float(4 * 511 + 1))
        #expect(PublishedBenchmark.pieBench.seed == 1234)
    }

    @Test(
        "TI2I: every prompt of every picture, by the last part of its path; lists may be written both ways"
    )
    func ti2i() throws {
        let made = try MadeUp()
        try made.text(
            """
            # real pictures
            - init_img: some/where/horse.png
              target_prompts:
                - "a photo of a bronze horse"
                - 'a horse''s toy'
            - init_img: car.png
              target_prompts: ["a snowy car, \\"old\\"", "a car of ice"]
            """, "wild-ti2i-real.yaml")
        try made.text(
            "-\n  init_img: \"gen.png\"\n  prompt: a cat\n  target_prompts:\n  - a dog: on a mat\n",
            "wild-ti2i-fake.yaml")
        for name in ["horse", "car", "gen"] { try made.picture("data/\(name).png") }
        let entries = try PublishedBenchmark.wildTI2I.entries(in: made.folder.path)
        #expect(
            entries.map(\.target) == [
                "a dog: on a mat", "a photo of a bronze horse", "a horse's toy", #"a snowy car, "old""#,
                "a car of ice",
            ])
        #expect(entries.map(\.kind) == ["generated", "real", "real", "real", "real"])
        #expect(entries[0].source == "a cat" && entries[1].source == nil)
        #expect(entries[1].picture == made.folder["data/horse.png"])
    }

    @Test("FlexIT's queries: the test part alone, classes as prompts and kinds")
    func flexIT() throws {
        let made = try MadeUp()
        try made.text(
            """
            index,path,source,source_id,target,target_id,is_test
            0,n1/a.png,tabby cat,1,"lynx, catamount",2,0
            7,n1/b.png,tabby cat,1,"lynx, catamount",2,1
            """, "queries.csv")
        try made.picture("n1/b.png")
        let entries = try PublishedBenchmark.diffEditImageNet.entries(in: made.folder.path)
        #expect(entries.map(\.id) == ["00007"] && entries[0].target == "lynx, catamount")
        #expect(entries[0].kind == "lynx, catamount" && entries[0].source == "tabby cat")
    }

    @Test("BISON: the picture is the other candidate, its text the one that it has elsewhere")
    func bison() throws {
        let made = try MadeUp()
        func entry(_ caption: String, _ own: Int) -> String {
            """
            {"caption": "\(caption)", "true_image_id": \(own), "image_candidates": [
              {"image_id": 1, "image_filename": "a.png"}, {"image_id": 2, "image_filename": "b.png"}]}
            """
        }
        try made.text(
            #"{"data": [\#(entry("two dogs", 2)), \#(entry("one dog", 1))]}"#,
            "bison_annotations.cocoval2014.json")
        for name in ["a", "b"] { try made.picture("val2014/\(name).png") }
        let entries = try PublishedBenchmark.diffEditCOCO.entries(in: made.folder.path)
        #expect(entries.map(\.group) == ["a.png", "b.png"])
        #expect(entries.map(\.target) == ["two dogs", "one dog"])
        #expect(entries.map(\.source) == ["one dog", "two dogs"])
    }

    @Test("A table of one's own may have masks, right answers and kinds")
    func table() throws {
        let made = try MadeUp()
        try made.text(
            "image,target,source,kind,mask,truth,id\r\nin/a.png,\"a \"\"big\"\" cat\",,pose,m.png,t.png,\r\nin/a.png,a dog,a cat,,,,own 1\r\n",
            "edits.csv")
        for name in ["in/a.png", "m.png", "t.png"] { try made.picture(name) }
        let entries = try PublishedBenchmark.csv.entries(in: made.folder.path)
        #expect(entries.map(\.id) == ["0001-a", "own_1"])
        #expect(
            entries[0].target == #"a "big" cat"# && entries[0].source == nil && entries[0].kind == "pose")
        #expect(
            entries[0].area == .file(made.folder["m.png"]) && entries[0].truth == made.folder["t.png"])
        #expect(entries[1].source == "a cat" && entries[1].kind == "all" && entries[1].area == nil)
    }

    @Test("What is missing or makes no sense is named")
    func refusals() throws {
        let made = try MadeUp()
        let place = made.folder.path
        #expect(
            throws: BenchmarkDataError.missing(
                path: "\(place)/input_list.json", layout: PublishedBenchmark.tedbench.layout)
        ) { try PublishedBenchmark.tedbench.entries(in: place) }
        #expect(
            throws: BenchmarkDataError.missing(
                path: "\(place)/wild-ti2i….yaml", layout: PublishedBenchmark.wildTI2I.layout)
        ) { try PublishedBenchmark.wildTI2I.entries(in: place) }
        try made.text("image,goal\na.png,x\n", "edits.csv")
        #expect(
            throws: BenchmarkDataError.malformed(
                path: "\(place)/edits.csv", reason: "there is no column \"target\"; there are image, goal")
        ) { try PublishedBenchmark.csv.entries(in: place) }
        try made.text("image,target\na.png,x\nb.png,y\n", "edits.csv")
        try made.picture("b.png")
        #expect(
            throws: BenchmarkDataError.missingPictures(first: "\(place)/a.png", count: 1, of: 2)
        ) { try PublishedBenchmark.csv.entries(in: place) }
        try made.text("image,target,id\nb.png,x,1\nb.png,y,1\n", "edits.csv")
        #expect(
            throws: BenchmarkDataError.malformed(
                path: place, reason: "two edits are called 1, the first of b.png")
        ) { try PublishedBenchmark.csv.entries(in: place) }
        try made.text("- init_img: a.png\n  target_prompts: [x]\nrest\n", "imagenet-r-ti2i.yaml")
        #expect(
            throws: BenchmarkDataError.malformed(
                path: "\(place)/imagenet-r-ti2i.yaml",
                reason: "line 3 is no part of a list of names and texts")
        ) { try PublishedBenchmark.imageNetRTI2I.entries(in: place) }
        try made.text(#"{"1": {"image_path": "a"}}"#, "mapping_file.json")
        #expect(
            throws: BenchmarkDataError.malformed(
                path: "\(place)/mapping_file.json",
                reason: "1 has no image_path, original_prompt, editing_prompt and editing_type_id")
        ) { try PublishedBenchmark.pieBench.entries(in: place) }
    }

    @Test("Edits are one wherever their pictures lie, and others where their lists differ")
    func identity() throws {
        let (one, two) = (try MadeUp.tedbench(), try MadeUp.tedbench())
        let edits = try PublishedEdits(.tedbench, folder: one.folder.path)
        #expect(edits == (try PublishedEdits(.tedbench, folder: two.folder.path)))
        #expect(edits != (try PublishedEdits(.tedbench, folder: two.folder.path, seed: 2)))
        let stored = try JSONDecoder().decode(PublishedEdits.self, from: JSONEncoder().encode(edits))
        #expect(stored == edits && stored.entries.isEmpty)
        #expect(try stored.reading(two.folder.path).entries.count == 3)
        try two.text(#"[{"img_name": "dog2.png", "target_text": "A cat."}]"#, "input_list.json")
        #expect(throws: BenchmarkDataError.changed(two.folder.path)) {
            try stored.reading(two.folder.path)
        }
        #expect(
            edits.introduction(count: 2)
                == "the first 2 of 3 edits of TEdBench (lists \(edits.fingerprint), seed 1 before every edit)"
        )
        #expect(throws: BenchmarkDataError.tooFew(name: "TEdBench", count: 3, wanted: 4)) {
            try edits.item(3)
        }
    }

    @Test("Areas measure whether or not methods are told of them; right answers make gains")
    func items() throws {
        let made = try MadeUp.pie()
        let edits = try PublishedEdits(.pieBench, folder: made.folder.path)
        let item = try edits.item(1)
        #expect(item.edit.request.seed == 1234 && item.facts?.kind == "change colour")
        #expect(abs((item.facts?.area ?? 0) - 2045.0 / 262_144) < 1e-12)
        let facts = try edits.measuredFacts(1, for: item.edit.request.image)
        #expect(facts.edited?.count == 2045 && facts.source == "a red apple")
        let table = try MadeUp()
        try table.text("image,target,truth\na.png,x,t.png\n", "edits.csv")
        try table.picture("a.png")
        try table.picture("t.png", side: 8)
        let own = try PublishedEdits(.csv, folder: table.folder.path)
        #expect(
            throws: BenchmarkDataError.badPicture(
                path: table.folder["t.png"], reason: "has 8x8 pixels and its picture 16x16")
        ) { try own.item(0) }
        try table.picture("t.png", red: 200)
        #expect(try own.item(0).facts?.area == 1)
    }

    @Test("Results made elsewhere are found by their names, strips of four by their last square")
    func foreign() throws {
        let made = try MadeUp.tedbench()
        let edit = try PublishedEdits(.tedbench, folder: made.folder.path).item(0).edit
        let place = try Folder()
        #expect(throws: BenchmarkDataError.self) { try edit.result(in: place.path) }
        var strip = Image(width: 64, height: 16)
        for row in 0..<16 { for column in 48..<64 { strip.pixels[(row * 64 + column) * 3] = 90 } }
        try strip.write(to: place["0001-tree_1.png"])
        let found = try edit.result(in: place.path)
        #expect(found.image.width == 16 && found.image.pixels[0] == 90 && found.warning == nil)
        let name = "tree_1.jpeg-A_photo_of_a_tree._Taken_in_autumn.png"
        try Image(width: 32, height: 32, red: 7, green: 7, blue: 7).write(to: place[name])
        let other = try edit.result(in: place.path)
        #expect(other.image.pixels[0] == 7 && other.image.width == 16)
        #expect(other.warning == "\(place[name]) is 32x32 and was resized to 16x16")
    }

    @Test("Tables are read by RFC 4180 and written so that they read the same")
    func commas() {
        #expect(CommaSeparated.rows(of: "a,\"b\nc\",\n\n\"\"\n") == [["a", "b\nc", ""], [""]])
        #expect(CommaSeparated.rows(of: "a,\"b") == nil)
        let row = ["plain", "with, comma", "with \"marks\"", "two\nlines", ""]
        #expect(CommaSeparated.rows(of: CommaSeparated.line(row)) == [row])
    }

    @Test("Parts of a benchmark are every so manieth edit, each in one part")
    func shards() {
        #expect((0..<7).filter(Shard(number: 2, count: 3).holds) == [1, 4])
        #expect(
            (0..<7).flatMap { index in (1...3).filter { Shard(number: $0, count: 3).holds(index) } }.count
                == 7)
        #expect(Shard("2/3") == Shard(number: 2, count: 3) && Shard("2/3")?.description == "2/3")
        for text in ["0/3", "4/3", "1", "1/0", "a/b", "1/2/3", ""] {
            #expect(Shard(text) == nil, "\(text)")
        }
    }
}
