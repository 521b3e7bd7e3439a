import Foundation
import Networks
import Tensors
import TestSupport
import Testing

@testable import Perception

/// What methods are guided by, on the pair of towers in the repository.
@Suite struct GuidanceTests {
    static func pair() throws -> CLIPScorer {
        try CLIPScorer(folder: Fixtures.package + "/Models/still-life-clip")
    }

    @Test(
        "Features of unit length are what scores are made of, and no weight of the towers records gradients")
    func features() throws {
        let pair = try Self.pair()
        let image = RandomGenerator(seed: 1).uniform([1, 3, 64, 64]).requiringGradient
        let seen = withGradients { pair.features(of: image) }
        #expect(pair.features(of: ["a red apple"]).recordsGradient == false)
        #expect(gradient(of: seen.sum, withRespectTo: image).absolute.amax().item > 0)
        let unit = seen.detached / seen.detached.norm()
        let words = pair.features(of: ["a red apple"])
        #expect(relativeError(words / words.norm(), pair.embed(["a red apple"])) < 1e-5)
        #expect(abs(unit.norm().item - 1) < 1e-5)
        // Nothing is left over that a network with recording weights would keep.
        #expect(withGradients { pair.features(of: image.detached) }.recordsGradient == false)
    }

    @Test("A slope by the attention is the quotient of differences")
    func slope() throws {
        let pair = try Self.pair()
        let image = RandomGenerator(seed: 2).uniform([1, 3, 64, 64])
        let (map, features) = withoutGradients { pair.network.opened(pair.seen(image)) }
        let leaf = map.requiringGradient
        let slope = gradient(of: pair.relevance(features(leaf), to: "a red apple"), withRespectTo: leaf)
        let place = slope.absolute.reshaped([-1]).argmax(0).item
        let step = Tensor.zeros([map.count]).choosing(
            where: Tensor.range(0, Double(map.count)).equals(place).equals(0), else: .full([map.count], 0.01)
        ).reshaped(map.shape)
        func value(_ map: Tensor) -> Double { pair.relevance(features(map), to: "a red apple").detached.item }
        let quotient = (value(map + step) - value(map - step)) / 0.02
        let wanted = slope.reshaped([-1]).rows(Int(place)..<(Int(place) + 1)).item
        #expect(abs(quotient - wanted) < 0.02 * abs(wanted))
    }

    // Fails for the mean of heads before what is negative goes, for the columns of the class token, and for the other
    // layers' share.
    @Test(
        "Relevancy is the class token's row of what attention and slope agree on, from 0 to 1, without gradients"
    )
    func relevancy() throws {
        let pair = try Self.pair()
        let image = RandomGenerator(seed: 2).uniform([1, 3, 64, 64])
        let found = pair.relevancy(of: image, to: "a red apple")
        #expect(found.shape == [1, 1, 64, 64] && !found.recordsGradient)
        #expect(found.smallest().item == 0 && found.amax().item == 1)
        let (map, features) = withoutGradients { pair.network.opened(pair.seen(image)) }
        let leaf = map.requiringGradient
        let slope = gradient(of: pair.relevance(features(leaf), to: "a red apple"), withRespectTo: leaf)
        let (heads, length) = (map.shape[1], map.shape[2])
        var row = [Double](repeating: 0, count: length - 1)
        let (a, g) = (map.scalars(as: Double.self), slope.scalars(as: Double.self))
        for head in 0..<heads {
            for column in 1..<length {
                let place = head * length * length + column
                row[column - 1] += max(a[place] * g[place], 0) / Double(heads)
            }
        }
        let grid = Tensor(row.map(Float.init), shape: [1, 1, 8, 8]).resampledBilinear(height: 64, width: 64)
        let (least, most) = (grid.smallest(), grid.amax())
        #expect(relativeError(found, (grid - least) / (most - least)) < 1e-4)
    }

    @Test("Folders are told apart by what they hold")
    func fingerprints() throws {
        let own = try Self.pair().fingerprint
        #expect(own.count == 16)
        #expect(try CLIPScorer(folder: Fixtures.package + "/Models/flowers-clip").fingerprint != own)
    }
}
