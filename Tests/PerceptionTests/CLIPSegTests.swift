import Foundation
import Imaging
import Layers
import Networks
import Prompts
import Tensors
import TestSupport
import Testing

@testable import Perception

/// A folder as transformers writes it, from files to relevance; random weights, words of a tokenizer of our own.
@Suite struct CLIPSegFolderTests {
    /// A folder of the fixture's network with a tokenizer of its size.
    private static func folder(_ preprocessing: String) throws -> String {
        let path = NSTemporaryDirectory() + "clipseg-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let tokenizer = try Tokenizer.train(
            on: ["a red apple on a table"], vocabularySize: 520, contextLength: 9)
        var shape = try CLIPSegConfiguration(contentsOf: Fixtures.model("tiny-clipseg") + "/config.json")
        shape.clip.text.vocabularySize = tokenizer.vocabularySize
        shape.clip.text.endTokenId = tokenizer.endToken
        let store = WeightStore(initializing: 3)
        _ = try CLIPSegModel(store.weights, shape)
        let tensors = withoutGradients { store.parameters.map { ($0.name, $0.tensor.detached) } }
        try Safetensors.write(tensors, metadata: ["format": "pt"], to: path + "/model.safetensors")
        let json = shape.json(startTokenId: tokenizer.startToken, endTokenId: tokenizer.endToken)
        try JSONSerialization.data(withJSONObject: json).write(
            to: URL(fileURLWithPath: path + "/config.json"))
        try tokenizer.write(to: path)
        try Data(preprocessing.utf8).write(to: URL(fileURLWithPath: path + "/preprocessor_config.json"))
        return path
    }

    /// The network of such a folder, which is gone again.
    private static func network(
        _ preprocessing: String = plain, isNormalising: Bool = true
    ) throws -> CLIPSeg {
        let path = try folder(preprocessing)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try CLIPSeg(folder: path, isNormalising: isNormalising)
    }

    private static let plain = #"{"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}"#

    @Test("Relevance has the image's size, whatever that is, and gradients by every pixel")
    func sizes() throws {
        let network = try Self.network()
        let random = RandomGenerator(seed: 1)
        for (height, width) in [(16, 16), (40, 24), (8, 12)] {
            let images = random.normal([2, 3, height, width]).requiringGradient
            let found = try withGradients { try network.relevance(of: images, to: ["apple", "a red table"]) }
            #expect(found.shape == [2, height, width])
            let slope = gradient(of: found.squared.sum, withRespectTo: images)
            #expect(slope.isFinite && slope.squared.sum([1]).smallest().item > 0)
        }
    }

    @Test("At the network's own size nothing is resampled, and each row is of its own text")
    func rows() throws {
        let network = try Self.network()
        let image = RandomGenerator(seed: 2).normal([1, 3, 16, 16])
        let both = Tensor.concatenated([image, image])
        let texts = ["apple", "a red table"]
        let found = try withoutGradients { try network.relevance(of: both, to: texts) }
        for (row, text) in texts.enumerated() {
            let alone = try withoutGradients { try network.relevance(of: image, to: [text]) }
            #expect(relativeError(found.rows(row..<(row + 1)), alone) < 1e-5)
        }
        #expect(!found.rows(0..<1).isEqual(to: found.rows(1..<2)))
    }

    @Test("Means and deviations of the folder count, and can be left out")
    func normalisation() throws {
        let preprocessing = #"{"image_mean": [0.4, 0.5, 0.6], "image_std": [0.2, 0.3, 0.4]}"#
        let image = RandomGenerator(seed: 3).normal([1, 3, 16, 16])
        let with = try Self.network(preprocessing)
        let without = try Self.network(preprocessing, isNormalising: false)
        let shifted =
            ((image + 1) * 0.5 - Tensor([Float(0.4), 0.5, 0.6], shape: [1, 3, 1, 1]))
            / Tensor([Float(0.2), 0.3, 0.4], shape: [1, 3, 1, 1])
        try withoutGradients {
            let usual = try with.relevance(of: image, to: ["apple"])
            #expect(relativeError(usual, try without.relevance(of: shifted, to: ["apple"])) < 1e-5)
            #expect(relativeError(usual, try without.relevance(of: image, to: ["apple"])) > 1e-2)
        }
    }

    @Test("A text that is too long is cut, as the context holds it")
    func truncation() throws {
        let network = try Self.network()
        let image = RandomGenerator(seed: 4).normal([1, 3, 16, 16])
        let long = "a red apple on a table on a table on a table on a table"
        try withoutGradients {
            let found = try network.relevance(of: image, to: [long])
            #expect(found.isEqual(to: try network.relevance(of: image, to: [long + " on a red table"])))
        }
    }

    @Test("The size of the preprocessing counts, in any of its forms")
    func preprocessing() throws {
        let image = RandomGenerator(seed: 5).normal([1, 3, 24, 24])
        let sizes = [#"{"height": 24, "width": 24}"#, "24", #"{"shortest_edge": 24}"#]
        let found = try sizes.map { size in
            let network = try Self.network(#"{"size": \#(size)}"#)
            return try withoutGradients { try network.relevance(of: image, to: ["apple"]) }
        }
        let usual = try Self.network("{}")
        let other = try withoutGradients { try usual.relevance(of: image, to: ["apple"]) }
        #expect(found.allSatisfy { $0.isEqual(to: found[0]) } && !found[0].isEqual(to: other))
    }

    @Test("Texts that say nothing and sizes that no patches fill are told in one line")
    func errors() throws {
        let network = try Self.network()
        let images = Tensor.zeros([2, 3, 16, 16])
        do {
            _ = try network.relevance(of: images, to: ["apple", " \n"])
            Issue.record("an empty text was read")
        } catch {
            #expect("\(error)" == "text 2 of those to look for is empty; say what the picture may show")
        }
        do {
            _ = try Self.network(#"{"size": {"height": 18, "width": 18}}"#)
            Issue.record("a size that no patches fill was read")
        } catch {
            #expect(
                "\(error)".hasSuffix("where a number of pixels, a multiple of the patches' 4, belongs"),
                "\(error)")
        }
        let pair = Fixtures.package + "/Models/still-life-clip"
        #expect(try CLIPSeg(ifSegmenting: pair) == nil)
        let own = try Self.folder(Self.plain)
        defer { try? FileManager.default.removeItem(atPath: own) }
        #expect(try CLIPSeg(ifSegmenting: own) != nil)
    }
}
