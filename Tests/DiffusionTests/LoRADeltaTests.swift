import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// What the kinds of LoRA add to a weight, in numbers that LyCORIS's own functions gave.
///
/// What fails: α not divided by the rank, a Tucker core read the other way round, the rank of LoKr's other factor, DoRA's
/// norms over the other side.
@Suite struct LoRADeltaTests {
    /// Tensors that any language can make: 0.3·u, where u comes of an integer hash of place and number.
    static func tensor(_ number: UInt32, _ shape: Int...) -> Tensor {
        let count = shape.reduce(1, *)
        let values = (0..<UInt32(count)).map { place -> Double in
            var x = place &+ number &* 0x9E37_79B9
            x ^= x >> 16
            x = x &* 0x7feb_352d
            x ^= x >> 15
            x = x &* 0x846c_a68b
            x ^= x >> 16
            return 0.3 * ((Double(x) + 0.5) / 2_147_483_648 - 1)
        }
        return Tensor(values, shape: shape)
    }

    static func scalar(_ value: Double) -> Tensor { Tensor([value]) }

    /// A case: its tensors, the weight's shape, and the sum and first values of what is added.
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let tensors: @Sendable () -> [LoRAModule.Role: Tensor]
        let shape: [Int]
        var strength = 1.0
        let sum: Double
        let first: [Double]
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(
            name: "a matrix",
            tensors: { [.down: tensor(1, 2, 4), .up: tensor(2, 6, 2), .alpha: scalar(1)] }, shape: [6, 4],
            sum: -0.1646745, first: [0.0460557, -0.0170468, 0.0251634, 0.0486113]),
        Case(
            name: "a convolution",
            tensors: { [.down: tensor(3, 2, 4, 3, 3), .up: tensor(4, 6, 2, 1, 1), .alpha: scalar(1)] },
            shape: [6, 4, 3, 3], sum: -0.1385937, first: [0.0004491, -0.0094101, -0.0029355, -0.0095066]),
        Case(
            name: "LoCon with a core",
            tensors: {
                [
                    .down: tensor(5, 2, 4, 1, 1), .mid: tensor(6, 2, 2, 3, 3), .up: tensor(7, 6, 2, 1, 1),
                    .alpha: scalar(1),
                ]
            }, shape: [6, 4, 3, 3], sum: 0.0912669, first: [-0.0032827, 0.0027855, -0.0039603, 0.0029976]),
        Case(
            name: "LoHa",
            tensors: {
                [
                    .hadaW1A: tensor(8, 6, 2), .hadaW1B: tensor(9, 2, 4), .hadaW2A: tensor(10, 6, 2),
                    .hadaW2B: tensor(11, 2, 4), .alpha: scalar(1),
                ]
            }, shape: [6, 4], sum: 0.0012472, first: [0.0017463, -0.0008286, -0.0006706, -0.0007821]),
        Case(
            name: "LoHa with Tucker cores",
            tensors: {
                [
                    .hadaT1: tensor(12, 2, 2, 3, 3), .hadaT2: tensor(13, 2, 2, 3, 3),
                    .hadaW1A: tensor(14, 2, 6), .hadaW1B: tensor(15, 2, 4), .hadaW2A: tensor(16, 2, 6),
                    .hadaW2B: tensor(17, 2, 4), .alpha: scalar(1),
                ]
            }, shape: [6, 4, 3, 3], sum: -0.0004476,
            first: [-0.0000553, -0.0000445, -0.0000153, -0.0000584]),
        Case(
            name: "LoKr",
            tensors: {
                [
                    .lokrW1: tensor(18, 2, 2), .lokrW2A: tensor(19, 3, 2), .lokrW2B: tensor(20, 2, 2),
                    .alpha: scalar(1),
                ]
            }, shape: [6, 4], sum: -0.0001134, first: [-0.0007651, 0.0007143, -0.0043886, 0.0040973]),
        Case(
            name: "LoKr of whole factors, where α says nothing",
            tensors: { [.lokrW1: tensor(21, 2, 2), .lokrW2: tensor(22, 3, 2), .alpha: scalar(7)] },
            shape: [6, 4], sum: -0.0985065, first: [-0.0189970, -0.0051465, 0.0546476, 0.0148047]),
        Case(
            name: "LoKr of a convolution",
            tensors: {
                [
                    .lokrW1: tensor(23, 2, 2), .lokrT2: tensor(24, 2, 2, 3, 3), .lokrW2A: tensor(25, 2, 3),
                    .lokrW2B: tensor(26, 2, 2), .alpha: scalar(1),
                ]
            }, shape: [6, 4, 3, 3], sum: -0.0036376, first: [0.0004982, -0.0006993, 0.0004251, 0.0001607]),
        Case(
            name: "DoRA over inputs",
            tensors: {
                [
                    .down: tensor(1, 2, 4), .up: tensor(2, 6, 2), .alpha: scalar(1),
                    .magnitude: tensor(31, 1, 4).absolute + 0.5,
                ]
            }, shape: [6, 4], strength: 0.75, sum: -0.7744414, first: [0.0862065, -0.1371438]),
        Case(
            name: "DoRA over outputs",
            tensors: {
                [
                    .down: tensor(1, 2, 4), .up: tensor(2, 6, 2), .alpha: scalar(1),
                    .magnitude: tensor(32, 6, 1).absolute + 0.5,
                ]
            }, shape: [6, 4], strength: 0.75, sum: -0.4374499, first: [0.0466561, -0.1276779]),
    ]

    /// The weight that a case is added to; only DoRA looks at it.
    static func base(_ shape: [Int]) -> Tensor {
        shape == [6, 4] ? tensor(30, 6, 4) : .zeros(shape, dtype: .float64)
    }

    @Test("Every kind adds what LyCORIS adds", arguments: cases)
    func kinds(_ item: Case) throws {
        let module = LoRAModule(tensors: item.tensors())
        let delta = try #require(try module.delta(for: Self.base(item.shape), strength: item.strength))
        #expect(delta.shape == item.shape)
        #expect(abs(delta.sum.item - item.sum) < 1e-6)
        let values = delta.scalars(as: Double.self)
        for (found, wanted) in zip(values, item.first) { #expect(abs(found - wanted) < 1e-7) }
    }

    @Test("Strength scales, α counts over the rank, and without α the product counts once")
    func scales() throws {
        let pair: [LoRAModule.Role: Tensor] = [.down: Self.tensor(1, 2, 4), .up: Self.tensor(2, 6, 2)]
        let product = Self.tensor(2, 6, 2).matmul(Self.tensor(1, 2, 4))
        func delta(_ module: LoRAModule, _ strength: Double = 1) throws -> Tensor {
            try #require(try module.delta(for: Self.base([6, 4]), strength: strength))
        }
        #expect(relativeError(try delta(LoRAModule(tensors: pair)), product) < 1e-12)
        #expect(relativeError(try delta(LoRAModule(tensors: pair), -0.5), product * -0.5) < 1e-12)
        let told = pair.merging([.alpha: Self.scalar(8)]) { $1 }
        #expect(relativeError(try delta(LoRAModule(tensors: told)), product * 4) < 1e-12)
        let zero = pair.merging([.alpha: Self.scalar(0)]) { $1 }
        #expect(relativeError(try delta(LoRAModule(tensors: zero)), product) < 1e-12)
        #expect(relativeError(try delta(LoRAModule(tensors: pair, alpha: 1)), product / 2) < 1e-12)
        let stabilised = LoRAModule(tensors: pair, alpha: 1, isRankStabilised: true)
        #expect(relativeError(try delta(stabilised), product / 2.0.squareRoot()) < 1e-12)
        // A 1×1 convolution's pair on a matrix, and the reverse.
        let flat = LoRAModule(tensors: [.down: Self.tensor(1, 2, 4, 1, 1), .up: Self.tensor(2, 6, 2, 1, 1)])
        #expect(relativeError(try delta(flat), product) < 1e-12)
        let square = try #require(
            try LoRAModule(tensors: pair).delta(for: .zeros([6, 4, 1, 1], dtype: .float64), strength: 1))
        #expect(square.shape == [6, 4, 1, 1])
    }

    @Test("What makes no sense is told")
    func faults() {
        func said(_ tensors: [LoRAModule.Role: Tensor], _ shape: [Int] = [6, 4]) -> String? {
            do throws(LoRAFault) {
                _ = try LoRAModule(tensors: tensors).delta(for: Self.base(shape), strength: 1)
                return nil
            } catch { return error.reason }
        }
        #expect(said([.down: Self.tensor(1, 2, 4)]) == "one of its two matrices is missing")
        #expect(said([.down: .zeros([0, 4]), .up: .zeros([6, 0])]) == "its rank is 0")
        #expect(
            said([.down: Self.tensor(1, 2, 4), .up: Self.tensor(2, 5, 2)])
                == "its product has the shape [5, 4] and its weight [6, 4]")
        #expect(
            said([.down: Self.tensor(1, 2, 4), .up: Self.tensor(2, 6, 2), .alpha: Self.scalar(.nan)])
                == "its alpha is no number")
        #expect(
            said([.diff: Self.tensor(1, 3, 3)]) == "its product has the shape [3, 3] and its weight [6, 4]")
    }
}
