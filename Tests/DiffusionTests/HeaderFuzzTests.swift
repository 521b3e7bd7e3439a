import Foundation
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// Headers that were damaged at random: each is told or refused, and none ends the process or takes much memory.
@Suite struct HeaderFuzzTests {
    /// Numbers that follow from a seed.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) ^ (state << 17)
        }
    }

    /// What hostile headers are made of.
    private static let pieces = [
        "18446744073709551615", "-1", "9223372036854775807", "0", "[[[[", "]", "{", "}", "\"", "\\u0000",
        "\\ud800",
        "__metadata__", "F4", "F6_E2M3", "2305843009213693951", "1e308", "null", ",,", "\u{0}", "\u{FF}",
        "[9223372036854775807,9223372036854775807]", "lora_unet_", "input_blocks.0.0.weight",
    ].map { Array($0.utf8) }

    /// The bytes of files of some kinds: headers and no data.
    private static func seeds() throws -> [[UInt8]] {
        try [0, 3, 10, 39, 50, 63, 66].map { place in
            let scratch = try ScratchFile("", named: "x.safetensors")
            try ModelFileKindTests.write(kindTable[place].tensors, to: scratch.path)
            let file = try #require(FileHandle(forReadingAtPath: scratch.path))
            return Array(try #require(try file.read(upToCount: 4096)))
        }
    }

    /// Damages bytes here and there; now and then the length before the header says something else too.
    private static func damage(_ bytes: inout [UInt8], _ random: inout Numbers) {
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.removeSubrange(place..<min(place + 8, bytes.count))
            case 2: bytes.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: place)
            case 3: bytes.removeSubrange(place...)
            default:
                let digits = bytes.indices.filter { (0x30...0x39).contains(bytes[$0]) }
                if let digit = digits.randomElement(using: &random) {
                    bytes.replaceSubrange(digit...digit, with: pieces.randomElement(using: &random) ?? [])
                }
            }
            if bytes.count < 9 { break }
        }
        guard bytes.count >= 8, Int.random(in: 0..<4, using: &random) > 0 else { return }
        // A length that fits lets the damage in the text be seen.
        let text = bytes[8...].lastIndex(of: UInt8(ascii: "}")).map { $0 - 7 } ?? bytes.count - 8
        for byte in 0..<8 { bytes[byte] = UInt8(truncatingIfNeeded: text >> (8 * byte)) }
    }

    // The nearest wrong reader: one that adds or multiplies what a header says before it is checked, and traps.
    @Test("Ten thousand damaged headers are told or refused (PENTIMENTO_FUZZ says how many, up to 1000000)")
    func survives() throws {
        let asked = ProcessInfo.processInfo.environment["PENTIMENTO_FUZZ"].flatMap { Int($0) } ?? 10_000
        let seeds = try Self.seeds()
        var random = Numbers(state: 7)
        var (told, refused) = (0, 0)
        for round in 0..<min(asked, 1_000_000) {
            var bytes = seeds[round % seeds.count]
            Self.damage(&bytes, &random)
            do {
                let inventory = try bytes.withUnsafeBytes { try SafetensorsInventory(of: $0, path: "x") }
                let kind = ModelFileKind(of: inventory)
                #expect(!kind.what.isEmpty)
                told += 1
            } catch is SafetensorsError {
                refused += 1
            }
        }
        // Both ways are gone often, so that the damage reaches behind the parser.
        #expect(told > asked / 50 && refused > asked / 50, "\(told) told, \(refused) refused")
    }

    @Test("Sizes whose bits fill an integer are refused and not added to")
    func fullIntegers() throws {
        // 4 bits of 2305843009213693951 elements are 2⁶³ - 4 bits: seven more would not fit.
        let header = #"{"a":{"dtype":"F4","shape":[2305843009213693951],"data_offsets":[0,1]}}"#
        let bytes =
            Array(Data((0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }))
            + header.utf8
        #expect(throws: SafetensorsError.self) {
            try bytes.withUnsafeBytes { try SafetensorsInventory(of: $0, path: "x") }
        }
    }

    @Test("More tensors than any model has are refused before they fill the memory")
    func manyTensors() throws {
        let entries = (0...20_000).map { #""\#($0)":{"dtype":"I8","shape":[0],"data_offsets":[0,0]}"# }
        let header = "{" + entries.joined(separator: ",") + "}"
        let bytes =
            (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) } + Array(header.utf8)
        let error = #expect(throws: SafetensorsError.self) {
            try bytes.withUnsafeBytes { try SafetensorsInventory(of: $0, path: "x") }
        }
        #expect(
            error?.description
                == "x is refused: its header names more than 20000 tensors, more than any model has that runs here"
        )
    }
}
