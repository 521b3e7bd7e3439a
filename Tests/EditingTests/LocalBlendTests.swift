import Diffusion
import Networks
import Tensors
import TestSupport
import Testing

@testable import Editing

/// Prompt-to-Prompt's local blend on maps that are written down.
@Suite struct LocalBlendTests {
    /// Rows and columns of the maps: those of a latent of 32×48 at a quarter.
    static let (rows, columns) = (8, 12)

    static func blend(
        threshold: Double = 0.3, subtract: LocalBlend.Words = ([], []), firstStep: Int = 0
    ) throws -> LocalBlend {
        LocalBlend(
            words: (source: [1], target: [2]), subtract: subtract, threshold: threshold,
            subtractThreshold: threshold, firstStep: firstStep, side: 8, sites: try tinyModel().sites,
            latentShape: [1, 4, 32, 48], length: 4)
    }

    /// A map, [1, 1, N, 4], with values at some rows and columns of some tokens.
    static func map(_ values: [(token: Int, row: Int, column: Int, value: Float)]) -> Tensor {
        var all = [Float](repeating: 0, count: rows * columns * 4)
        for value in values { all[(value.row * columns + value.column) * 4 + value.token] = value.value }
        return Tensor(all, shape: [1, 1, rows * columns, 4])
    }

    /// The latent's cells around places of the maps, widened by one place or not.
    static func cells(_ places: [(row: Int, column: Int)], widenedBy margin: Int = 1) -> [Float] {
        (0..<(32 * 48)).map { cell in
            let (row, column) = (cell / 48 / 4, cell % 48 / 4)
            return places.contains { abs($0.row - row) <= margin && abs($0.column - column) <= margin }
                ? 1 : 0
        }
    }

    @Test("The maps looked at are those of the wanted side, the middle's left out")
    func sites() throws {
        let names = Set(try Self.blend().sites.map(\.description))
        #expect(names == Set(["down2.0", "down2.1", "up1.0", "up1.1", "up1.2"].map { $0 + ".cross.map" }))
        // Here the coarsest layers are as coarse as the middle.
        let deep = try tinyModel("tiny-deep").sites
        let scale = try #require(deep.first { $0.stage == .middle && $0.isCrossAttentionMap }?.scale)
        let blend = LocalBlend(
            words: ([1], [2]), threshold: 0.3, subtractThreshold: 0.3, firstStep: 0, side: 1, sites: deep,
            latentShape: [1, 4, scale, scale], length: 4)
        #expect(!blend.sites.isEmpty)
        #expect(blend.sites.allSatisfy { $0.scale == scale && $0.stage != .middle })
    }

    @Test(
        "What either row's words reach may change: widened by a place, of all steps' sum, each cut at its own maximum"
    )
    func mask() throws {
        var blend = try Self.blend()
        // The source's word is seen at one place in the first step, at another in the second; the target's much more weakly.
        blend.observe { _ in (Self.map([(1, 1, 10, 1), (3, 0, 0, 9)]), Self.map([(2, 6, 2, 0.01)])) }
        #expect(blend.mask(at: 0)?.floats == Self.cells([(1, 10), (6, 2)]))
        blend.observe { _ in (Self.map([(1, 5, 7, 0.4)]), Self.map([(2, 6, 2, 0.01), (1, 0, 0, 9)])) }
        #expect(blend.mask(at: 1)?.floats == Self.cells([(1, 10), (5, 7), (6, 2)]))
        // 0.4 and 0.2 together are more than half of the largest sum, 1; the last 0.2 beside the last 0.5 would not be.
        var summed = try Self.blend(threshold: 0.5)
        for value: Float in [0.4, 0.2] {
            summed.observe { _ in (Self.map([(1, 1, 10, 0.5), (1, 5, 7, value)]), Self.map([])) }
        }
        #expect(summed.mask(at: 1)?.floats == Self.cells([(1, 10), (5, 7)]))
        // A place exactly at the threshold is out.
        var edge = try Self.blend(threshold: 0.5)
        edge.observe { _ in (Self.map([(1, 1, 10, 1), (1, 5, 7, 0.5)]), Self.map([])) }
        #expect(edge.mask(at: 0)?.floats == Self.cells([(1, 10)]))
    }

    @Test("The first blend is after the named step, and what is subtracted is not widened")
    func startAndSubtraction() throws {
        var blend = try Self.blend(subtract: ([3], []), firstStep: 2)
        blend.observe { _ in (Self.map([(1, 3, 3, 1), (3, 3, 4, 1)]), Self.map([])) }
        #expect(blend.mask(at: 1) == nil)
        let expected = zip(Self.cells([(3, 3)]), Self.cells([(3, 4)], widenedBy: 0)).map { $0 * (1 - $1) }
        #expect(blend.mask(at: 2)?.floats == expected)
    }
}
