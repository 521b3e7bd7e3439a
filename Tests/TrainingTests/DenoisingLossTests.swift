import Diffusion
import Foundation
import Layers
import Networks
import Support
import Tensors
import TestSupport
import Testing

@testable import Training

@Suite struct DenoisingLossTests {
    /// A component of a tiny model whose weights record gradients, in 64 bits: with one channel in a group of the
    /// normalisations, gradients in 32 bits are good to three digits only, PyTorch's too.
    struct Trainable<Network> {
        let network: Network
        let parameters: [(name: String, tensor: Tensor)]

        init(_ folder: String, _ name: String, _ make: (Weights) throws -> Network) throws {
            let stored = try WeightStore(folder: folder, name: name)
            _ = try make(stored.weights)
            parameters = stored.parameters.map { ($0.name, $0.tensor.to(dtype: .float64).requiringGradient) }
            let store = WeightStore(
                tensors: Dictionary(uniqueKeysWithValues: parameters), dtype: .float64)
            network = try make(store.weights)
        }
    }

    @Test(
        "Loss, weights and gradients are PyTorch's, for noise and for velocity",
        arguments: ["tiny-sd1", "tiny-sd2"])
    func fixture(name: String) throws {
        let folder = try ModelFolder(path: Fixtures.model(name))
        let expected = try Fixtures.expected(name)
        func value(_ key: String) throws -> Tensor { try expected.tensor("training." + key) }
        let unet = try Trainable(folder.path + "/unet", "diffusion_pytorch_model") {
            try UNet($0, folder.unet)
        }
        let text = try Trainable(folder.path + "/text_encoder", "model") {
            try TextEncoder($0, folder.textEncoder)
        }
        let objective = DenoisingLoss(schedule: folder.schedule, gamma: 5)
        let timesteps = try value("timesteps").scalars(as: Int64.self).map(Int.init)
        let (latents, noise) = (try value("latents"), try value("noise"))

        let weights = try value("weights").floats
        for (timestep, weight) in zip(timesteps, weights) {
            #expect(abs(objective.weight(timestep) / Double(weight) - 1) < 1e-5)
        }
        let noisy = objective.noisy(latents, noise, timesteps: timesteps)
        #expect(relativeError(noisy, try value("noisy")) < 1e-6)
        let target = objective.target(latents, noise, timesteps: timesteps)
        #expect(relativeError(target, try value("target")) < 1e-6)

        // From the stored latents: PyTorch's ᾱ have 32 bits, ours 64, and in so narrow a network that difference alone
        // moves gradients by 3e-4.
        let slopes = try withGradients {
            let answer = unet.network(
                try value("noisy").to(dtype: .float64), timesteps: try value("timesteps"),
                context: PromptContext(embedding: text.network(try value("input_ids")).lastHiddenState))
            #expect(relativeError(objective.squares(answer, target).detached, try value("per_sample")) < 2e-5)
            let loss = objective(answer, target, timesteps: timesteps)
            #expect(relativeError(loss.detached, try value("loss")) < 2e-5)
            return gradients(of: loss, withRespectTo: (unet.parameters + text.parameters).map(\.tensor))
        }
        let all = Array(zip(unet.parameters + text.parameters, slopes))
        let parts = [
            ("unet", all.prefix(unet.parameters.count)), ("text", all.suffix(text.parameters.count)),
        ]
        for (part, found) in parts {
            let whole = found.reduce(0) { $0 + $1.1.squared.sum.item }.squareRoot()
            #expect(abs(whole / (try value("gradient_norm.\(part)").item) - 1) < 5e-5)
            var compared = 0
            for ((parameter, _), slope) in found {
                let short = parameter.hasPrefix("text_model.") ? String(parameter.dropFirst(11)) : parameter
                if expected.entry("training.norm.\(part).\(short)") != nil {
                    let norm = try value("norm.\(part).\(short)").item
                    #expect(abs(slope.norm().item - norm) < 1e-4 * norm + 1e-7, "\(part) \(short)")
                    compared += 1
                }
                if expected.entry("training.gradient.\(part).\(short)") != nil {
                    #expect(relativeError(slope, try value("gradient.\(part).\(short)")) < 1e-4, "\(short)")
                    compared += 1
                }
            }
            let stored = expected.names.filter {
                $0.hasPrefix("training.norm.\(part).") || $0.hasPrefix("training.gradient.\(part).")
            }
            #expect(compared == stored.count && compared > 2)
        }
    }

    @Test("Without a cap every timestep weighs the same; with one, only clean latents weigh less")
    func weights() {
        let plain = DenoisingLoss(schedule: DenoisingLoss.schedule(.noise), gamma: 0)
        #expect([0, 500, 999].map(plain.weight) == [1, 1, 1])
        let capped = DenoisingLoss(schedule: plain.schedule, gamma: 5)
        #expect(capped.weight(999) == 1)
        #expect(capped.weight(0) < 0.01)
    }

    @Test(
        "With a floor the noisiest timesteps weigh as though their ratio were the floor, the others as before"
    )
    func floor() {
        let schedule = DenoisingLoss.schedule(.noise, betaEnd: 0.016)
        let (plain, raised) = (
            DenoisingLoss(schedule: schedule, gamma: 5),
            DenoisingLoss(schedule: schedule, gamma: 5, floor: 0.05)
        )
        let ratio = schedule.alphaBars[999] / (1 - schedule.alphaBars[999])
        #expect(abs(raised.weight(999) * ratio - 0.05) < 1e-12)
        #expect([0, 300, 600].map(raised.weight) == [0, 300, 600].map(plain.weight))
        // A larger last β ends noisier.
        #expect(schedule.alphaBars[999] < DenoisingLoss.schedule(.noise).alphaBars[999] / 4)
    }

    @Test(
        "The schedule that is trained on is the one that the written file says",
        arguments: [Prediction.noise, .velocity], [0.012, 0.016])
    func schedule(prediction: Prediction, betaEnd: Double) throws {
        let text = PythonJSON.text(DenoisingLoss.schedulerJSON(prediction, betaEnd: betaEnd))
        #expect(
            try NoiseSchedule(json: Data(text.utf8)) == DenoisingLoss.schedule(prediction, betaEnd: betaEnd))
    }
}
