import Foundation
import Imaging
import Service
import TestSupport
import Testing

@testable import pentimento

/// What an edit keeps of its photo, and what it says that it does not.
@Suite struct PhotoKeepingTests {
    private static let shared = [
        "--model", Fixtures.model("tiny-sd1"), "--prompt", "a pear", "--method", "sdedit", "--steps", "2",
    ]

    private func edit(_ photo: String, _ output: String, _ more: [String] = [], in folder: Folder) throws
        -> Program.Outcome
    {
        try Program.run(["edit", image(photo), "-o", output] + Self.shared + more, in: folder)
    }

    @Test("Profile, transparency and print size stay without a mask and with one not pasted")
    func withoutMask() throws {
        let folder = try Folder()
        for more in [[], ["--method", "diffedit", "--option", "noises=2", "--no-paste"]] {
            #expect(try edit("profile-wide.png", "edit.png", more, in: folder).status == 0)
            let photo = try Photo(contentsOf: image("profile-wide.png"))
            #expect(try Photo(contentsOf: folder["edit.png"]).original.profile == photo.original.profile)
        }
        #expect(try edit("alpha.png", "edit.png", in: folder).status == 0)
        let photo = try Photo(contentsOf: image("alpha.png"))
        #expect(try Photo(contentsOf: folder["edit.png"]).original.alpha == photo.original.alpha)
        #expect(try edit("camera.jpg", "edit.png", in: folder).status == 0)
        let record = try Photo(contentsOf: folder["edit.png"]).record
        #expect(record.resolution?.across.rounded() == 9449)
    }

    @Test("An edit says that the place is left out, and that a lossy file codes every pixel anew")
    func told() throws {
        let folder = try Folder()
        try Mask(width: 16, height: 24, filledWith: 1).image().write(to: folder["mask.png"])
        let place =
            "pentimento: warning: edit.jpg: where the photo was taken (GPS, place names) is left out; --keep-location keeps it"
        let loss =
            "pentimento: warning: edit.jpg is a JPEG of quality 92: pixels outside the mask are re-encoded too, nearly but "
            + "not exactly unchanged; a .png, a .tif or a .webp with --lossless keeps them"
        let outcome = try edit("camera.jpg", "edit.jpg", ["--mask", "mask.png"], in: folder)
        #expect(outcome.status == 0)
        #expect(outcome.errorLines.contains(place[...]) && outcome.errorLines.contains(loss[...]))
        #expect(try !Photo(contentsOf: folder["edit.jpg"]).record.hasLocation)
        let kept = try edit("camera.jpg", "edit.jpg", ["--mask", "mask.png", "--keep-location"], in: folder)
        #expect(!kept.errorLines.contains(place[...]) && kept.errorLines.contains(loss[...]))
        #expect(try Photo(contentsOf: folder["edit.jpg"]).record.hasLocation)
        let exact = try edit(
            "camera.jpg", "edit.webp", ["--mask", "mask.png", "--keep-location", "--lossless"], in: folder)
        #expect(exact.status == 0 && !exact.errors.contains("edit.webp"))
    }

    @Test(
        "A quality is refused where it means nothing, before the photo is looked for",
        arguments: [
            (
                ["-o", "x.png", "--quality", "80"],
                "x.png: a PNG keeps every pixel and has no quality; only JPEG and WebP have one"
            ),
            (
                ["-o", "x.jpg", "--lossless"],
                "x.jpg: a JPEG always loses something; write a .png, a .tif or a lossless .webp"
            ),
        ])
    func refused(arguments: [String], message: String) throws {
        let folder = try Folder()
        let outcome = try Program.run(["edit", "no.png"] + Self.shared + arguments, in: folder)
        #expect(outcome.status == 64 && outcome.errors == "pentimento: \(message)\n")
        #expect(folder.names.isEmpty)
    }

    @Test(
        "Inspect shows nested values a line each, and keeps a prompt with a line about negative prompts whole"
    )
    func inspect() throws {
        let folder = try Folder()
        let prompt = "a pear\nNegative prompt: apples"
        let parameters = WebUIParameters(
            prompt: prompt, negative: "dull", settings: [("Steps", "2"), ("Seed", "1")])
        #expect(parameters.text == "a pear Negative prompt: apples\nNegative prompt: dull\nSteps: 2, Seed: 1")
        try Image(width: 8, height: 8).write(
            to: folder["x.tif"],
            metadata: [
                "parameters": parameters.text,
                "prompt":
                    #"{"3": {"inputs": {"seed": 5, "from": [["4", 0], ["5", 1]], "text": "a\nb"}, "tags": ["x", "y"]}}"#,
            ])
        let text = try Program.run(["inspect", folder["x.tif"]]).output
        #expect(
            text == """
                parameters (webui format):
                  prompt: a pear Negative prompt: apples
                  negative prompt: dull
                  Steps: 2
                  Seed: 1
                prompt (ComfyUI):
                  3:
                    inputs:
                      from:
                        - 4, 0
                        - 5, 1
                      seed: 5
                      text:
                        a
                        b
                    tags: x, y

                """)
    }
}
