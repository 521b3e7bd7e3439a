import Foundation
import Imaging
import Testing

@testable import StillLife

@Suite struct StillLifeSetTests {
    private func scratch() -> URL {
        FileManager.default.temporaryDirectory.appendingPathComponent("still-life-\(UUID().uuidString)")
    }

    private func encode(_ image: Image, _ path: String) throws {
        try Data(image.pixels).write(to: URL(fileURLWithPath: path))
    }

    @Test("a set holds the files that its items name, twice the same for the same seed")
    func contents() throws {
        let one = scratch(), two = scratch()
        defer { for folder in [one, two] { try? FileManager.default.removeItem(at: folder) } }
        try StillLifeSet.write(seed: 7, count: 13, size: 16, to: one.path, encode: encode)
        try StillLifeSet.write(seed: 7, count: 13, size: 16, to: two.path, encode: encode)
        let lines = try String(contentsOf: one.appendingPathComponent("items.jsonl"), encoding: .utf8)
        #expect(try lines == String(contentsOf: two.appendingPathComponent("items.jsonl"), encoding: .utf8))
        let items = try lines.split(separator: "\n").map {
            try JSONDecoder().decode(StillLifeSet.Item.self, from: Data($0.utf8))
        }
        #expect(items.map(\.kind) == EditKind.usual)
        for item in items {
            #expect(item.files.count == 5 + item.scene.objects.count)
            for file in item.files.values {
                let bytes = try Data(contentsOf: one.appendingPathComponent(file))
                #expect(bytes.count == 16 * 16 * 3)
                #expect(try bytes == Data(contentsOf: two.appendingPathComponent(file)))
            }
            #expect(item.scene.captions(split: .training) == item.captions["training"])
        }
    }

    @Test("nothing is left behind when a picture cannot be written, and a full folder is refused")
    func allOrNothing() throws {
        struct Full: Error {}
        let folder = scratch()
        defer { try? FileManager.default.removeItem(at: folder) }
        let target = folder.appendingPathComponent("set")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        #expect(throws: Full.self) {
            try StillLifeSet.write(seed: 1, count: 2, size: 16, to: target.path) { _, _ in throw Full() }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        try Data("mine".utf8).write(to: folder.appendingPathComponent("file"))
        #expect(throws: StillLifeSetError.occupied(folder.path)) {
            try StillLifeSet.write(seed: 1, count: 1, size: 16, to: folder.path, encode: encode)
        }
        #expect(throws: StillLifeSetError.request(count: 0, size: 16, kinds: 13)) {
            try StillLifeSet.write(seed: 1, count: 0, size: 16, to: target.path, encode: encode)
        }
    }
}
