import Foundation
import Layers
import Networks
import Tensors
import TestSupport
import Testing

/// CLIP as a whole against transformers on random weights (fixtures: `Scripts/fixtures/make_clip.py`).
@Suite struct CLIPTests {
    static func pair(_ name: String) throws -> CLIPModel {
        let folder = Fixtures.model(name)
        let store = try WeightStore(folder: folder, name: "model")
        return try CLIPModel(store.weights, CLIPConfiguration(contentsOf: folder + "/config.json"))
    }

    @Test(
        "Both towers embed as transformers' CLIPModel does", arguments: ["tiny-clip", "tiny-clip-gelu"])
    func agrees(name: String) throws {
        let expected = try Fixtures.expected(name)
        let pair = try Self.pair(name)
        let (images, ids) = (try expected.tensor("pictures"), try expected.tensor("input_ids"))
        let wanted = try ["image_embeds", "text_embeds", "logits_per_image"].map { try expected.tensor($0) }
        withoutGradients {
            let (seen, read) = (pair.embed(images: images), pair.embed(tokens: ids))
            let logits = seen.matmul(read.transposed(0, 1)) * pair.logitScale.exp
            for (found, reference) in zip([seen, read, logits], wanted) {
                #expect(relativeError(found, reference) < ParityTests.tolerance)
            }
        }
    }

    @Test("The picture tower alone gives transformers' hidden states")
    func imageTower() throws {
        let expected = try Fixtures.expected("tiny-clip")
        let folder = Fixtures.model("tiny-clip")
        let store = try WeightStore(folder: folder, name: "model")
        let tower = try ImageEncoder(
            store.weights, CLIPConfiguration(contentsOf: folder + "/config.json").image)
        let (hidden, pooled) = tower(try expected.tensor("pictures"))
        #expect(relativeError(hidden, try expected.tensor("vision_hidden")) < ParityTests.tolerance)
        #expect(relativeError(pooled, try expected.tensor("vision_pooled")) < ParityTests.tolerance)
    }

    // Fails for positions resized to columns by rows, for tokens after the last norm, for a map before the softmax or of
    // another layer, and for a unit embedding.
    @Test(
        "What guides methods is transformers', also of pictures that are no squares: features, tokens, attention and its slope",
        arguments: ["tiny-clip", "tiny-clip-gelu"])
    func guides(name: String) throws {
        let expected = try Fixtures.expected(name)
        let pair = try Self.pair(name)
        let images = try expected.tensor("wide_pictures")
        let ids = try expected.tensor("input_ids").rows(0..<2)
        let (map, features) = withoutGradients { pair.opened(images) }
        let leaf = map.requiringGradient
        let score = withGradients { () -> Tensor in
            let (seen, read) = (features(leaf), pair.features(of: ids))
            let cosines = (seen * read).sum([-1]) / (seen.norm([-1]) * read.norm([-1]))
            return cosines.sum * pair.logitScale.exp
        }
        for (found, key) in [
            (pair.features(ofImages: images), "features"), (pair.tokens(ofImages: images), "tokens"),
            (features(map), "features"), (map, "attention"),
            (gradient(of: score, withRespectTo: leaf), "slope"),
        ] {
            let wanted = try expected.tensor("wide_\(key)")
            #expect(relativeError(found.detached, wanted) < ParityTests.tolerance, "\(key)")
        }
    }

    @Test(
        "Positions that differ from row to row alone do so on a grid of any size",
        arguments: [(3, 5), (5, 2)])
    func positions(rows: Int, columns: Int) {
        let table = Tensor((0..<17).map { $0 == 0 ? Float(9) : Float(($0 - 1) / 4) }, shape: [17, 1])
        let found = ImageEncoder.resized(table, rows: rows, columns: columns)
        #expect(found.rows(0..<1).item == 9)
        let grid = found.rows(1..<(1 + rows * columns)).reshaped([rows, columns])
        for row in grid.separateRows { #expect(row.amax().item - row.smallest().item < 1e-6) }
        #expect(grid.amax().item - grid.smallest().item > 1)
    }

    @Test("A configuration survives being written and read")
    func configuration() throws {
        let shape = try CLIPConfiguration(contentsOf: Fixtures.model("tiny-clip") + "/config.json")
        let path = NSTemporaryDirectory() + "pair-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let written = shape.json(startTokenId: 38, endTokenId: 39)
        try JSONSerialization.data(withJSONObject: written).write(to: URL(fileURLWithPath: path))
        #expect(try CLIPConfiguration(contentsOf: path) == shape)
    }

    @Test("A text tower's configuration is not taken for a pair's")
    func otherKind() {
        #expect(throws: ConfigurationError.self) {
            try CLIPConfiguration(contentsOf: Fixtures.model("tiny-sd1") + "/text_encoder/config.json")
        }
    }
}
