import Foundation
import Layers
import Networks
import Tensors
import TestSupport
import Testing

/// Text-prompted segmentation against transformers on random weights (fixtures: `Scripts/fixtures/make_clipseg.py`).
@Suite struct CLIPSegTests {
    /// Fixtures, each with the sides that it was asked at; the second has the positions resized.
    static let models: [(String, [Int])] = [("tiny-clipseg", [16, 24]), ("tiny-clipseg-refined", [32, 48])]

    static func network(_ name: String) throws -> CLIPSegModel {
        let folder = Fixtures.model(name)
        return try CLIPSegModel(
            WeightStore(folder: folder, name: "model").weights,
            CLIPSegConfiguration(contentsOf: folder + "/config.json"))
    }

    // Fails for a text's unit embedding, for hidden states before instead of after a layer, for layers read from the
    // first to the last, for text that comes in behind a layer, for norms before attention, and for positions resized
    // with aligned corners or linearly.
    @Test("Logits and their gradients by the picture are transformers'", arguments: models)
    func agrees(name: String, sides: [Int]) throws {
        let expected = try Fixtures.expected(name)
        let network = try Self.network(name)
        for side in sides {
            let images = try expected.tensor("pictures.\(side)").copied.requiringGradient
            let ids = try expected.tensor("input_ids").rows(0..<images.shape[0])
            let wanted = try expected.tensor("logits.\(side)")
            let logits = withGradients { network(images, texts: network.features(of: ids)) }
            #expect(relativeError(logits.detached, wanted) < ParityTests.tolerance)
            let weights = (0..<logits.count).map { Float(sin(Double($0))) }
            let slope = gradient(
                of: (logits * Tensor(weights, shape: logits.shape)).sum, withRespectTo: images)
            #expect(relativeError(slope, try expected.tensor("gradient.\(side)")) < ParityTests.tolerance)
        }
    }

    @Test("Several texts of a picture are answered as one by one")
    func severalTexts() throws {
        let expected = try Fixtures.expected("tiny-clipseg")
        let network = try Self.network("tiny-clipseg")
        let images = try expected.tensor("pictures.16")
        let ids = try expected.tensor("input_ids")
        withoutGradients {
            let texts = network.features(of: .concatenated([ids, ids.flipped(0)]))
            let found = network(network.encode(images), textsPerImage: 2, texts: texts)
            for (row, image) in [0, 0, 1, 1].enumerated() {
                let alone = network(
                    images.rows(image..<(image + 1)), texts: texts.rows(row..<(row + 1)))
                #expect(relativeError(found.rows(row..<(row + 1)), alone) < 1e-5)
            }
        }
    }

    @Test("A configuration survives being written and read", arguments: models.map(\.0))
    func configuration(name: String) throws {
        let shape = try CLIPSegConfiguration(contentsOf: Fixtures.model(name) + "/config.json")
        let path = NSTemporaryDirectory() + "segmentation-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try JSONSerialization.data(withJSONObject: shape.json(startTokenId: 38, endTokenId: 39))
            .write(to: URL(fileURLWithPath: path))
        #expect(try CLIPSegConfiguration(contentsOf: path) == shape)
    }

    @Test(
        "What a configuration asks for and this network has not is named",
        arguments: [
            (
                #"{"extract_layers": [3, 12]}"#, "extract_layers is [3, 12]",
                "numbers of the 12 layers, from 0"
            ),
            (#"{"conditional_layer": 3}"#, "conditional_layer is 3", "0 to 2"),
            (#"{"reduce_dim": 66}"#, "reduce_dim is 66", "a multiple of 4 heads"),
            (#"{"model_type": "clip"}"#, "model_type is clip", "clipseg"),
            (
                #"{"use_complex_transposed_convolution": true, "vision_config": {"patch_size": 2}}"#,
                "use_complex_transposed_convolution is true", "false with patches of less than 4 pixels"
            ),
        ])
    func refused(json: String, what: String, known: String) throws {
        let path = NSTemporaryDirectory() + "segmentation-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(json.utf8).write(to: URL(fileURLWithPath: path))
        do {
            _ = try CLIPSegConfiguration(contentsOf: path)
            Issue.record("\(json) was read")
        } catch {
            #expect("\(error)" == "\(path): \(what), which is not supported; known here: \(known)")
        }
    }

    @Test("The published network's shape is read: patches of 16, settings that are said twice")
    func published() throws {
        let json = """
            {"model_type": "clipseg", "projection_dim": 512, "extract_layers": [3, 6, 9], "reduce_dim": 64,
             "use_complex_transposed_convolution": true, "vision_config": {"patch_size": 32},
             "vision_config_dict": {"patch_size": 16}, "text_config_dict": null,
             "text_config": {"model_type": "clipseg_text_model", "eos_token_id": 2}}
            """
        let path = NSTemporaryDirectory() + "segmentation-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(json.utf8).write(to: URL(fileURLWithPath: path))
        let shape = try CLIPSegConfiguration(contentsOf: path)
        #expect(shape.clip.image.patchSize == 16 && shape.clip.image.tokens == 197)
        #expect(shape.clip.text.hiddenSize == 512 && shape.clip.text.endTokenId == 2)
        #expect(shape.decoderIntermediateSize == 2048 && shape.decoderHeads == 4)
        #expect(shape.usesSeveralConvolutions)
    }
}
