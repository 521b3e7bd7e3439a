import Foundation
import Testing

@testable import Tensors

/// Hostile and mistaken files, built byte by byte: each is refused by its own error, and the message says which.
@Suite struct SafetensorsRefusalTests {
    let scratch = try? Scratch()

    /// Opens a file of these bytes, which must be refused by `error`, with `words` in the message.
    private func expectRefusal(
        of bytes: [UInt8], by error: (_ path: String) -> SafetensorsError, saying words: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let path = try #require(scratch).file(bytes)
        let thrown = #expect(throws: SafetensorsError.self, sourceLocation: sourceLocation) {
            _ = try SafetensorsFile(path: path)
        }
        #expect(thrown == error(path), sourceLocation: sourceLocation)
        let message = thrown.map { "\($0)" } ?? ""
        #expect(
            message.contains(words) && message.contains(path), "\(message)", sourceLocation: sourceLocation)
    }

    /// One file whose header must be refused as malformed at a byte of the header.
    private func expectMalformed(
        _ header: String, at offset: Int, expected: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try expectRefusal(
            of: safetensors(header, dataByteCount: 4),
            by: { .headerNotJSON(path: $0, offset: 8 + offset, expected: expected) }, saying: "not valid",
            sourceLocation: sourceLocation)
    }

    @Test("Every length that a whole file is cut to is refused, and every one says that it is cut short")
    func truncated() throws {
        let whole = safetensors("{\(entry("a", "F32", "[2]", "[0,8]"))}", dataByteCount: 8)
        _ = try SafetensorsFile(path: try #require(scratch).file(whole))
        for count in 0..<whole.count {
            let path = try #require(scratch).file(Array(whole.prefix(count)))
            let thrown = #expect(throws: SafetensorsError.self) { _ = try SafetensorsFile(path: path) }
            #expect(thrown.map { "\($0)" }?.contains("cut short") == true, "\(count) bytes")
        }
        try expectRefusal(of: [], by: { .truncated(path: $0, byteCount: 0) }, saying: "0 bytes")
        try expectRefusal(
            of: Array(whole.prefix(20)),
            by: { .headerBeyondFile(path: $0, length: whole.count - 16, fileByteCount: 20) },
            saying: "the whole file has 20")
    }

    @Test("A header of absurd length is refused before any of it is read", arguments: [100_000_001, .max])
    func absurdLength(length: UInt64) throws {
        try expectRefusal(
            of: safetensors("{}", claiming: length),
            by: { .headerTooLong(path: $0, length: length, limit: 100_000_000) }, saying: "\(length) bytes")
        try expectRefusal(
            of: safetensors("{}", claiming: 100_000_000),
            by: { .headerBeyondFile(path: $0, length: 100_000_000, fileByteCount: 10) }, saying: "cut short")
    }

    @Test("A header that is not JSON is refused at the byte where it goes wrong")
    func notJSON() throws {
        try expectMalformed(" {}", at: 0, expected: "\"{\"")
        try expectMalformed("", at: 0, expected: "\"{\"")
        try expectMalformed("{", at: 1, expected: "a text in quotes")
        try expectMalformed("{a:1}", at: 1, expected: "a text in quotes")
        try expectMalformed(#"{"a"}"#, at: 4, expected: "\":\"")
        try expectMalformed(#"{"a":[]}"#, at: 5, expected: "\"{\"")
        try expectMalformed(#"{"__metadata__":{},}"#, at: 19, expected: "a text in quotes")
        try expectMalformed(#"{"a"#, at: 3, expected: "the end of a text")
        try expectMalformed("{\"a\n\":{}}", at: 3, expected: "a text without control characters")
        try expectMalformed(#"{"\x":{}}"#, at: 3, expected: "an escape that JSON knows")
        try expectMalformed(#"{"\u12g4":{}}"#, at: 4, expected: "four hexadecimal digits")
        try expectMalformed(#"{"\ud800":{}}"#, at: 8, expected: "a whole surrogate pair")
        try expectMalformed(#"{"a":{"shape":[1.5]}}"#, at: 15, expected: "an integer")
        try expectMalformed(#"{"a":{"shape":[1e2]}}"#, at: 15, expected: "an integer")
        try expectMalformed(#"{"a":{"shape":[01]}}"#, at: 15, expected: "an integer")
        try expectMalformed(#"{"a":{"shape":["1"]}}"#, at: 15, expected: "an integer")
        try expectMalformed(#"{"a":{"shape":[1 2]}}"#, at: 17, expected: "\",\" or \"]\"")
        try expectMalformed(#"{"a":{"dtype":3}}"#, at: 14, expected: "a text in quotes")
        try expectMalformed(#"{"__metadata__":{"a":3}}"#, at: 21, expected: "a text in quotes")
        let whole = "{\(entry("a", "F32", "[1]", "[0,4]"))}"
        try expectMalformed(whole + " x", at: whole.utf8.count + 1, expected: "the end of the header")
        try expectMalformed(whole + "\0", at: whole.utf8.count, expected: "the end of the header")
    }

    @Test("A header that is not UTF-8 is refused", arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80]])
    func notUTF8(bytes: [UInt8]) throws {
        let text = Array("{\"".utf8) + bytes + Array("\":{}}".utf8)
        try expectRefusal(
            of: littleEndian(UInt64(text.count)) + text, by: { .headerNotUTF8(path: $0) }, saying: "not UTF-8"
        )
    }

    @Test("A key that stands twice is refused wherever it stands")
    func duplicateKeys() throws {
        let one = entry("a", "U8", "[1]", "[0,1]")
        for (header, key) in [
            ("{\(one),\(entry("a", "U8", "[1]", "[1,2]"))}", "a"),
            ("{\(one),\(entry("\\u0061", "U8", "[1]", "[1,2]"))}", "a"),
            (#"{"a":{"dtype":"U8","dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, "dtype"),
            ("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"},\(one)}", "k"),
            ("{\"__metadata__\":{},\"__metadata__\":{},\(one)}", "__metadata__"),
        ] {
            try expectRefusal(
                of: safetensors(header, dataByteCount: 2), by: { .duplicateKey(path: $0, key: key) },
                saying: "\"\(key)\" twice")
        }
    }

    @Test("Fields that are missing, unknown or of another length are refused and named")
    func malformedFields() throws {
        let deep = "[" + [String](repeating: "1", count: 65).joined(separator: ",") + "]"
        for (fields, problem) in [
            (#""shape":[1],"data_offsets":[0,4]"#, "no dtype"),
            (#""dtype":"F32","data_offsets":[0,4]"#, "no shape"),
            (#""dtype":"F32","shape":[1]"#, "no data_offsets"),
            (#""dtype":"F32","shape":[1],"data_offsets":[4]"#, "1 data_offsets instead of 2"),
            (
                #""dtype":"F32","shape":[1],"data_offsets":[0,4],"strides":[1]"#,
                "the unknown field \"strides\""
            ),
            ("\"dtype\":\"F32\",\"shape\":\(deep),\"data_offsets\":[0,4]", "65 dimensions, more than 64"),
        ] {
            try expectRefusal(
                of: safetensors("{\"a\":{\(fields)}}", dataByteCount: 4),
                by: { .malformedEntry(path: $0, tensor: "a", problem: problem) }, saying: problem)
        }
    }

    @Test(
        "An element type that the format does not have is named", arguments: ["F9", "f32", "", "F32 "])
    func unsupportedTypes(dtype: String) throws {
        try expectRefusal(
            of: safetensors("{\(entry("net.weight", dtype, "[4]", "[0,4]"))}", dataByteCount: 4),
            by: { .unsupportedDType(path: $0, tensor: "net.weight", dtype: dtype) },
            saying: "\"net.weight\" has elements of type \(dtype);")
    }

    @Test(
        "A tensor of a type that is not read here keeps no other from being read",
        arguments: [
            ("F8_E4M3", 4), ("F8_E5M2", 4), ("I8", 4), ("I16", 8), ("U16", 8), ("U32", 16), ("U64", 32),
            ("C64", 32), ("F4", 2), ("F6_E3M2", 3),
        ])
    func unreadTypes(dtype: String, byteCount: Int) throws {
        let header =
            "{\(entry("odd", dtype, "[4]", "[0,\(byteCount)]")),"
            + "\(entry("even", "F32", "[1]", "[\(byteCount),\(byteCount + 4)]"))}"
        let path = try #require(scratch).file(safetensors(header, dataByteCount: byteCount + 4))
        let file = try SafetensorsFile(path: path)
        #expect(file.names == ["odd", "even"])
        #expect(file.shape(of: "odd") == [4])
        #expect(file.entry("odd") == nil)
        #expect(file.entry("even")?.dtype == .float32)
        let error = #expect(throws: SafetensorsError.self) { try file.tensor("odd") }
        #expect(error == .unsupportedDType(path: path, tensor: "odd", dtype: dtype))
        #expect(
            error.map { "\($0)" }
                == "\(path) cannot be used: tensor \"odd\" has elements of type \(dtype); read here are "
                + "F16, BF16, F32, F64, I64, I32, U8, BOOL")
        // What it claims is checked all the same.
        try expectRefusal(
            of: safetensors("{\(entry("odd", dtype, "[4]", "[0,1]"))}", dataByteCount: 1),
            by: {
                .wrongByteCount(
                    path: $0, tensor: "odd", dtype: dtype, shape: [4], needed: byteCount, found: 1)
            }, saying: "\(dtype) [4] needs \(byteCount) bytes but has 1")
    }

    @Test("Quantised weights of another format are told by name")
    func gguf() throws {
        try expectRefusal(
            of: Array("GGUF".utf8) + [3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], by: { .gguf(path: $0) },
            saying: "is a GGUF file, whose weights are quantised")
    }

    @Test("Negative sizes, and sizes whose product overflows, are refused")
    func impossibleShapes() throws {
        try expectRefusal(
            of: safetensors("{\(entry("a", "F32", "[-1,-1]", "[0,4]"))}", dataByteCount: 4),
            by: { .negativeSize(path: $0, tensor: "a", size: "-1") }, saying: "negative size -1")
        for shape in [
            "[4294967296, 4294967296]", "[9223372036854775807]", "[9223372036854775808]",
            "[4611686018427387904, 4]",
            // Nothing to store, but strides that overflow.
            "[0, 4294967296, 4294967296]",
        ] {
            try expectRefusal(
                of: safetensors("{\(entry("a", "F32", shape, "[0,0]"))}"),
                by: { .shapeOverflows(path: $0, tensor: "a", shape: shape) },
                saying: "impossible shape \(shape)")
        }
    }

    @Test("Offsets that do not span what the shape needs are refused", arguments: [0, 4, 7, 9, 12])
    func wrongByteCount(end: Int) throws {
        try expectRefusal(
            of: safetensors("{\(entry("a", "F16", "[2,2]", "[0,\(end)]"))}", dataByteCount: 12),
            by: {
                .wrongByteCount(
                    path: $0, tensor: "a", dtype: "float16", shape: [2, 2], needed: 8, found: end)
            }, saying: "float16 [2, 2] needs 8 bytes but has \(end)")
    }

    @Test(
        "Offsets that are reversed, negative, beyond the file or beyond all integers are refused",
        arguments: [
            ("8", "4"), ("-4", "0"), ("4", "12"), ("0", "9223372036854775807"), ("0", "18446744073709551616"),
        ])
    func offsetsOutOfRange(begin: String, end: String) throws {
        try expectRefusal(
            of: safetensors("{\(entry("a", "F32", "[1]", "[\(begin),\(end)]"))}", dataByteCount: 8),
            by: {
                .offsetsOutOfRange(path: $0, tensor: "a", begin: begin, end: end, dataByteCount: 8)
            }, saying: "bytes \(begin) to \(end) of the 8")
    }

    @Test("Tensors that share bytes are refused")
    func overlaps() throws {
        for second in ["[0,4]", "[2,6]", "[3,7]"] {
            let header = "{\(entry("a", "U8", "[4]", "[0,4]")),\(entry("b", "U8", "[4]", second))}"
            try expectRefusal(
                of: safetensors(header, dataByteCount: 8),
                by: { .overlap(path: $0, first: "a", second: "b") }, saying: "\"a\" and \"b\" overlap")
        }
    }

    @Test("Bytes that belong to no tensor are refused: before, between and after")
    func holes() throws {
        for (offsets, hole) in [
            (["[1,2]", "[2,4]"], (0, 1)), (["[0,1]", "[2,4]"], (1, 2)), (["[0,1]", "[1,3]"], (3, 4)),
        ] {
            let header = "{\(entry("b", "U8", "[2]", offsets[1])),\(entry("a", "U8", "[1]", offsets[0]))}"
            try expectRefusal(
                of: safetensors(header, dataByteCount: 4),
                by: { .hole(path: $0, begin: hole.0, end: hole.1) }, saying: "bytes \(hole.0) to \(hole.1)")
        }
        try expectRefusal(
            of: safetensors("{}", dataByteCount: 1), by: { .hole(path: $0, begin: 0, end: 1) },
            saying: "belong to no tensor")
    }

    @Test("A web page in place of weights is called one")
    func webPages() throws {
        for page in ["<!DOCTYPE html><html>", "\u{FEFF}\n  <HTML><body>", "<?xml version='1.0'?>", "<html>"] {
            try expectRefusal(of: Array(page.utf8), by: { .webPage(path: $0) }, saying: "web page")
        }
    }

    @Test("A git-LFS pointer is called one and tells how to fetch the weights")
    func gitLFSPointers() throws {
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 3438167534\n"
        try expectRefusal(of: Array(pointer.utf8), by: { .gitLFSPointer(path: $0) }, saying: "git lfs pull")
    }

    @Test("A pickle, bare or in PyTorch's zip archive, is refused because weights are only ever data")
    func pickles() throws {
        let legacy: [UInt8] = [
            0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
        ]
        let empty: [UInt8] = [0x80, 0x04, 0x7D, 0x94, 0x2E]
        for bytes in [legacy, empty] {
            try expectRefusal(of: bytes, by: { .pickle(path: $0) }, saying: "only ever data")
        }
        let zip: [UInt8] = [0x50, 0x4B, 0x03, 0x04, 0, 0, 8, 8, 0, 0] + Array("archive/data.pkl".utf8)
        try expectRefusal(of: zip, by: { .zipArchive(path: $0) }, saying: "only ever data")
    }

    @Test("A header whose length begins like a pickle is still read")
    func notAPickle() throws {
        let header = "{\(entry("a", "U8", "[1]", "[0,1]"))}"
        let padded = header + String(repeating: " ", count: 640 - header.utf8.count)
        let bytes = safetensors(padded, dataByteCount: 1)
        #expect(bytes.prefix(2) == [0x80, 0x02])
        #expect(try SafetensorsFile(path: try #require(scratch).file(bytes)).names == ["a"])
        try expectRefusal(
            of: Array(bytes.prefix(300)),
            by: { .headerBeyondFile(path: $0, length: 640, fileByteCount: 300) }, saying: "cut short")
    }

    @Test("The index of a sharded model is told apart from its weights")
    func indexes() throws {
        try expectRefusal(
            of: Array(#"{"metadata": {"total_size": 1}}"#.utf8), by: { .jsonFile(path: $0) },
            saying: "JSON file")
    }

    @Test("Missing files, folders and pipes are refused without waiting")
    func notFiles() throws {
        let folder = try #require(scratch).folder
        let missing = folder + "/none.safetensors"
        #expect(throws: SafetensorsError.cannotRead(path: missing, reason: "No such file or directory")) {
            _ = try SafetensorsFile(path: missing)
        }
        #expect(throws: SafetensorsError.notAFile(path: folder)) { _ = try SafetensorsFile(path: folder) }
        let pipe = folder + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(throws: SafetensorsError.notAFile(path: pipe)) { _ = try SafetensorsFile(path: pipe) }
    }

    @Test("A tensor that is not there, and a truth value that is none, are refused when asked for")
    func tensors() throws {
        let path = try #require(scratch).file(
            safetensors("{\(entry("flags", "BOOL", "[2]", "[0,2]"))}") + [1, 2])
        let file = try SafetensorsFile(path: path)
        #expect(file.entry("none") == nil)
        #expect(throws: SafetensorsError.noSuchTensor(path: path, tensor: "none")) {
            _ = try file.tensor("none")
        }
        #expect(throws: SafetensorsError.invalidBool(path: path, tensor: "flags", byte: 2)) {
            _ = try file.tensor("flags")
        }
    }
}
