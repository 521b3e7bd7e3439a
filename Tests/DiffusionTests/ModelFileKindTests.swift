import Foundation
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// What weight files are, told by names and shapes: whole lines, family by family.
@Suite struct ModelFileKindTests {
    /// A file with a header of these names and shapes, and no bytes that would take room.
    static func write(
        _ tensors: [(String, [Int])], metadata: [String: String] = [:], to path: String
    ) throws {
        var place = 0
        let texts = metadata.map { #""\#($0.key)":"\#($0.value)""# }.joined(separator: ",")
        let entries =
            [#""__metadata__":{\#(texts)}"#]
            + tensors.map { name, shape in
                let begin = place
                place += shape.reduce(1, *)
                return #""\#(name)":{"dtype":"I8","shape":\#(shape),"data_offsets":[\#(begin),\#(place)]}"#
            }
        let header = Data(("{" + entries.joined(separator: ",") + "}").utf8)
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
        try (Data(length) + header).write(to: URL(fileURLWithPath: path))
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.truncate(atOffset: UInt64(8 + header.count + place))
        try file.close()
    }

    /// A header of these names and shapes.
    static func kind(_ tensors: [(String, [Int])]) -> ModelFileKind {
        ModelFileKind(
            of: SafetensorsInventory(
                path: "x.safetensors",
                entries: tensors.map { SafetensorsInventory.Entry(name: $0.0, type: "F16", shape: $0.1) }))
    }

    // The nearest wrong reading: first matches by substring instead of by whole names, or by a family's second mark (a
    // UNet of the right width) before its first, so that video models pass for InstructPix2Pix.
    @Test("Every family is told by name, with what can be done", arguments: kindTable)
    func families(row: KindRow) {
        let found = Self.kind(row.tensors)
        #expect("\(found.what); \(found.advice)" == row.said)
        #expect(found.use == row.use)
    }

    @Test("The families of the table are about fifty")
    func count() { #expect(Set(kindTable.map(\.said)).count >= 50) }

    @Test("A whole checkpoint is named by its own names and shapes", arguments: ["sd1", "sd2"])
    func whole(name: String) throws {
        let entries = try SingleFile.header(name)
        let kind = ModelFileKind(of: SafetensorsInventory(path: "x", entries: entries))
        #expect(kind.what == "Stable Diffusion \(name == "sd1" ? "1" : "2").x in one file")
        // As many as people count in v1-5-pruned-emaonly.safetensors.
        if name == "sd1" { #expect(entries.count == 1131) }
    }

    @Test("What is no model says so where a model is named")
    func refused() throws {
        let scratch = try ScratchFile("", named: "x.safetensors")
        try Self.write([("joint_blocks.0.x", [3]), ("x", [1])], to: scratch.path)
        let error = #expect(throws: DiffusionError.self) { try ModelFolder(path: scratch.path) }
        #expect(
            error?.description
                == "\(scratch.path) is a model of the family Stable Diffusion 3 (SD 3), whose networks are others; "
                + KindRow.others)
    }

    @Test("A file whose download stopped is told for what it is, with what is missing")
    func cutShort() throws {
        let scratch = try ScratchFile("", named: "x.safetensors")
        try Self.write(KindRow.network(320, 4, width: 768), to: scratch.path)
        let file = try #require(FileHandle(forWritingAtPath: scratch.path))
        let size = try file.seekToEnd()
        try file.truncate(atOffset: size - 1000)
        try file.close()
        let inventory = try SafetensorsInventory(path: scratch.path)
        #expect(inventory.missingByteCount == 1000)
        #expect(ModelFileKind(of: inventory).what == "Stable Diffusion 1.x in one file")
    }

    @Test("Pickles are never opened, and other files are no models")
    func otherFiles() throws {
        for ending in ["ckpt", "pt", "bin"] {
            let scratch = try ScratchFile("x", named: "model.\(ending)")
            #expect(throws: DiffusionError.pickledWeights(path: scratch.path)) {
                try ModelFolder(path: scratch.path)
            }
        }
        let text = try ScratchFile("x", named: "notes.txt")
        #expect(
            throws: DiffusionError.malformedFile(
                path: text.path, reason: "not a folder; a model is a diffusers folder with a model_index.json"
            )
        ) { try ModelFolder(path: text.path) }
    }
}
