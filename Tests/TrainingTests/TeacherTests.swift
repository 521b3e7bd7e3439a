import Diffusion
import Foundation
import Layers
import Networks
import Tensors
import TestSupport
import Testing

@testable import Training

@Suite(.serialized) struct TeacherTests {
    /// Fails where the mixing branch follows the block, where ReLU is left out behind it, or for images in -1…1.
    @Test("A tiny autoencoder's encoder answers what torch computes from the same layers")
    func tinyEncoder() throws {
        let store = try WeightStore(folder: Fixtures.model("tiny-teacher"), name: "encoder")
        let encoder = try TinyEncoder(store)
        #expect(encoder.latentChannels == 4 && encoder.spatialFactor == 4)
        let expected = try Fixtures.expected("tiny-teacher")
        let image = try expected.tensor("image")
        let answer = withoutGradients { encoder.means(of: image) }
        #expect(relativeError(answer, try expected.tensor("latents")) <= 2e-5)
    }

    @Test("A teacher draws the latents towards its own, the more the larger its weight")
    func draws() throws {
        let scratch = try Scratch()
        func distance(weight: Double) throws -> Double {
            var tiny = TrainingConfiguration.tiny(in: "\(scratch.path)/\(weight)")
            tiny.autoencoder.channels = [8, 8, 8]
            tiny.autoencoder.latentChannels = 4
            tiny.autoencoder.teacher = Fixtures.model("tiny-teacher")
            tiny.autoencoder.teacherWeight = weight
            tiny.autoencoder.steps = 40
            tiny.autoencoder.learningRate = 0.01
            tiny.diffusion.steps = 1
            #expect(try train(tiny) == .finished)
            let trainer = try Trainer(tiny)
            let set = try trainer.loadImages()
            let images = set.tensor(0..<set.count, device: .cpu)
            let encoder = try TinyEncoder(
                WeightStore(folder: Fixtures.model("tiny-teacher"), name: "encoder"))
            let store = try WeightStore(
                folder: tiny.output + "/vae", name: ModelFolder.Part.autoencoder.weights)
            let shape = try AutoencoderConfiguration(contentsOf: tiny.output + "/vae/config.json")
            let network = try Autoencoder(store.weights, shape)
            return withoutGradients {
                (network.means(of: images) - encoder.means(of: images)).squared.mean.item
            }
        }
        let (without, with) = (try distance(weight: 0), try distance(weight: 1))
        #expect(with < without * 0.5)
    }

    @Test("A teacher of other latents is refused")
    func otherShape() throws {
        let scratch = try Scratch()
        var tiny = TrainingConfiguration.tiny(in: scratch.path)
        tiny.autoencoder.teacher = Fixtures.model("tiny-teacher")
        let error = #expect(throws: TrainingError.self) { try train(tiny) }
        #expect(
            error?.description
                == "autoencoder.teacher = \(tiny.autoencoder.teacher): its latents have 4 channels at 1/4 of a "
                + "picture's size, not 3 at 1/2")
        tiny.autoencoder.teacher = scratch.path + "/none"
        let missing = #expect(throws: TrainingError.self) { try train(tiny) }
        #expect(missing?.description == "\(scratch.path)/none does not exist")
    }
}
