import Foundation
import Imaging
import Testing

@testable import PhotoStudy

/// The lists of a folder of photos.
@Suite struct PhotoSetTests {
    @Test("Photos and edits are read in their order, and every eighth photo is set aside")
    func reads() throws {
        let folder = try PhotoFolder()
        let photos = try PhotoSet(folder: folder.path)
        #expect(
            photos.photos.map(\.caption) == [
                "a photo of a red rose", "a photo of a red rose", "a photo of pink roses",
                "a photo of a yellow sunflower", "a photo of white dandelions",
            ])
        #expect(photos.photos(of: .tuning).map(\.file) == ["held-out/rose-1.png"])
        #expect(photos.photos(of: .measured).count == 4)
        #expect(photos.colourEdits(of: .tuning).map(\.truth) == ["truths/rose-1-yellow.png"])
        #expect(photos.colourEdits(of: .measured).map(\.colour) == ["yellow", "purple", "white"])
        #expect(photos.subjects(atLeast: 2).map(\.text) == ["a photo of a red rose"])
        let (truth, changed) = try photos.truth(
            of: photos.colourEdits[0], for: try photos.image("held-out/rose-1.png"))
        #expect(truth == PhotoFolder.image(left: 200))
        #expect(changed.values == (0..<64).map { $0 % 8 < 4 ? 1 : 0 })
    }

    @Test("What is missing is named, with what makes such folders")
    func missing() throws {
        #expect(throws: PhotoSetError.missing("nowhere/photos")) { try PhotoSet(folder: "nowhere/photos") }
        #expect(
            "\(PhotoSetError.missing("build/flowers"))"
                == "build/flowers does not exist; Scripts/flowers makes a folder of photos with held-out edits"
        )
        let folder = try PhotoFolder()
        try FileManager.default.removeItem(atPath: folder.path + "/colour-edits.jsonl")
        #expect(throws: PhotoSetError.missing(folder.path + "/colour-edits.jsonl")) {
            try PhotoSet(folder: folder.path)
        }
    }

    @Test(
        "A line that cannot be used is named by its number, with what is wrong",
        arguments: [
            ("photos-held-out.jsonl", "{\"file\": \"a.png\"}\n", 1, "has no \"kind\""),
            ("photos-held-out.jsonl", "\n[]\n", 2, "is no JSON object"),
            ("photos-held-out.jsonl", "{\n", 1, "is no JSON object"),
            (
                "photos-held-out.jsonl",
                "{\"file\": \"a\", \"kind\": \"rose\", \"colour\": \"red\", \"scale\": \"far\"}", 1,
                "has a \"scale\" that cannot be used"
            ),
            (
                "photos-held-out.jsonl",
                String(
                    repeating:
                        "{\"file\": \"a\", \"kind\": \"rose\", \"colour\": \"red\", \"scale\": \"mid\"}\n",
                    count: 2), 2, "names a, as a line before does"
            ),
            (
                "colour-edits.jsonl",
                "{\"file\": \"b\", \"mask\": \"m\", \"kind\": \"rose\", \"truth\": \"t\", \"source\": \"s\", "
                    + "\"prompt\": \"p\", \"colour\": \"red\"}", 1,
                "names b, which photos-held-out.jsonl does not"
            ),
        ] as [(String, String, Int, String)])
    func badLines(list: String, text: String, line: Int, reason: String) throws {
        let folder = try PhotoFolder()
        try folder.write(text, to: list)
        let error = PhotoSetError.badLine(path: "\(folder.path)/\(list)", line: line, reason: reason)
        #expect(throws: error) { try PhotoSet(folder: folder.path) }
        #expect("\(error)" == "\(folder.path)/\(list): line \(line) \(reason)")
    }

    @Test("A truth of another size is refused by name")
    func otherSize() throws {
        let folder = try PhotoFolder()
        let photos = try PhotoSet(folder: folder.path)
        let path = folder.path + "/truths/rose-1-yellow.png"
        try Image(width: 8, height: 16).write(to: path)
        let error = PhotoSetError.badImage(path: path, reason: "has 8×16 pixels and its photo 16×16")
        #expect(throws: error) {
            try photos.truth(of: photos.colourEdits[0], for: try photos.image("held-out/rose-1.png"))
        }
        #expect("\(error)" == "\(path) has 8×16 pixels and its photo 16×16")
    }

    @Test("A set is kept as its folder and its lists' hash, and other lists are not taken for it")
    func coding() throws {
        let folder = try PhotoFolder()
        let photos = try PhotoSet(folder: folder.path)
        let data = try JSONEncoder().encode(photos)
        #expect(try JSONDecoder().decode(PhotoSet.self, from: data) == photos)
        try folder.write("", to: "colour-edits.jsonl")
        #expect(throws: PhotoSetError.changed(folder.path)) {
            try JSONDecoder().decode(PhotoSet.self, from: data)
        }
    }
}
