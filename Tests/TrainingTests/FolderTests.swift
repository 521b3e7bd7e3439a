import Foundation
import Imaging
import Layers
import Synchronization
import Testing

@testable import Training

@Suite(.serialized) struct FolderTests {
    func section(_ folder: String) -> DataSection {
        var section = DataSection()
        section.source = .folder
        section.folder = folder
        (section.size, section.count, section.heldOut, section.captions) = (8, 100, 1, 2)
        return section
    }

    /// Portable pixmaps: they need no image library.
    func image(_ path: String, width: Int = 16, height: Int = 8, red: UInt8 = 0) throws {
        try Image(width: width, height: height, red: red, green: 9, blue: 9).write(to: path)
    }

    @Test("Captions come from NAME.txt and captions.jsonl; pictures without one are left out")
    func captions() throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(
            atPath: scratch.path + "/sub", withIntermediateDirectories: true)
        for name in ["a", "b", "sub/c", "lonely", ".hidden"] { try image("\(scratch.path)/\(name).ppm") }
        try scratch.write("a cat\n\n  a black cat \na third\n", to: "a.txt")
        try scratch.write(
            """
            {"file": "b.ppm", "captions": ["a dog", "the dog"]}

            {"file_name": "sub/c.ppm", "text": "a bird"}
            """, to: "captions.jsonl")
        let entries = try FolderImages(section: section(scratch.path)).entries(control: TrainingControl())
        #expect(
            entries == [
                .init(path: "a.ppm", captions: ["a cat", "a black cat"]),
                .init(path: "b.ppm", captions: ["a dog", "the dog"]),
                .init(path: "sub/c.ppm", captions: ["a bird"]),
            ])
    }

    @Test("Lines of captions.jsonl say how often a picture is shown and which ones are only measured on")
    func splitAndRepeats() throws {
        let scratch = try Scratch()
        let lines = try (0..<6).map { index in
            try image("\(scratch.path)/\(index).ppm", red: UInt8(index * 40))
            let rest = index < 2 ? ", \"split\": \"held-out\"" : ", \"repeats\": \(index)"
            return "{\"file\": \"\(index).ppm\", \"caption\": \"number \(index)\"\(rest)}\n"
        }
        try scratch.write(lines.joined(), to: "captions.jsonl")
        var section = section(scratch.path)
        section.heldOut = 2
        let set = try FolderImages(section: section).images(in: scratch.path, control: TrainingControl())
        #expect(set.count == 4 && set.heldOut == 2)
        #expect(Set(set.captions[4...].flatMap(\.self)) == ["number 0", "number 1"])
        #expect(set.captions[..<4].map { $0[0] } == set.repeats.map { "number \($0)" })
        #expect(set.repeats.sorted() == [2, 3, 4, 5])
        let order = ImageOrder(Randomness(seed: 1), repeats: set.repeats)
        let seen = order.batch(step: 0, size: 14)
        #expect((0..<4).map { image in seen.count { $0 == image } } == set.repeats)
        #expect(order.batch(step: 1, size: 14) != seen)

        section.heldOut = 3
        let error = #expect(throws: TrainingError.self) {
            try FolderImages(section: section).images(in: scratch.path, control: TrainingControl())
        }
        #expect(
            error?.description.hasSuffix("2 held-out pictures are fewer than data.heldOut = 3; lower that")
                == true)
    }

    @Test("Whatever of a folder is passed over is said, by kind")
    func passedOver() throws {
        let scratch = try Scratch()
        for name in ["a", "b", "c", "d", "e", ".hidden"] { try image("\(scratch.path)/\(name).ppm") }
        try scratch.write("a cat", to: "a.txt")
        for name in ["lost.txt", "b.bmp", "notes.md"] { try scratch.write("x", to: name) }
        let said = Mutex<[String]>([])
        let control = TrainingControl {
            if case .message(let text) = $0 { said.withLock { $0.append(text) } }
        }
        #expect(try FolderImages(section: section(scratch.path)).entries(control: control).count == 1)
        #expect(
            said.withLock { $0 } == [
                "left out, pictures without a caption: 4 (b.ppm, c.ppm, d.ppm, …)",
                "left out, captions without a picture: 1 (lost.txt)",
                "left out, files of other kinds: 2 (b.bmp, notes.md)",
                "left out, hidden files: 1 (.hidden.ppm)",
            ])
    }

    @Test("The middle square is what is learned from")
    func square() throws {
        var wide = Image(width: 12, height: 4, red: 200)
        for y in 0..<4 {
            for x in 4..<8 { wide.pixels[wide.offset(x: x, y: y) + 2] = 255 }
        }
        let square = wide.middleSquare(side: 8)
        #expect(square == Image(width: 8, height: 8, red: 200, green: 0, blue: 255))
    }

    @Test("A model trains on a folder, and other captions make other data")
    func trains() throws {
        let scratch = try Scratch()
        let folder = scratch.path + "/pictures"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for index in 0..<8 {
            try image("\(folder)/\(index).ppm", red: UInt8(index * 30))
            try scratch.write("a picture of number \(index)", to: "pictures/\(index).txt")
        }
        var tiny = TrainingConfiguration.tiny(in: scratch.path)
        tiny.data = section(folder)
        tiny.data.heldOut = 2
        tiny.data.size = 16
        (tiny.autoencoder.steps, tiny.diffusion.steps) = (2, 2)
        #expect(try train(tiny) == .finished)
        let source = FolderImages(section: tiny.data)
        let before = try source.images(in: tiny.work, control: TrainingControl())
        #expect(before.count == 6 && before.heldOut == 2)
        try scratch.write("another caption", to: "pictures/3.txt")
        let after = try source.images(in: tiny.work, control: TrainingControl())
        #expect(before.fingerprint != after.fingerprint)
        #expect(throws: CheckpointError.self) { try train(tiny) }
    }

    @Test("A folder that cannot be learned from says why")
    func refusals() throws {
        let scratch = try Scratch()
        func reason(_ section: DataSection) -> String {
            do {
                _ = try FolderImages(section: section).images(
                    in: scratch.path, control: TrainingControl())
                return "none"
            } catch {
                return "\(error)"
            }
        }
        #expect(reason(section(scratch.path + "/none")).hasSuffix("/none does not exist"))
        #expect(reason(section(scratch.path)).contains("there are no pictures in it"))
        try image(scratch.path + "/a.ppm")
        #expect(reason(section(scratch.path)).contains("none of its 1 pictures has a caption"))
        #expect(reason(section(scratch.path + "/a.ppm")).contains("it is not a folder"))
        try scratch.write("a cat", to: "a.txt")
        #expect(reason(section(scratch.path)).contains("lower that"))
        try scratch.write("{\"file\": \"gone.png\", \"caption\": \"x\"}", to: "captions.jsonl")
        #expect(reason(section(scratch.path)).contains("it names gone.png, which is no picture there"))
        for (line, complaint) in [
            ("\"repeats\": 0", "line 1 says \"repeats\": 0; 1 to 1000"),
            ("\"split\": \"test\"", "line 1 says \"split\": \"test\"; train or held-out"),
        ] {
            try scratch.write("{\"file\": \"a.ppm\", \"caption\": \"x\", \(line)}", to: "captions.jsonl")
            #expect(reason(section(scratch.path)).hasSuffix(complaint))
        }
        try scratch.write("a.ppm: a cat", to: "captions.jsonl")
        #expect(reason(section(scratch.path)).contains("captions.jsonl cannot be trained on: line 1 is not"))
        try scratch.write("", to: "captions.jsonl")
        try scratch.write("no picture", to: "b.ppm")
        try scratch.write("a dog", to: "b.txt")
        #expect(reason(section(scratch.path)).contains("b.ppm: not a picture"))
    }
}
