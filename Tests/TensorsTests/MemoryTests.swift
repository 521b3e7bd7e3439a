import Foundation
import Testing

@testable import Tensors

/// A lack of memory where somebody recovers from it.
@Suite struct MemoryTests {
    /// A tensor that no machine has room for: 2⁵⁶ bytes.
    static func tooLarge() -> Tensor { .zeros([1 << 30, 1 << 24]) }

    private let bytes = 1 << 56

    @Test(
        "A lack of memory is thrown, with how much was asked for, and the next computation has numbers again"
    )
    func thrown() throws {
        let leaf = Tensor([1, 2, 3] as [Float])
        let error = #expect(throws: TensorError.outOfMemory(bytes: bytes)) {
            try guardingMemory { _ = Self.tooLarge() + leaf.sum }
        }
        #expect(
            error?.description
                == "there is not enough memory for 72057594037927936 bytes more; work at a smaller size, or on fewer "
                + "rows at once")
        #expect(try guardingMemory { (leaf * 2).floats } == [2, 4, 6])
        #expect((leaf * 2).floats == [2, 4, 6])
    }

    @Test(
        "What goes on without memory has shapes and reads as zeros, and nothing with numbers is written to"
    )
    func shapes() throws {
        let leaf = Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
        var found: [[Int]] = []
        var numbers: [Float] = []
        #expect(throws: TensorError.outOfMemory(bytes: bytes)) {
            try guardingMemory {
                let lost = Self.tooLarge()
                found = [
                    lost.shape, leaf.matmul(leaf).shape, (leaf + 1).transposed(0, 1).rows(0..<1).shape,
                ]
                numbers = (leaf * 5).floats + leaf.floats
                leaf.copyInPlace(from: leaf * 7)
                found.append(Tensor([5, 6] as [Float]).shape)
            }
        }
        #expect(found == [[1 << 30, 1 << 24], [2, 2], [1, 2], [2]])
        #expect(numbers == [Float](repeating: 0, count: 8))
        #expect(leaf.floats == [1, 2, 3, 4])
    }

    @Test("Operators whose shapes are told here have the shapes of their answers")
    func ownShapes() throws {
        let random = RandomGenerator(seed: 1)
        let image = random.normal([2, 16, 9, 7])
        let (narrow, wide) = (random.normal([4, 16, 3, 3]), random.normal([32, 16, 3, 3]))
        let (rows, weight, bias) = (
            random.normal([2, 5, 64]), random.normal([48, 64]), random.normal([48])
        )
        let other = random.normal([2, 5, 48])
        let indices = Tensor([2, 0, 1] as [Int64])
        func answers() -> [Tensor] {
            [
                image.convolved(narrow, nil, stride: 2, padding: 1), image.convolved(narrow, nil),
                image.winogradConvolved(wide, random.normal([32]), filters: wide.winogradFilters),
                rows.fusedLinear(weight, bias, gelu: true), rows.fusedLinear(weight, bias, .plus, other),
                image.relu, image.flipped(3), image.rolled([1], along: [2]), image.mish, image.silu,
                image.choosing(where: image > 0, else: .zeros([1])), rows.indexSelect(2, indices),
                rows.gathered(1, Tensor.zeros([2, 3, 64], dtype: .int64)),
                Tensor.embedding(weight, indices), random.permutation(6), random.normal([3, 2]),
                random.uniform([4]), random.integers(in: 0..<9, [5]),
                image.groupNormalized(4, nil, nil, epsilon: 1e-5),
                rows.layerNormalized(
                    .ones([64]), .zeros([64]), epsilon: 1e-5), rows.softmax(-1), rows.logSoftmax(-1),
                Tensor.attention(
                    rows.unsqueezed(1), rows.unsqueezed(1), rows.unsqueezed(1)),
                image.upsampledNearest(height: 18, width: 14), image.resampledBilinear(height: 5, width: 5),
                image.averagePooled(2), image.maxPooled(3, stride: 2, padding: 1), image.padded([1, 2]),
                Tensor.range(0, 7), Tensor.concatenated([rows, rows], along: 1),
                Tensor.stacked([rows, rows]),
                image.sum, image.mean([1], keeping: true), image.to(dtype: .uint8), image.channelsLast,
            ]
        }
        let expected = withoutGradients { answers().map { "\($0.dtype)\($0.shape)" } }
        var found: [String] = []
        #expect(throws: TensorError.self) {
            try guardingMemory {
                _ = Self.tooLarge()
                found = withoutGradients { answers().map { "\($0.dtype)\($0.shape)" } }
            }
        }
        #expect(found == expected)
    }

    @Test(
        "A tensor that was kept without numbers lacks memory again, and outside of guards it ends the process"
    )
    func kept() async throws {
        var kept: Tensor?
        let keep = { kept = Tensor.ones([2]) + 1 }
        #expect(throws: TensorError.self) {
            try guardingMemory {
                _ = Self.tooLarge()
                keep()
            }
        }
        let lost = try #require(kept)
        #expect(throws: TensorError.outOfMemory(bytes: nil)) { try guardingMemory { _ = lost + 1 } }
        #expect(throws: TensorError.outOfMemory(bytes: nil)) { try guardingMemory { _ = lost.floats } }
        await #expect(processExitsWith: .failure) {
            var lost: Tensor?
            _ = try? guardingMemory {
                _ = Self.tooLarge()
                lost = Tensor.ones([2])
            }
            _ = lost?.floats
        }
    }

    @Test("Guards may be inside one another: the inner one throws, and the outer one goes on")
    func nested() throws {
        let found = try guardingMemory {
            #expect(throws: TensorError.outOfMemory(bytes: bytes)) {
                try guardingMemory { _ = Self.tooLarge() }
            }
            return Tensor.ones([2]).floats
        }
        #expect(found == [1, 1])
        struct Other: Error {}
        #expect(throws: TensorError.outOfMemory(bytes: bytes)) {
            try guardingMemory {
                _ = Self.tooLarge()
                throw Other()
            }
        }
        #expect(throws: Other.self) { try guardingMemory { throw Other() } }
    }

    @Test("Threads that work side by side tell the one that waits for them")
    func sideBySide() throws {
        #expect(throws: TensorError.outOfMemory(bytes: bytes)) {
            try guardingMemory {
                let shapes = Backend.sideBySide(6, threads: 3) { index in
                    index == 4 ? Self.tooLarge().shape : Tensor.ones([index]).shape
                }
                #expect(shapes == [[0], [1], [2], [3], [1 << 30, 1 << 24], [5]])
            }
        }
        let sums = Backend.sideBySide(6, threads: 3) { Tensor.ones([$0]).sum.item }
        #expect(sums == [0, 1, 2, 3, 4, 5])
    }

    @Test("Gradients and checkpointed parts lack memory as operators do")
    func gradients() throws {
        let leaf = Tensor([1, 2] as [Float]).requiringGradient
        for checkpointing in [false, true] {
            var found: [[Int]] = []
            #expect(throws: TensorError.outOfMemory(bytes: bytes)) {
                try guardingMemory {
                    let square = { (inputs: [Tensor]) in
                        (inputs[0] * inputs[0]).sum + (Self.tooLarge().sum * 0)
                    }
                    let loss =
                        checkpointing ? checkpointed([leaf], parameters: [], square) : square([leaf])
                    found = Tensors.gradients(of: loss, withRespectTo: [leaf]).map(\.shape)
                }
            }
            #expect(found == [[2]])
        }
        let gradient = gradient(of: (leaf * leaf).sum, withRespectTo: leaf)
        #expect(gradient.floats == [2, 4])
    }

    @Test(
        "What allocators say of bytes is read",
        arguments: [
            (
                "DefaultCPUAllocator: can't allocate memory: you tried to allocate 1024 bytes. Error code 12",
                1024
            ),
            (
                "CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 79 GiB",
                5 << 29
            ),
            ("CUDA out of memory. Tried to allocate 20.00 MiB.", 20 << 20),
            ("the allocator had no room", nil),
        ] as [(String, Int?)])
    func reasons(text: String, bytes: Int?) { #expect(TensorError.bytes(in: text) == bytes) }
}
