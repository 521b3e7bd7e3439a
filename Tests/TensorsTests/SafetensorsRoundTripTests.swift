import Foundation
import Testing

@testable import Tensors

@Suite struct SafetensorsRoundTripTests {
    @Test("Every dtype comes back with its shape and its bits", arguments: DType.allCases)
    func roundTrip(dtype: DType) throws {
        let scratch = try Scratch()
        let values = Tensor([0, 1, 1, 0, 1, 0] as [Float], shape: [2, 3]).to(dtype: dtype)
        let path = scratch.folder + "/a.safetensors"
        try Safetensors.write([("values", values)], to: path)
        let file = try SafetensorsFile(path: path)
        #expect(file.entry("values")?.dtype == dtype)
        #expect(file.entry("values")?.shape == [2, 3])
        #expect(try file.tensor("values").isEqual(to: values))
    }

    @Test("Scalars, empty tensors, strange names and texts come back, in the given order")
    func oddities() throws {
        let scratch = try Scratch()
        let path = scratch.folder + "/a.safetensors"
        let names = ["b", "a.\"quoted\"\\", "\u{1}\n\té🎨", ""]
        let tensors = [
            Tensor([7] as [UInt8], shape: []), Tensor([] as [Float], shape: [0, 3]),
            Tensor([1, 2] as [Int64]), Tensor([-0.5, .infinity] as [Double]),
        ]
        let metadata = ["format": "pt", "a\"b": "ü\u{0}\u{1F}\n"]
        try Safetensors.write(
            zip(names, tensors).map { (name: $0, tensor: $1) }, metadata: metadata, to: path)
        let file = try SafetensorsFile(path: path)
        #expect(file.names == names)
        #expect(file.metadata == metadata)
        for (name, tensor) in zip(names, tensors) { #expect(try file.tensor(name).isEqual(to: tensor)) }
    }

    @Test("The data begins at a multiple of eight and every tensor is aligned")
    func alignment() throws {
        let scratch = try Scratch()
        let path = scratch.folder + "/a.safetensors"
        try Safetensors.write(
            [("a", Tensor([1] as [UInt8])), ("b", Tensor([2] as [Float])), ("c", Tensor([3] as [Int64]))],
            to: path)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        #expect(bytes.prefix(8).reversed().reduce(0) { $0 << 8 + Int($1) } % 8 == 0)
        #expect(bytes.suffix(13) == [3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 1])
    }

    @Test("Tensors in another order in memory, and those that record gradients, are written as they are seen")
    func views() throws {
        let scratch = try Scratch()
        let path = scratch.folder + "/a.safetensors"
        let rows = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]).requiringGradient
        try Safetensors.write(
            [("turned", rows.transposed(0, 1)), ("cut", rows.narrowed(1, from: 1, count: 1))], to: path)
        let file = try SafetensorsFile(path: path)
        #expect(try file.tensor("turned").floats == [1, 4, 2, 5, 3, 6])
        #expect(try file.tensor("cut").floats == [2, 5])
    }

    @Test("A tensor longer than one piece of the stream is whole")
    func longTensor() throws {
        let scratch = try Scratch()
        let path = scratch.folder + "/a.safetensors"
        let long = Tensor.range(0, Double(1 << 20 + 3), dtype: .int32)
        try Safetensors.write([("long", long)], to: path)
        #expect(try SafetensorsFile(path: path).tensor("long").isEqual(to: long))
    }

    @Test("Tensors outlive their file, on disk and in memory")
    func lifetime() throws {
        let scratch = try Scratch()
        let path = scratch.folder + "/a.safetensors"
        try Safetensors.write([("a", Tensor([1, 2] as [Float]))], to: path)
        let tensor = try SafetensorsFile(path: path).tensor("a")
        // Written again while mapped: the new file is another one.
        try Safetensors.write([("a", Tensor([3, 4] as [Float]))], to: path)
        #expect(tensor.floats == [1, 2])
        try FileManager.default.removeItem(atPath: path)
        #expect((tensor * 2).floats == [2, 4])
    }

    @Test("A file whose data is not aligned is read all the same")
    func unaligned() throws {
        let scratch = try Scratch()
        let header = "{\(entry("byte", "U8", "[1]", "[0,1]")),\(entry("number", "F32", "[1]", "[1,5]"))} "
        for padding in 0..<4 {
            var bytes = safetensors(header + String(repeating: " ", count: padding))
            bytes += [9, 0, 0, 0x80, 0x3F]
            let file = try SafetensorsFile(path: try scratch.file(bytes))
            #expect(try file.tensor("byte").item == 9)
            #expect(try file.tensor("number").item == 1)
        }
    }

    @Test("Half precision is widened without loss")
    func widening() throws {
        let scratch = try Scratch()
        let half: [UInt8] = [0x00, 0x3C, 0x01, 0x00, 0xFF, 0x7B, 0x00, 0xFC]  // 1, 2⁻²⁴, 65504, -∞
        let brain: [UInt8] = [0x80, 0x3F, 0x49, 0x40]  // 1, 3.140625
        let header = "{\(entry("half", "F16", "[4]", "[0,8]")),\(entry("brain", "BF16", "[2]", "[8,12]"))}"
        let file = try SafetensorsFile(path: try scratch.file(safetensors(header) + half + brain))
        #expect(try file.tensor("half").to(dtype: .float32).floats == [1, 5.9604645e-8, 65504, -.infinity])
        #expect(try file.tensor("brain").to(dtype: .float32).floats == [1, 3.140625])
    }

    @Test("Header keys may come in any order, escaped, with spaces and line ends between")
    func lenientWhereTheFormatIs() throws {
        let scratch = try Scratch()
        let header = """
            {\n "\\u0061\\ud83c\\udfa8\\/" : { "data_offsets" : [ 0 , 2 ] ,\t"shape" : [ 2 ] , "dtype" : "U8" } }
            """
        let file = try SafetensorsFile(path: try scratch.file(safetensors(header, dataByteCount: 2)))
        #expect(file.names == ["a🎨/"])
    }
}
