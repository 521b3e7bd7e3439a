import Foundation
import Imaging
import TestSupport
import Testing

/// Wrong arguments and unusable input: the status says which kind, one line says what, and nothing is written.
@Suite struct BadInputTests {
    /// Arguments after `edit`, the status, and what the line must contain.
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        var photo = "plain.png"
        var arguments: [String] = []
        let status: Int32
        let mentions: [String]
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "missing file", photo: "nowhere.png", status: 66, mentions: ["nowhere.png"]),
        Case(
            name: "not an image", photo: "resize.txt", status: 65, mentions: ["resize.txt", "not a picture"]),
        Case(name: "a folder without pictures", photo: "..", status: 65, mentions: ["holds no pictures"]),
        Case(
            name: "too many pixels", arguments: ["--pixel-limit", "9"], status: 65,
            mentions: ["--pixel-limit"]),
        Case(name: "empty prompt", arguments: ["--prompt", " "], status: 64, mentions: ["prompt is empty"]),
        Case(
            name: "unknown method", arguments: ["--method", "difedit"], status: 64,
            mentions: ["difedit", "did you mean diffedit"]),
        Case(
            name: "unknown option", arguments: ["--option", "treshold=1"], status: 64,
            mentions: ["treshold", "did you mean threshold"]),
        Case(
            name: "option without a value", arguments: ["--option", "threshold"], status: 64,
            mentions: ["name=value"]),
        Case(
            name: "option out of range", arguments: ["--option", "threshold=nan"], status: 64,
            mentions: ["from 0 to 1"]),
        Case(name: "steps 0", arguments: ["--steps", "0"], status: 64, mentions: ["steps is 0"]),
        Case(
            name: "steps beyond the schedule", arguments: ["--steps", "1001"], status: 64,
            mentions: ["steps", "1001"]),
        Case(name: "strength 2", arguments: ["--strength", "2"], status: 64, mentions: ["strength is 2"]),
        Case(
            name: "strength below 0", arguments: ["--strength", "-1"], status: 64,
            mentions: ["strength is -1"]),
        Case(
            name: "NaN guidance", arguments: ["--guidance", "nan"], status: 64, mentions: ["guidance is nan"]),
        Case(name: "seed that is no number", arguments: ["--seed", "x"], status: 64, mentions: ["--seed"]),
        Case(name: "unknown flag", arguments: ["--promt", "x"], status: 64, mentions: ["--promt"]),
        Case(name: "unknown preset", arguments: ["--preset", "slow"], status: 64, mentions: ["slow"]),
        Case(name: "unknown device", arguments: ["--device", "toaster"], status: 64, mentions: ["toaster"]),
        Case(
            name: "mask change without a mask", arguments: ["--mask-grow", "3"], status: 64,
            mentions: ["--mask"]),
        Case(
            name: "missing mask", arguments: ["--mask", "/nowhere.png"], status: 66,
            mentions: ["/nowhere.png"]),
        Case(
            name: "missing mask of an option",
            arguments: ["--method", "masactrl", "--option", "source-mask=/nowhere.png"], status: 66,
            mentions: ["/nowhere.png"]),
        Case(
            name: "missing output folder", arguments: ["-o", "/nowhere/at/all.png"], status: 66,
            mentions: ["/nowhere/at"]),
        Case(name: "output of no kind", arguments: ["-o", "edit.txt"], status: 64, mentions: [".png"]),
        Case(
            name: "missing folder of the trace", arguments: ["--trace", "/nowhere/t.safetensors"], status: 66,
            mentions: ["/nowhere"]),
        Case(name: "unknown model", arguments: ["--model", "no-such"], status: 66, mentions: ["no-such"]),
        Case(
            name: "missing model folder", arguments: ["--model", "./no-such"], status: 66,
            mentions: ["./no-such"]),
    ]

    @Test("An edit that cannot be is refused in one line, and nothing is written", arguments: cases)
    func refused(_ given: Case) throws {
        let folder = try Folder()
        var arguments = ["edit", image(given.photo), "--model", Fixtures.model("tiny-sd1")]
        if !given.arguments.contains("--prompt") { arguments += ["--prompt", "a pear"] }
        let outcome = try Program.run(arguments + given.arguments, in: folder)
        #expect(outcome.status == given.status, "\(outcome.errors)")
        #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
        for text in given.mentions { #expect(outcome.errors.contains(text), "\(outcome.errors)") }
        #expect(outcome.output.isEmpty)
        #expect(folder.names.isEmpty)
    }

    @Test("A file of no bytes and a mask that is black everywhere are bad input")
    func emptyFiles() throws {
        let folder = try Folder()
        let nothing = try folder.file("nothing.png", "")
        let first = try Program.run(
            ["edit", nothing, "--prompt", "x", "--model", Fixtures.model("tiny-sd1")], in: folder)
        #expect(first.status == 65 && first.errors.contains("0 bytes"), "\(first.errors)")
        try Image(width: 8, height: 8).write(to: folder["black.ppm"])
        let second = try Program.run(
            ["edit", image("plain.png"), "--prompt", "x", "--mask", folder["black.ppm"]], in: folder)
        #expect(second.status == 65 && second.errors.contains("black everywhere"), "\(second.errors)")
    }

    @Test("A model folder that is broken is refused with the file's name")
    func brokenModels() throws {
        func errors(_ spoil: (String) throws -> Void) throws -> Program.Outcome {
            let folder = try Folder()
            let model = try folder.model()
            try spoil(model)
            return try Program.run(
                ["generate", "--prompt", "x", "--model", model, "--steps", "1"], in: folder)
        }
        let weights = "/unet/diffusion_pytorch_model.safetensors"
        let missing = try errors { try FileManager.default.removeItem(atPath: $0 + weights) }
        #expect(missing.status == 66 && missing.errors.contains(weights), "\(missing.errors)")
        let pickled = try errors {
            try FileManager.default.removeItem(atPath: $0 + weights)
            try Data("x".utf8).write(to: URL(fileURLWithPath: $0 + "/unet/diffusion_pytorch_model.bin"))
        }
        #expect(pickled.status == 65 && pickled.errors.contains("pickle"), "\(pickled.errors)")
        let misshapen = try errors {
            let path = $0 + "/vae/config.json"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let found = try #require(text.firstRange(of: /"latent_channels": \d+/))
            let config = text.replacingCharacters(in: found, with: "\"latent_channels\": 6")
            try config.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(misshapen.status == 65, "\(misshapen.errors)")
        let page = try errors {
            try Data("<!DOCTYPE html><html></html>".utf8).write(to: URL(fileURLWithPath: $0 + weights))
        }
        #expect(page.status == 65 && page.errors.contains("web page"), "\(page.errors)")
        for outcome in [missing, pickled, misshapen, page] { #expect(outcome.errorLines.count == 1) }
    }

    @Test("A tensor of another shape is named with both shapes")
    func wrongShape() throws {
        let folder = try Folder()
        let model = try folder.model()
        let path = model + "/text_encoder/config.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let found = try #require(text.firstRange(of: /"intermediate_size": \d+/))
        try text.replacingCharacters(in: found, with: "\"intermediate_size\": 24")
            .write(toFile: path, atomically: true, encoding: .utf8)
        let outcome = try Program.run(
            ["generate", "--prompt", "x", "--model", model, "--steps", "1"], in: folder)
        #expect(outcome.status == 65)
        #expect(
            outcome.errors.contains("mlp.fc1.weight") && outcome.errors.contains("[24, 16]"),
            "\(outcome.errors)")
    }

    @Test(
        "Other commands refuse in one line too",
        arguments: [
            (["edt"], 64, "did you mean edit"), (["inspect", "/nowhere.png"], 66, "/nowhere.png"),
            (["methods", "sdedti"], 64, "did you mean sdedit"),
            (["train", "/nowhere.json"], 66, "/nowhere.json"),
            (["train", "config.json"], 65, "stepz"), (["still-life", "-o", "x"], 64, "--seed"),
            (["still-life", "--seed", "1", "-o", "/nowhere/set"], 66, "/nowhere"),
            (["still-life", "--seed", "1", "-o", "/proc/set"], 65, "pentimento: /proc/set cannot be"),
            (["generate", "--prompt", "x", "--size", "33x32"], 64, "multiples"),
            (["probe", "noise", "--seed", "1", "--shape", "0,4", "--output", "n"], 64, "--shape"),
            (["probe", "unet", "--output", "n"], 64, "--input"),
            (["invert", "/nowhere.png"], 66, "/nowhere.png"),
        ] as [([String], Int32, String)])
    func others(arguments: [String], status: Int32, mention: String) throws {
        let folder = try Folder()
        _ = try folder.file("config.json", #"{"diffusion": {"stepz": 3}}"#)
        let model = arguments[0] == "generate" ? ["--model", Fixtures.model("tiny-sd1")] : []
        let outcome = try Program.run(arguments + model, in: folder)
        #expect(outcome.status == status, "\(outcome.errors)")
        #expect(outcome.errorLines.count == 1 && outcome.errors.contains(mention), "\(outcome.errors)")
        #expect(folder.names == ["config.json"])
    }
}
