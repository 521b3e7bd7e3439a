import Editing
import Foundation
import Imaging
import Tensors
import TestSupport
import Testing

@testable import pentimento

/// Files that options of methods name: read, or refused in one line.
@Suite struct OptionFileTests {
    /// A file that is gone after the body.
    private func withFile<Result>(_ bytes: Data, _ body: (String) throws -> Result) throws -> Result {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("bank-\(UUID()).txt")
        try bytes.write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        return try body(url.path)
    }

    @Test("Files are read line by line, whatever ends lines; blank ones and margins do not count")
    func files() throws {
        let text = "\u{FEFF}a cat on a sofa\r\n\r\n  a sleepy cat\t\n \nein Kätzchen"
        let lines = try withFile(Data(text.utf8)) {
            try OptionFiles.sentences(in: $0, option: "from-sentences")
        }
        #expect(lines == ["a cat on a sofa", "a sleepy cat", "ein Kätzchen"])
    }

    @Test("Files that cannot be used are refused with the reason, the option and the path")
    func badFiles() throws {
        func reason(_ path: String) -> String? {
            do throws(EditingError) {
                _ = try OptionFiles.sentences(in: path, option: "to-sentences")
                return nil
            } catch {
                let text = "\(error)"
                #expect(text.hasPrefix("option to-sentences is \"\(path)\""))
                return text.components(separatedBy: "but ").last
            }
        }
        #expect(reason("/nowhere/at/all.txt") == "there is no such file")
        #expect(reason(FileManager.default.temporaryDirectory.path) == "it is no file")
        #expect(reason("/dev/zero") == "it is no file")
        let empty = "it has no sentences"
        #expect(try withFile(Data(), reason) == empty)
        #expect(try withFile(Data(" \n\t\r\n".utf8), reason) == empty)
        #expect(try withFile(Data([0xFF, 0xFE, 0x41]), reason) == "it is not UTF-8 text")
        #expect(try withFile(Data([0x41, 0, 0x42]), reason) == "it is not UTF-8 text")
        let large = Data(repeating: 0x61, count: OptionFiles.mostBytes + 1)
        #expect(try withFile(large, reason)?.hasPrefix("it is larger than") == true)
        let many = Data(String(repeating: "a\n", count: OptionFiles.mostSentences + 1).utf8)
        #expect(try withFile(many, reason)?.hasPrefix("it has 10001 sentences") == true)
    }

    @Test("A safetensors file holds embedded sentences in its one tensor")
    func embeddings() throws {
        let folder = try Folder()
        func written(_ name: String, _ tensors: [(String, Tensor)]) throws -> String {
            try Safetensors.write(tensors, to: folder[name])
            return folder[name]
        }
        let numbers = Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2])
        let one = try written("one.safetensors", [("cat", numbers)])
        #expect(
            try OptionFiles.embeddings(in: one, option: "from-sentences")
                == NamedArray(name: "cat", shape: [3, 2], values: [1, 2, 3, 4, 5, 6]))
        func refusal(_ path: String) -> String {
            let error = #expect(throws: EditingError.self) {
                try OptionFiles.embeddings(in: path, option: "from-sentences")
            }
            return error?.description ?? ""
        }
        let two = try written("two.safetensors", [("a", numbers), ("b", numbers)])
        #expect(
            refusal(two)
                == "option from-sentences is \"\(two)\"; it must be a safetensors file with one tensor of embedded "
                + "sentences, but it holds 2 tensors")
        let pickle = folder["cat.pt"]
        try Data([0x80, 0x02, 0x7D, 0x71, 0, 0, 0, 0, 0, 0]).write(to: URL(fileURLWithPath: pickle))
        #expect(refusal(pickle).contains("is a Python pickle"))
    }

    @Test("Settings name files by their method's options; others are not opened")
    func reading() throws {
        let folder = try Folder()
        let pears = try folder.file("pears.txt", "a pear\nsome pears\n")
        try Image(width: 2, height: 1, pixels: [255, 255, 255, 0, 0, 0]).write(to: folder["mask.png"])
        func read(_ method: String, _ options: [String: String]) throws -> [String: OptionFile] {
            try OptionFiles.read(for: EditSettings(prompt: "x", method: method) { $0.options = options })
        }
        #expect(
            try read("p2p-zero", ["to-sentences": pears, "from": "/no/file", "from-sentences": ""])
                == ["to-sentences": .sentences(["a pear", "some pears"])])
        #expect(
            try read("masactrl", ["source-mask": folder["mask.png"]])
                == ["source-mask": .mask(Mask(width: 2, height: 1, values: [1, 0]))])
        #expect(try read("ddim", ["source-mask": "/no/file"]).isEmpty)
    }

    @Test("An edit reads the file, and its account keeps the name")
    func edit() throws {
        let folder = try Folder()
        let pears = try folder.file("pears.txt", "a pear\nsome pears\n")
        let arguments = [
            "edit", image("plain.png"), "--model", Fixtures.model("tiny-sd1"), "--prompt", "a pear",
            "--source",
            "an apple", "--method", "pix2pix-zero", "--steps", "2", "--seed", "1", "--json", "-o", "edit.png",
            "--option", "sentences=2", "--option",
        ]
        let outcome = try Program.run(arguments + ["to-sentences=\(pears)"], in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try (outcome.json()["options"] as? [String: Any])?["to-sentences"] as? String == pears)
        let missing = try Program.run(arguments + ["to-sentences=/no/file"], in: folder)
        #expect(missing.status == 64)
        #expect(
            missing.errors.contains(
                "option to-sentences is \"/no/file\"; it must be a text file with one sentence per line, but there is "
                    + "no such file"), "\(missing.errors)")
    }
}
