import Diffusion
import Foundation
import Imaging
import Layers
import Networks
import Tensors
import TestSupport
import Testing

@testable import Perception

/// The networks that measures look with, against their formulas in Python (Scripts/fixtures/make_measures.py).
@Suite struct MeasureNetworkTests {
    static let first = picture { x, y, c in (7 * x + 13 * y + 29 * c) % 256 }
    static let second = picture { x, y, c in
        (7 * x + 13 * y + 29 * c) % 256 + (3 * x + 5 * y + 11 * c) % 41 - 20
    }

    static func picture(_ value: (Int, Int, Int) -> Int) -> Image {
        Image(
            width: 64, height: 64,
            pixels: (0..<(64 * 64 * 3)).map {
                UInt8(min(max(value($0 / 3 % 64, $0 / 192, $0 % 3), 0), 255))
            })
    }

    // Fails for pictures in 0…1 in place of -1…1, for features before the rectification, and for squared lengths.
    @Test("LPIPS with AlexNet is Python's for the weights that come with the program")
    func alex() throws {
        let network = try PerceptualDistance(folder: Fixtures.package + "/Models/lpips-alex")
        let distance = try #require(network.distance(from: Self.first, to: Self.second))
        #expect(abs(distance / 0.003597686513 - 1) < 1e-5)
        #expect(network.distance(from: Self.first, to: Self.first) == 0)
        #expect(network.trunk == "alex" && network.fingerprint.count > 6)
        let map = try #require(network.map(from: Self.first, to: Self.second))
        let outside = map.indices.filter { !((16...39).contains($0 / 64) && (20...49).contains($0 % 64)) }
        let mean = outside.reduce(0) { $0 + map[$1] } / Double(outside.count)
        #expect(abs(mean / 0.003514628958 - 1) < 1e-5)
        let small = Image(width: 30, height: 64)
        #expect(network.distance(from: small, to: small) == nil && network.map(from: small, to: small) == nil)
    }

    // Fails for taps behind the poolings, and for a trunk that pools before the last five convolutions only.
    @Test("LPIPS with VGG-16 is Python's, distance and map, with a sixteenth of the channels")
    func vgg() throws {
        let folder = Fixtures.model("tiny-lpips-vgg")
        let network = try PerceptualDistance(folder: folder)
        let expected = try Fixtures.expected("tiny-lpips-vgg")
        let distance = try #require(network.distance(from: Self.first, to: Self.second))
        #expect(abs(distance / (try expected.tensor("distance")).item - 1) < 1e-5)
        let map = try #require(network.map(from: Self.first, to: Self.second))
        let found = Tensor(map, shape: [1, 1, 64, 64])
        #expect(relativeError(found, try expected.tensor("map")) < 1e-5)
    }

    // Fails for averages that count the border (1e-2), for a last block that averages, and for antialiased pictures.
    @Test("Inception's features are pytorch-fid's, with a sixteenth of the channels")
    func inception() throws {
        let network = try InceptionFeatures(folder: Fixtures.model("tiny-inception"))
        let features = network([Self.first, Self.second])
        #expect(features.shape == [2, 128] && features.dtype == .float64)
        let expected = try Fixtures.expected("tiny-inception")
        #expect(relativeError(features, try expected.tensor("features")) < 1e-5)
    }

    // Rectifying with the slope of the other sign, or adding over a change of size, changes shapes or lengths.
    @Test("Faces become unit vectors, equal ones the same, others not")
    func faces() throws {
        let network = try withoutGradients {
            try FaceNetwork(WeightStore(initializing: 5).weights)
        }
        let side = FaceNetwork.side
        let images = Tensor.concatenated(
            [Self.first, Self.second, Self.first].map { $0.resized(width: side, height: side).tensor() })
        let found = withoutGradients { network(images) }
        #expect(found.shape == [3, 512])
        #expect(found.norm([-1]).scalars(as: Double.self).allSatisfy { abs($0 - 1) < 1e-5 })
        #expect(relativeError(found.rows(0..<1), found.rows(2..<3)) < 1e-6)
        #expect(relativeError(found.rows(1..<2), found.rows(2..<3)) > 1e-5)
    }

    @Test("A configuration of another network or with other numbers is refused by name")
    func refusals() throws {
        let folder = try Folder()
        let path = folder["config.json"]
        try #"{"model_type": "pentimento_lpips", "trunk": "squeeze"}"#.write(
            toFile: path, atomically: true, encoding: .utf8)
        #expect(
            throws: ConfigurationError.value(
                path: path, key: "trunk", value: "\"squeeze\"", known: "alex, vgg")
        ) { try PerceptualNetworkConfiguration(contentsOf: path) }
        try #"{"model_type": "pentimento_inception", "divisor": 3}"#.write(
            toFile: path, atomically: true, encoding: .utf8)
        #expect(
            throws: ConfigurationError.value(path: path, key: "divisor", value: "3", known: "1, 2, 4, 8, 16")
        ) { try InceptionNetwork.divisor(contentsOf: path) }
    }
}

/// Distances of sets of features against pytorch-fid and the formulas.
@Suite struct FeatureDistanceTests {
    private static func rows(_ value: (Double, Double) -> Double) -> Tensor {
        let values = (0..<12).flatMap { i in (0..<5).map { j in value(Double(i), Double(j)) } }
        return Tensor(values, shape: [12, 5])
    }
    private let first = rows { i, j in sine(0.37 * (i + 1) * (j + 1)) + 0.1 * j }
    private let second = rows { i, j in sine(0.23 * (i + 1) * (j + 1) + .pi / 2) + 0.05 * i }

    private static func sine(_ value: Double) -> Double { Tensor([value]).sin.item }

    // Covariances over n give 0.4424; leaving the pairs of an image with itself in gives a KID of -0.21.
    @Test("FID, KID and CSFID of made-up features are the references'")
    func golden() throws {
        #expect(abs(try #require(FeatureDistances.frechet(first, second)) - 0.4688613465871) < 1e-10)
        #expect(abs(try #require(FeatureDistances.kernel(first, second)) + 0.309532500006) < 1e-10)
        #expect(abs(FeatureDistances.means(first, second) - 0.085514216605) < 1e-10)
        let classes = (0..<3).map { k in
            let places = Tensor([k, k + 3, k + 6, k + 9].map(Int64.init))
            return (first: first.indexSelect(0, places), second: second.indexSelect(0, places))
        }
        #expect(abs(try #require(FeatureDistances.classMeans(classes)) - 0.328675397147) < 1e-10)
    }

    @Test("More images than features or fewer, the same distance; a set has none to itself")
    func shapes() throws {
        let (few, many) = (first.rows(0..<4), second)
        let one = try #require(FeatureDistances.frechet(few, many))
        let other = try #require(FeatureDistances.frechet(many, few))
        #expect(abs(one - other) < 1e-10)
        #expect(abs(try #require(FeatureDistances.frechet(first, first))) < 1e-10)
        #expect(FeatureDistances.frechet(first.rows(0..<1), second) == nil)
        #expect(FeatureDistances.kernel(first, second.rows(0..<1)) == nil)
        #expect(FeatureDistances.classMeans([]) == nil)
    }
}
