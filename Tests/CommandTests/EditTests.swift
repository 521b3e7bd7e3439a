import Foundation
import Imaging
import Tensors
import TestSupport
import Testing

/// Edits of images on a tiny model: files, accounts, interrupts.
@Suite struct EditTests {
    static let shared = ["--model", Fixtures.model("tiny-sd1"), "--prompt", "a pear", "--steps", "4"]

    @Test("Without -o the file is named after photo, method and seed, and a second one is numbered")
    func names() throws {
        let folder = try Folder()
        for _ in 0..<2 {
            let outcome = try Program.run(
                ["edit", image("plain.png"), "--method", "sdedit", "--seed", "5"] + Self.shared, in: folder)
            #expect(outcome.status == 0 && outcome.output.contains("seed 5"), "\(outcome.errors)")
        }
        #expect(folder.names == ["plain-sdedit-5-2.png", "plain-sdedit-5.png"])
        let images = try folder.names.map { try Image(contentsOf: folder[$0]) }
        #expect(images[0] == images[1])
        let photo = try Image(contentsOf: image("plain.png"))
        #expect(images[0].width == photo.width && images[0].height == photo.height)
        #expect(images[0] != photo)
    }

    @Test("An edit with everything asked for leaves panel, mask and trace, and an account that inspect shows")
    func everything() throws {
        let folder = try Folder()
        let outcome = try Program.run(
            [
                "edit", image("plain.png"), "--source", "an apple", "--seed", "7", "-o", "edit.png",
                "--panel", "panel.png",
                "--mask-out", "mask.png", "--trace", "trace.safetensors", "--json", "--option", "noises=2",
            ] + Self.shared,
            in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(folder.names == ["edit.png", "mask.png", "panel.png", "trace.safetensors"])
        let account = try outcome.json()
        #expect(account["method"] as? String == "diffedit" && account["seed"] as? Int == 7)
        #expect((account["options"] as? [String: Any])?["noises"] as? Int == 2)
        let trace = try SafetensorsFile(path: folder["trace.safetensors"])
        #expect(
            Set(["initial_latent", "inversion_levels", "mask_soft", "mask", "final_latent"]).isSubset(
                of: trace.names))

        let inspected = try Program.run(["inspect", folder["edit.png"], "--json"]).json()
        let own = try #require(inspected["pentimento"] as? [String: Any])
        #expect(own as NSDictionary == account as NSDictionary)
        let settings = try #require(inspected["settings"] as? [String: Any])
        #expect(settings["Prompt"] as? String == "a pear" && settings["Seed"] as? String == "7")
        #expect(settings["Steps"] as? String == "4")
    }

    @Test("Outside the user's mask every pixel is the photo's")
    func mask() throws {
        let folder = try Folder()
        let photo = try Image(contentsOf: image("plain.png"))
        var mask = Mask(width: photo.width, height: photo.height, filledWith: 0)
        for y in 0..<photo.height { for x in 0..<photo.width / 2 { mask.values[y * photo.width + x] = 1 } }
        try mask.image().write(to: folder["mask.png"])
        let arguments = [
            "edit", image("plain.png"), "--method", "sdedit", "--mask", "mask.png", "-o", "edit.png",
        ]
        #expect(try Program.run(arguments + Self.shared, in: folder).status == 0)
        let edit = try Image(contentsOf: folder["edit.png"])
        var (inside, outside) = (0, 0)
        for index in photo.pixels.indices where photo.pixels[index] != edit.pixels[index] {
            if mask.values[index / 3] > 0 { inside += 1 } else { outside += 1 }
        }
        #expect(outside == 0 && inside > 0)
    }

    @Test(
        "Odd pictures are edited: one pixel, CMYK, an animation",
        arguments: ["one-pixel.png", "cmyk.jpg", "animated.webp"])
    func oddImages(name: String) throws {
        let folder = try Folder()
        let outcome = try Program.run(
            ["edit", image(name), "--method", "sdedit", "-o", "edit.png"] + Self.shared, in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let (photo, edit) = (
            try Image(contentsOf: image(name)), try Image(contentsOf: folder["edit.png"])
        )
        #expect(photo.width == edit.width && photo.height == edit.height)
    }

    @Test("A prompt longer than the model reads is cut with a warning that shows what was cut")
    func longPrompt() throws {
        let folder = try Folder()
        let words = (0..<90).map { "pear\($0)" }.joined(separator: " ")
        let outcome = try Program.run(
            [
                "generate", "--model", Fixtures.model("tiny-sd1"), "--steps", "1", "--prompt", words, "-o",
                "g.png",
            ],
            in: folder)
        #expect(outcome.status == 0 && folder.names == ["g.png"])
        let line =
            /pentimento: warning: the prompt is longer than the model reads; it was cut off from ".{40}…" on \(\d+ words\)\n/
        #expect(outcome.errors.wholeMatch(of: line) != nil, "\(outcome.errors)")
        let quiet = try Program.run(
            [
                "generate", "--model", Fixtures.model("tiny-sd1"), "--steps", "1", "--prompt", words, "-o",
                "g.png", "-q",
            ],
            in: folder)
        #expect(quiet.status == 0 && quiet.errors.isEmpty && quiet.output.isEmpty)
    }

    @Test("An inversion tells its error and keeps every level")
    func inversion() throws {
        let folder = try Folder()
        let outcome = try Program.run(
            [
                "invert", image("plain.png"), "--model", Fixtures.model("tiny-sd1"), "--steps", "5",
                "--trace",
                "t.safetensors", "-o", "back.png", "--json",
            ], in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let error = try #require(try outcome.json()["roundTripError"] as? Double)
        #expect(error > 0 && error.isFinite)
        let trace = try SafetensorsFile(path: folder["t.safetensors"])
        let levels = try trace.tensor("inversion_levels")
        #expect(levels.shape[0] == 6)
        #expect(relativeError(levels.selected(0, at: 0), try trace.tensor("initial_latent")) == 0)
    }

    @Test("Ctrl-C ends an edit with status 130 and leaves no file")
    func interrupt() throws {
        let folder = try Folder()
        let running = try Program.start(
            [
                "edit", image("plain.png"), "--model", Fixtures.model("tiny-sd1"), "--prompt", "a pear",
                "--steps", "900",
                "--option", "noises=256", "-o", "edit.png", "--panel", "panel.png", "--trace",
                "trace.safetensors",
            ],
            in: folder)
        // The UNet's weights are mapped once the first pass is near; without that this waits for the process's end.
        let maps = "/proc/\(running.process.processIdentifier)/maps"
        while running.process.isRunning {
            if wholeText(of: maps).contains("unet/diffusion_pytorch_model.safetensors") { break }
            usleep(20_000)
        }
        running.process.interrupt()
        let outcome = try running.outcome()
        #expect(outcome.status == 130, "\(outcome.errors)")
        #expect(outcome.errorLines.count == 1)
        #expect(folder.names.isEmpty)
    }
}

/// A file of /proc to its end; Foundation reads the first page of a file that says it has no bytes, and stops.
private func wholeText(of path: String) -> String {
    guard let file = fopen(path, "r") else { return "" }
    defer { fclose(file) }
    var text: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&part, 1, part.count, file), count > 0 { text += part[..<count] }
    return String(decoding: text, as: UTF8.self)
}
