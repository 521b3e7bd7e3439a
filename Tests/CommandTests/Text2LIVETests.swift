import Foundation
import Imaging
import TestSupport
import Testing

/// `edit --method text2live`, its layer in a file, and its pair of towers.
@Suite struct Text2LIVETests {
    static let words = ["--source", "a red apple", "--prompt", "a green apple", "--method", "text2live"]
    static let small = ["tuning-steps=2", "width=4", "views=2"].flatMap { ["--option", $0] }

    @Test(
        "The layer's file over the photo is the edit, with the towers beside the model or those that are named"
    )
    func layer() throws {
        let folder = try Folder()
        let photo = Fixtures.package + "/Examples/red-apple.png"
        func edit(_ name: String, _ more: [String]) throws -> (Image, [String: Any]) {
            let outcome = try Program.run(
                ["edit", photo, "--preset", "fast", "--seed", "1", "--json", "-o", name + ".png"] + Self.words
                    + Self.small + more, in: folder)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return (try Image(contentsOf: folder[name + ".png"]), try outcome.json())
        }
        let (edited, account) = try edit(
            "one", ["--model", Fixtures.package + "/Models/still-life", "--layer", "layer.png"])
        let layer = try Photo(contentsOf: folder["layer.png"]).original
        let plain = try Image(contentsOf: photo)
        let alpha = try #require(layer.alpha)
        #expect((layer.width, layer.height) == (plain.width, plain.height))
        for place in plain.pixels.indices {
            let (old, new) = (Float(plain.pixels[place]), Float(layer.pixels[place]))
            let wanted = old + Float(alpha[place / 3]) / 255 * (new - old)
            // What nobody sees of a layer has any colour.
            #expect(alpha[place / 3] == 0 || abs(Float(edited.pixels[place]) - wanted) <= 0.5001)
        }
        let cost = try #require(account["cost"] as? [String: Any])
        #expect(cost["forwards"] as? Int == 0 && cost["backwards"] as? Int == 2)
        // Any diffusion model will do: only its towers count.
        _ = try edit(
            "two",
            [
                "--model", Fixtures.model("tiny-sd1"), "--clip", Fixtures.package + "/Models/still-life-clip",
            ])
    }

    @Test(
        "What it lacks, and layers that cannot be transparent, are told in one line",
        arguments: [
            (
                words, 66,
                "pentimento: text2live needs a pair of CLIP towers, and there is no tiny-sd1-clip beside the model; name "
                    + "its folder with --clip"
            ),
            (
                words + ["--layer", "layer.jpg"], 64,
                "pentimento: --layer is layer.jpg, and a JPEG cannot be transparent; write a .png, .webp or .tif"
            ),
            (
                words + ["--layer", "e.png"], 64,
                "pentimento: -o and --layer both go to e.png; one would be lost"
            ),
        ] as [([String], Int32, String)])
    func refused(arguments: [String], status: Int32, line: String) throws {
        let folder = try Folder()
        let outcome = try Program.run(
            [
                "edit", Fixtures.package + "/Examples/red-apple.png", "--model", Fixtures.model("tiny-sd1"),
                "-o", "e.png",
            ]
                + arguments, in: folder)
        #expect(outcome.status == status)
        #expect(outcome.errorLines.first.map(String.init) == line, "\(outcome.errors)")
        #expect(folder.names == [])
    }
}
