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
