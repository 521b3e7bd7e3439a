import Foundation
import Imaging
import TestSupport
import Testing

/// What `score` says of two pictures and of two folders.
@Suite struct ScoreTests {
    private func scene() throws -> Folder {
        let folder = try Folder()
        try Image(width: 64, height: 64, red: 200, green: 20, blue: 20).write(to: folder["red.png"])
        try Image(width: 64, height: 64, red: 20, green: 180, blue: 30).write(to: folder["green.png"])
        try Image(width: 48, height: 48, red: 20, green: 180, blue: 30).write(to: folder["small.png"])
        var mask = Image(width: 64, height: 64)
        for index in 0..<(64 * 32 * 3) { mask.pixels[index] = 255 }
        try mask.write(to: folder["mask.png"])
        try mask.resized(width: 32, height: 32).write(to: folder["half.png"])
        return folder
    }

    /// No networks but those of the repository, whatever the machine's cache holds.
    private func score(_ arguments: [String], in folder: Folder) throws -> Program.Outcome {
        try Program.run(
            ["score"] + arguments, in: folder,
            environment: [
                "PENTIMENTO_MODELS": Fixtures.package + "/Models", "XDG_CACHE_HOME": folder["cache"],
            ])
    }

    @Test("Two pictures with texts and a mask have all measures, and the networks are named")
    func pictures() throws {
        let folder = try scene()
        let outcome = try score(
            [
                "red.png", "green.png", "--source-text", "a red apple", "--target-text", "a green apple",
                "--mask", "mask.png", "--clip", "still-life-clip", "--json",
            ], in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let json = try outcome.json()
        let measures = try #require(json["measures"] as? [String: Double])
        #expect(abs(try #require(measures["mae"]) - 350.0 / 765) < 1e-12)
        #expect(measures["mae"] == measures["mae.kept"])
        let wanted = [
            "mse", "psnr", "ssim", "ssim.e", "ssim.i", "psnr.zeroed", "lpips.alex", "lpips.alex.kept", "clip",
            "clip.hessel", "clip.edited", "direction", "direction.square", "direction.templates",
        ]
        #expect(wanted.filter { measures[$0] == nil } == [])
        let networks = try #require(json["networks"] as? [[String: String]])
        #expect(networks.compactMap { $0["role"] } == ["lpips.alex", "clip"])
        let table = try score(["red.png", "green.png"], in: folder)
        #expect(table.output.contains("lpips.alex") && !table.output.contains("clip"))
    }

    @Test(
        "What cannot be measured is refused in one line",
        arguments: [
            (["red.png", "small.png"], 65, "--fit resize"), (["red.png"], 64, "two pictures or two folders"),
            (["red.png", "."], 64, "two pictures or two folders"),
            (["red.png", "green.png", "--source-text", "x"], 64, "--target-text"),
            (["red.png", "green.png", "--lpips", "squeeze"], 64, "must be alex, vgg"),
            (["red.png", "green.png", "--lpips", "vgg"], 66, "make measures"),
            (["red.png", "green.png", "--inherent", "mask.png"], 64, "--mask"),
            (["red.png", "small.png", "--fit", "resize", "--mask", "half.png"], 65, "their size"),
            (["none.png", "green.png"], 66, "none.png does not exist"), ([".", "."], 66, "make measures"),
        ])
    func refusals(arguments: [String], status: Int32, mention: String) throws {
        let outcome = try score(arguments, in: try scene())
        #expect(outcome.status == status && outcome.errorLines.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains(mention), "\(outcome.errors)")
    }

    @Test("Sets have distances, and classes by their subfolders")
    func folders() throws {
        let folder = try scene()
        let (manager, place) = (FileManager.default, folder["cache/pentimento/measures/inception-2015"])
        try manager.createDirectory(
            atPath: folder["cache/pentimento/measures"], withIntermediateDirectories: true)
        try manager.copyItem(atPath: Fixtures.model("tiny-inception"), toPath: place)
        for (set, shades) in [("a", [10, 60]), ("b", [20, 90])] {
            for kind in ["one", "two"] {
                try manager.createDirectory(
                    atPath: folder["\(set)/\(kind)"], withIntermediateDirectories: true)
                for shade in shades {
                    let image = Image(
                        width: 20, height: 20, red: UInt8(shade), green: kind == "one" ? 200 : 30, blue: 80)
                    try image.write(to: folder["\(set)/\(kind)/\(shade).png"])
                }
            }
        }
        let json = try score(["a", "b", "--json"], in: folder).json()
        #expect(json["images"] as? [Int] == [4, 4] && json["classes"] as? Int == 2)
        for name in ["fid", "kid", "csfid"] {
            #expect(json[name] is Double, "\(name)")
        }
        #expect((json["notes"] as? [String])?.first?.contains("FID grows") == true)
        let same = try score(["a", "a", "--json"], in: folder).json()
        #expect(abs(try #require(same["csfid"] as? Double)) < 1e-9)
        let table = try score(["a", "b"], in: folder)
        #expect(table.output.contains("4 and 4, 2 classes"), "\(table.output)")
    }

    @Test("The measures tell what they are without any picture")
    func list() throws {
        let outcome = try score(["--list"], in: try Folder())
        #expect(outcome.status == 0 && outcome.output.contains("clip.hessel: CLIPScore of Hessel"))
    }
}
