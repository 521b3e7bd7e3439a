import Foundation
import Imaging
import TestSupport
import Testing

/// Masks as people give them, and what is said of them.
@Suite struct MaskCommandTests {
    private static let shared = [
        "--model", Fixtures.model("tiny-sd1"), "--steps", "2", "--prompt", "a pear", "--seed", "1",
    ]

    private func edit(_ folder: Folder, _ arguments: [String]) throws -> Program.Outcome {
        try Program.run(
            ["edit", image("plain.png"), "--method", "sdedit", "-o", "edit.png"] + arguments + Self.shared,
            in: folder)
    }

    @Test("Noughts and ones are a mask, and one line says so; black and white need no line")
    func noughtsAndOnes() throws {
        let folder = try Folder()
        let photo = try Image(contentsOf: image("plain.png"))
        var mask = Image(width: photo.width, height: photo.height)
        for y in 0..<photo.height {
            for x in 0..<photo.width / 2 {
                let from = mask.offset(x: x, y: y)
                mask.pixels.replaceSubrange(from..<(from + 3), with: [1, 1, 1])
            }
        }
        try mask.write(to: folder["mask.png"])
        let outcome = try edit(folder, ["--mask", "mask.png"])
        #expect(outcome.status == 0)
        #expect(
            outcome.errorLines == [
                "pentimento: warning: mask.png: the mask has the values 0 and 1 instead of 0 and 255; 1 is what may change"
            ])
        #expect(try Image(contentsOf: folder["edit.png"]) != photo)
    }

    @Test("A dry run shows the mask that would be found, and says what cannot be told before")
    func dryRun() throws {
        let folder = try Folder()
        let found = try edit(
            folder,
            ["--method", "diffedit", "--source", "an apple", "--dry-run", "--mask-out", "mask.png", "--json"])
        #expect(found.status == 0, "\(found.errors)")
        let account = try JSONSerialization.jsonObject(with: Data(found.output.utf8)) as? [String: Any]
        #expect(account?["isPreview"] as? Bool == true)
        #expect((account?["cost"] as? [String: Any])?["forwards"] as? Int == 20)
        #expect(FileManager.default.fileExists(atPath: folder["mask.png"]))
        let refused = try edit(folder, ["--dry-run"])
        #expect(refused.status == 64)
        #expect(
            refused.errorLines == [
                "pentimento: sdedit does not tell what it would change before it paints; diffedit, inpaint, lift do, and "
                    + "every method where a --mask is given"
            ])
    }

    @Test("A focus works on the mask's surroundings and is told in the account; without a mask it is refused")
    func focus() throws {
        let folder = try Folder()
        let photo = try Image(contentsOf: image("plain.png"))
        var mask = Image(width: photo.width, height: photo.height, red: 0, green: 0, blue: 0)
        let from = mask.offset(x: photo.width / 2, y: photo.height / 2)
        mask.pixels.replaceSubrange(from..<(from + 3), with: [255, 255, 255])
        try mask.write(to: folder["mask.png"])
        let outcome = try edit(
            folder, ["--mask", "mask.png", "--focus", "0.5", "--size", "8", "--json", "--preview", "now.png"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let account = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        #expect(
            account?["focus"] as? [Int] == [photo.width / 2 - 4, photo.height / 2 - 4, 8, 8])
        let refused = try edit(folder, ["--focus", "0.5"])
        #expect(refused.status == 64)
        #expect(
            refused.errorLines == [
                "pentimento: --focus keeps to the surroundings of a mask; give one with --mask or --mask-words (see "
                    + "`pentimento edit --help`)"
            ])
    }

    @Test("What cannot be meant as a mask is refused in one line, before anything is computed")
    func refused() throws {
        let folder = try Folder()
        let photo = try Image(contentsOf: image("plain.png"))
        try Image(width: photo.height + 1, height: photo.width + 1, red: 255, green: 255, blue: 255)
            .write(to: folder["white.png"])
        try Mask(width: photo.height, height: photo.width, filledWith: 1).image().write(
            to: folder["turned.png"])
        try photo.write(to: folder["photo.png"])
        for name in photo.width == photo.height ? ["photo.png"] : ["turned.png", "photo.png"] {
            let outcome = try edit(folder, ["--mask", name])
            #expect(outcome.status == 65, "\(outcome.errors)")
            #expect(outcome.errorLines.count == 1 && outcome.errors.contains(name), "\(outcome.errors)")
        }
        let both = try edit(folder, ["--no-paste", "--paste", "residual"])
        #expect(both.status == 64)
        #expect(both.errors.contains("--no-paste and --paste residual exclude each other; leave one out"))
        #expect(folder.names.sorted() == ["photo.png", "turned.png", "white.png"])
    }

    @Test("--mask-out is what was pasted: where it is black the photo is as it was")
    func maskOut() throws {
        let folder = try Folder()
        let photo = try Image(contentsOf: image("plain.png"))
        var mask = Mask(width: photo.width, height: photo.height, filledWith: 0)
        for y in 0..<photo.height { for x in 0..<photo.width / 2 { mask.values[y * photo.width + x] = 1 } }
        try mask.image().write(to: folder["mask.png"])
        for way in ["residual", "replace", "auto"] {
            let outcome = try edit(
                folder, ["--mask", "mask.png", "--mask-out", "used.png", "--paste", way, "--json"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let used = try Image(contentsOf: folder["used.png"])
            let edit = try Image(contentsOf: folder["edit.png"])
            for pixel in 0..<(photo.width * photo.height) where used.pixels[pixel * 3] == 0 {
                #expect(
                    edit.pixels[(pixel * 3)..<(pixel * 3 + 3)] == photo.pixels[(pixel * 3)..<(pixel * 3 + 3)])
            }
            let paste = try #require(try outcome.json()["paste"] as? [String: Any])
            #expect(paste["asked"] as? String == way)
            #expect(way == "auto" || paste["took"] as? String == way)
        }
    }
}
