import Imaging
import TestSupport
import Testing

/// Regions and windows on the command line.
@Suite struct RegionTests {
    static let shared = ["--model", Fixtures.model("tiny-sd1"), "--prompt", "a table", "--steps", "2"]

    @Test("A picture wider than the model's is made of regions, and its account tells them")
    func generates() throws {
        let folder = try Folder()
        let outcome = try Program.run(
            [
                "generate", "--width", "128", "--height", "64", "--wrap", "--region",
                "0,0,0.5,1: a pear | a cup",
                "-o", "g.png", "--json",
            ] + Self.shared, in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try outcome.json()["regions"] as? [String] == ["0,0,0.5,1: a pear | a cup"])
        let made = try Image(contentsOf: folder["g.png"])
        #expect((made.width, made.height) == (128, 64))
    }

    @Test("An edit by a mask of a region changes nothing outside it")
    func edits() throws {
        let folder = try Folder()
        let photo = try Image(contentsOf: image("plain.png"))
        var mask = Mask(width: 2, height: 1, filledWith: 0)
        mask.values[0] = 1
        try mask.resized(width: 64, height: 64, by: .bilinear).thresholded().image()
            .write(to: folder["left.png"])
        let outcome = try Program.run(
            [
                "edit", image("plain.png"), "--method", "multidiffusion", "--region", "left.png: a pear",
                "--feather", "0", "-o", "e.png",
            ] + Self.shared, in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let edit = try Image(contentsOf: folder["e.png"])
        let last = photo.offset(x: photo.width - 1, y: 0)
        #expect(edit.pixels[last..<(last + 3)] == photo.pixels[last..<(last + 3)])
        #expect(edit != photo)
    }

    @Test(
        "Bad regions end with one line that says what is wrong",
        arguments: [
            ("no place", "x,y,width,height"), ("0,0,1: x", "four numbers"), ("0,0,2,1: x", "stay inside"),
            ("0,0,nan,1: x", "nan"), ("0,0,1,1:", "some words"), ("lft.png: x", "did you mean left.png?"),
            (": x", "no place"),
        ])
    func refused(region: String, reason: String) throws {
        let folder = try Folder()
        try Mask(width: 2, height: 2, filledWith: 1).image().write(to: folder["left.png"])
        let outcome = try Program.run(
            ["edit", image("plain.png"), "--method", "multidiffusion", "--region", region] + Self.shared,
            in: folder)
        #expect(outcome.status == 64 || outcome.status == 66)
        #expect(outcome.errorLines.count == 1 && outcome.errors.contains(reason), "\(outcome.errors)")
        #expect(folder.names == ["left.png"])
    }

    @Test("Several strengths make one picture; a method without any, or a word for a number, is refused")
    func strengths() throws {
        let folder = try Folder()
        let outcome = try Program.run(
            ["edit", image("plain.png"), "--method", "sdedit", "--strengths", "0.5,1", "--seed", "1"]
                + Self.shared, in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(folder.names == ["plain-sdedit-strengths-1.png"])
        for (method, text) in [("instruct-pix2pix", "0.5"), ("sdedit", "0.5,much"), ("sdedit", "0.5,2")] {
            let bad = try Program.run(
                ["edit", image("plain.png"), "--method", method, "--strengths", text] + Self.shared,
                in: folder)
            #expect(bad.status == 64 && bad.errors.contains("strength"), "\(bad.errors)")
        }
    }
}
