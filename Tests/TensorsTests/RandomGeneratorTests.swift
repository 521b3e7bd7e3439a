import TestSupport
import Testing

@testable import Tensors

/// The CPU generator has PyTorch's numbers, bit for bit.
///
/// Fixtures from torch 2.13.0 (`Scripts/fixtures/tables.py`). Below 16 numbers PyTorch takes another path than from 16
/// on.
@Suite struct RandomGeneratorTests {
    @Test("Normal noise of every shape and seed has PyTorch's bits")
    func normal() throws {
        let file = try Fixtures.tensors("noise.safetensors")
        let names = file.names.filter { $0.hasPrefix("seed") }
        #expect(names.count > 30)
        for name in names {
            let expected = try file.tensor(name)
            let generator = RandomGenerator(seed: try seed(in: name))
            #expect(generator.normal(expected.shape).isEqual(to: expected), "\(name)")
        }
    }

    @Test("Noise drawn in a sequence has PyTorch's bits: an odd small draw leaves half a pair behind")
    func normalSequence() throws {
        let file = try Fixtures.tensors("noise.safetensors")
        let generator = RandomGenerator(seed: 7)
        for (index, count) in [5, 3, 20, 1, 16, 7].enumerated() {
            let expected = try file.tensor("sequence.seed7.\(index).\(count)")
            #expect(generator.normal([count]).isEqual(to: expected), "draw \(index)")
        }
    }

    @Test("Uniform numbers, permutations and integers are PyTorch's")
    func others() throws {
        let file = try Fixtures.tensors("draws.safetensors")
        let names = file.names.filter { $0.contains("seed") }
        #expect(names.count == 48)
        for name in names {
            let expected = try file.tensor(name)
            let generator = RandomGenerator(seed: try seed(in: name))
            let drawn =
                switch name.prefix(while: { $0 != "." }) {
                case "uniform": generator.uniform(expected.shape)
                case "permutation": generator.permutation(expected.count)
                default: generator.integers(in: -5..<1000, expected.shape)
                }
            #expect(drawn.isEqual(to: expected), "\(name)")
        }
    }

    @Test("Draws of different kinds follow one another as in PyTorch")
    func mixedSequence() throws {
        let file = try Fixtures.tensors("draws.safetensors")
        let generator = RandomGenerator(seed: 7)
        let drawn = [
            generator.normal([5]), generator.uniform([3]), generator.permutation(7),
            generator.integers(in: -5..<1000, [4]), generator.normal([2]),
        ]
        for (index, tensor) in drawn.enumerated() {
            #expect(tensor.isEqual(to: try file.tensor("mixed.\(index)")), "draw \(index)")
        }
    }

    @Test("Two generators of one seed do not disturb each other")
    func independence() {
        let (first, second) = (RandomGenerator(seed: 3), RandomGenerator(seed: 3))
        let early = first.normal([20])
        _ = RandomGenerator(seed: 4).normal([20])
        #expect(second.normal([20]).isEqual(to: early))
        #expect(!first.normal([20]).isEqual(to: early))
    }

    /// The seed in a key such as `uniform.seed42.16`.
    private func seed(in name: String) throws -> UInt64 {
        let part = name.split(separator: ".").first { $0.hasPrefix("seed") }
        return try #require(part.flatMap { UInt64($0.dropFirst(4)) })
    }
}
