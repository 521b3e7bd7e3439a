import Diffusion
import Foundation
import Layers
import Networks
import Perception
import Tensors
import TestSupport
import Testing

@testable import Editing

/// A closed form in place of CLIP: images by their mean colours in four quarters, texts by the colour that they begin with.
private struct Colours: EmbeddingNetwork {
    private let mixing = RandomGenerator(seed: 4).normal([12, 8])

    func embed(images: Tensor) -> Tensor {
        let quarters = images.averagePooled(images.shape[2] / 2).reshaped([images.shape[0], 12])
        let mixed = (quarters.matmul(mixing) + 0.3).tanh
        return mixed / mixed.norm([-1], keeping: true)
    }

    func embed(_ texts: [String]) -> Tensor {
        .concatenated(
            texts.map { text in
                let colour: [Float] = text.contains("red") ? [0.8, -0.6, -0.6] : [-0.6, -0.2, 0.8]
                return embed(images: Tensor(colour, shape: [1, 3, 1, 1]) * Tensor.ones([1, 3, 16, 16]))
            })
    }
}

extension Tensor {
    /// The largest absolute value.
    fileprivate var largest: Double { scalars(as: Double.self).map(abs).max() ?? 0 }
}

/// DiffusionCLIP by the oracles of its paper, on two networks of random weights.
@Suite struct DiffusionCLIPTests {
    private static let pair = DiffusionCLIP.TextPair(source: "blue", target: "red")

    private static func model(_ name: String = "tiny-ddpm") throws -> PixelModel {
        try PixelModel(folder: try PixelModelFolder(path: Fixtures.model(name)))
    }

    private static func images(_ count: Int) -> [Tensor] {
        (0..<count).map { RandomGenerator(seed: UInt64($0)).uniform([1, 3, 16, 16]) * 2 - 1 }
    }

    private static func colour(_ values: [Float]) -> Tensor {
        Tensor(values, shape: [1, 3, 1, 1]) * Tensor.ones([1, 3, 16, 16])
    }

    private static func settings(_ mode: DiffusionCLIPSettings.Mode = .stepwise) -> DiffusionCLIPSettings {
        var settings = DiffusionCLIPSettings()
        (settings.mode, settings.top, settings.inversionSteps) = (mode, 301, 8)
        (settings.epochs, settings.learningRate) = (1, 1e-4)
        return settings
    }

    private static func run(
        _ mode: DiffusionCLIPSettings.Mode, clip: Double = 3, l1: Double = 1
    ) throws -> (run: DiffusionCLIPRun, leaves: [Tensor], session: DiffusionSession) {
        var settings = settings(mode)
        (settings.clipWeight, settings.l1Weight) = (clip, l1)
        let model = try model()
        let leaves = model.unetTensors().map { ($0.name, $0.tensor.copied.requiringGradient) }
        let session = DiffusionSession(
            model: try model.overlaid(unet: .replacing(Dictionary(uniqueKeysWithValues: leaves))))
        let parameters = ParameterSet(
            names: leaves.map(\.0), working: leaves.map(\.1), masters: leaves.map(\.1), weightDecay: 0,
            averageDecay: nil)
        let run = DiffusionCLIPRun(
            settings: settings, direction: try DirectionalLoss(from: "blue", to: "red", in: Colours()),
            parameters: parameters, session: session)
        return (run, leaves.map(\.1), session)
    }

    private static func flat(_ tensors: [Tensor]) -> Tensor {
        .concatenated(tensors.map { $0.reshaped([-1]) })
    }

    // Fails for points that do not reach t₀ or leave out 0, and for rounding to the nearest.
    @Test("A grid has both ends, and rounds down")
    func grid() {
        #expect(TimeGrid(steps: 6, top: 500).timesteps == [0, 100, 200, 300, 400, 500])
        #expect(TimeGrid(steps: 4, top: 5).timesteps == [0, 1, 3, 5])
        #expect(TimeGrid(steps: 0, top: 3).timesteps == [0, 1, 2, 3])
        let schedule = DenoisingLoss.pixelSchedule()
        let up = TimeGrid(steps: 6, top: 500).ascending(in: schedule)
        #expect(up.count == 6 && up[0].alphaBar == schedule.alphaBars[0])
        let down = TimeGrid(steps: 6, top: 500).descending(in: schedule)
        #expect(down.count == 7 && down[0].timestep == 500 && down[6].alphaBar == 1)
    }

    // Fails for an inversion that begins at ᾱ = 1, for one that lacks a move, and for a generation that ends at timestep 0.
    @Test(
        "Under a noise that is always the same a round trip is off by that noise at timestep 0, and by no more"
    )
    func constantNoise() throws {
        let (schedule, image) = (DenoisingLoss.pixelSchedule(), Self.images(1)[0])
        let noise = RandomGenerator(seed: 9).normal(image.shape)
        let session = DiffusionSession(model: try Self.model())
        let up = DDIMChain(TimeGrid(steps: 40, top: 500).ascending(in: schedule), stage: "up")
        let down = DDIMChain(TimeGrid(steps: 6, top: 500).descending(in: schedule), stage: "down")
        #expect(up.moves == 39 && down.moves == 6)
        let found = try down(try up([image], in: session) { _, _ in [noise] }, in: session) { _, _ in [noise]
        }
        let alphaBar = schedule.alphaBars[0]
        let expected = (image - noise * (1 - alphaBar).squareRoot()) / alphaBar.squareRoot()
        #expect((found[0] - expected).largest < 1e-5)
        #expect((found[0] - image).largest > 1e-2)
    }

    // Fails for gradients that stop at a move, and for a factor of a move that is taken from its neighbour.
    @Test("Gradients step by step are those of the whole chain; those of each step's own loss are others")
    func gradients() throws {
        let (image, latent) = (Self.images(1)[0], RandomGenerator(seed: 7).normal([1, 3, 16, 16]))
        let (chain, _, chainSession) = try Self.run(.chain)
        let (stepwise, _, stepSession) = try Self.run(.stepwise)
        let (whole, steps) = (
            try chain.gradients(image, from: latent), try stepwise.gradients(image, from: latent)
        )
        #expect(abs(whole.loss - steps.loss) < 1e-5 * abs(whole.loss))
        let (wanted, found) = (Self.flat(whole.slopes), Self.flat(steps.slopes))
        #expect(((found - wanted).norm([0]) / wanted.norm([0])).item < 1e-4)
        #expect(chainSession.spent.forwards == 6 && chainSession.spent.backwards == 6)
        #expect(stepSession.spent.forwards == 12 && stepSession.spent.backwards == 6)

        let (local, _, localSession) = try Self.run(.local)
        var (state, sum) = (latent, wanted.zerosLike)
        for move in 0..<6 {
            let (_, slopes, next) = try local.localGradients(image, from: state, at: move)
            (state, sum) = (next, sum + Self.flat(slopes))
        }
        let cosine = ((sum * wanted).sum / (sum.norm([0]) * wanted.norm([0]))).item
        #expect(cosine < 0.995 && (sum.norm([0]) / wanted.norm([0])).item > 2, "\(cosine)")
        #expect(localSession.spent.forwards == 6 && localSession.spent.backwards == 6)
    }

    // Fails for a guard of 1e-7 where nothing has changed: the gradient would be about 1e15.
    @Test("Images that have not changed have the loss of a change across, and a bounded gradient")
    func unchanged() throws {
        let loss = try DirectionalLoss(from: "blue", to: "red", in: Colours())
        let image = Self.images(1)[0]
        let leaf = image.copied.requiringGradient
        let value = withGradients { DirectionalLoss.stretched(loss(leaf, from: image)).mean }
        #expect(abs(value.item - 0.693147) < 1e-5)
        let slope = gradient(of: value, withRespectTo: leaf)
        #expect(slope.isFinite && slope.largest < 100 && slope.largest > 0)
    }

    @Test("A change along the texts costs nothing, one against them much, and no infinite number")
    func directions() throws {
        let loss = try DirectionalLoss(from: "blue", to: "red", in: Colours())
        #expect(abs(loss.direction.norm([-1]).item - 1) < 1e-5)
        let (red, blue) = (Self.colour([0.8, -0.6, -0.6]), Self.colour([-0.6, -0.2, 0.8]))
        #expect(abs(loss(red, from: blue).item) < 1e-5 && abs(loss(blue, from: red).item - 2) < 1e-5)
        #expect(abs(DirectionalLoss.stretched(loss(red, from: blue)).item) < 1e-5)
        let against = DirectionalLoss.stretched(loss(blue, from: red)).item
        #expect(against > 10 && against.isFinite)
        #expect(throws: DiffusionCLIPError.sameTexts(source: "red", target: "dark red")) {
            try DirectionalLoss(from: "red", to: "dark red", in: Colours())
        }
    }

    @Test("Every loss reaches every tensor in every way", arguments: DiffusionCLIPSettings.Mode.allCases)
    func everyLossTrains(mode: DiffusionCLIPSettings.Mode) throws {
        for (clip, l1) in [(3.0, 0.0), (0.0, 1.0)] {
            let (run, leaves, _) = try Self.run(mode, clip: clip, l1: l1)
            let before = leaves.map(\.copied)
            _ = try run.update(
                Self.images(1)[0], from: RandomGenerator(seed: 7).normal([1, 3, 16, 16]), learningRate: 1e-3,
                stage: "test")
            let still = zip(leaves, before).count { $0.detached.isEqual(to: $1) }
            #expect(still == 0, "\(still) of \(leaves.count) tensors with weights \(clip), \(l1)")
        }
    }

    // Fails for a learning rate that is raised before the first epoch, an L1 of sums, and a loss of clip without its
    // factor of 3.
    @Test("Tuning brings the loss down, leaves the base as it was, and costs what it says")
    func tunes() throws {
        let model = try Self.model()
        let before = model.unetTensors().map(\.tensor.copied)
        var settings = Self.settings()
        (settings.epochs, settings.learningRate) = (4, 1e-5)
        let method = try DiffusionCLIP(model, network: Colours(), settings: settings)
        let session = DiffusionSession(model: model)
        let images = Self.images(3)
        let latents = try method.inverted(images, in: session)
        #expect(session.spent.forwards == 3 * 7 && session.spent.backwards == 0)
        var numbers: [Int] = []
        let epochs = try method.tune(on: images, inverted: latents, toward: Self.pair, in: session) {
            numbers.append($0.number)
        }
        #expect(numbers == [1, 2, 3, 4])
        #expect(session.spent.forwards == 21 + 4 * 3 * 12 && session.spent.backwards == 4 * 3 * 6)
        let means = epochs.map { $0.losses.reduce(0, +) / 3 }
        #expect(means[3] < means[0] / 2, "\(means)")
        // PyTorch's autograd goes through the whole chain (`Scripts/fixtures/make_tuning_pixels.py`).
        let reference = try Fixtures.tensors("diffusionclip.safetensors")
        let wanted = try reference.tensor("losses").scalars(as: Double.self)
        for (loss, expected) in zip(epochs.flatMap(\.losses), wanted) {
            #expect(abs(loss - expected) < 2e-3 * expected)
        }
        let name = "mid_block.resnets.0.conv1.weight"
        let weight = try #require(epochs[3].weights.first { $0.name == name }).tensor
        #expect(relativeError(weight, try reference.tensor("weight")) < 1e-4)
        for (epoch, rate) in zip(epochs, [1e-5, 1.3e-5, 1.69e-5, 2.197e-5]) {
            #expect(abs(epoch.learningRate - rate) < 1e-14 && epoch.losses.count == 3)
        }
        #expect(zip(model.unetTensors(), before).allSatisfy { $0.tensor.isEqual(to: $1) })
        #expect(model.unetTensors().allSatisfy { !$0.tensor.recordsGradient })
        #expect(!epochs[0].weights[0].tensor.isEqual(to: epochs[3].weights[0].tensor))
        let tuned = try epochs[3].model(over: model)
        #expect(tuned.facts.fingerprint != model.facts.fingerprint)
    }

    // Fails for an optimiser, weights or a learning rate that outlive a pair.
    @Test("A second pair of texts begins where the first began")
    func secondPair() throws {
        var settings = Self.settings()
        settings.epochs = 2
        let method = try DiffusionCLIP(try Self.model(), network: Colours(), settings: settings)
        let session = DiffusionSession(model: method.model)
        let images = Self.images(1)
        let latents = try method.inverted(images, in: session)
        func last(_ pair: DiffusionCLIP.TextPair) throws -> DiffusionCLIP.Epoch {
            try method.tune(on: images, inverted: latents, toward: pair, in: session)[1]
        }
        let alone = try last(Self.pair)
        _ = try last(.init(source: "red", target: "blue"))
        let again = try last(Self.pair)
        #expect(zip(alone.weights, again.weights).allSatisfy { $0.tensor.isEqual(to: $1.tensor) })
        #expect(alone.learningRate == again.learningRate && alone.losses == again.losses)
    }

    @Test(
        "At degree 0, and with the base's own weights, an edit is the reconstruction to the bit; it costs 39 and 40"
    )
    func degrees() throws {
        let base = try Self.model()
        let tuned = try base.overlaid(
            unet: .replacing(
                Dictionary(uniqueKeysWithValues: base.unetTensors().map { ($0.name, $0.tensor * 1.05) })))
        let same = try base.overlaid(
            unet: .replacing(
                Dictionary(uniqueKeysWithValues: base.unetTensors().map { ($0.name, $0.tensor) })))
        let editing = try DiffusionCLIPEditing(over: base, top: 301)
        let images = Self.images(1)
        func edit(_ mixture: NoiseMixture) throws -> Tensor {
            let session = DiffusionSession(model: base)
            let found = try editing.edit(images, by: mixture, in: session)[0]
            let asked = mixture.weights(at: 301).count { $0 > 0 }
            #expect(session.spent.forwards == 39 + 40 * asked)
            return found
        }
        let plain = try edit(NoiseMixture(base))
        #expect(try edit(.degree(0, of: tuned, over: base)).isEqual(to: plain))
        #expect(try edit(NoiseMixture(same)).isEqual(to: plain))
        #expect(try edit(.degree(1, of: tuned, over: base)).isEqual(to: try edit(NoiseMixture(tuned))))
        let half = try edit(.degree(0.5, of: tuned, over: base))
        #expect(!half.isEqual(to: plain))
        #expect(throws: DiffusionCLIPError.self) { try NoiseMixture.degree(1.5, of: tuned, over: base) }
    }

    // Fails for weights that are taken from the wrong end of time, and for noises alone that are mixed.
    @Test("Mixed noises move a latent as mixed noises and mixed predictions do, by the weights of their time")
    func mixtures() throws {
        let (first, second) = (try Self.model("tiny-ddpm"), try Self.model("tiny-adm"))
        let mixture = try NoiseMixture(
            [first, second],
            parts: [.init(from: 200, weights: [0.25, 0.75]), .init(from: 0, weights: [1, 0])])
        #expect(mixture.weights(at: 200) == [0.25, 0.75] && mixture.weights(at: 199) == [1, 0])
        let latent = RandomGenerator(seed: 7).normal([1, 3, 16, 16])
        let levels = TimeGrid(steps: 2, top: 301).descending(in: first.schedule)
        let session = DiffusionSession(model: first)
        let mixed = try withoutGradients {
            try DDIMChain(Array(levels.prefix(2)), stage: "move")(
                [latent], in: session, mixture.predictor(in: session))[0]
        }
        let noises = try withoutGradients {
            try [first, second].map { model in
                try DiffusionSession(model: model).noise(
                    in: latent, at: levels[0], prompt: .unconditional())
            }
        }
        let clean = noises.map { DDIM.predictedOriginal(latent, $0, at: levels[0]) }
        let expected =
            (clean[0] * 0.25 + clean[1] * 0.75) * levels[1].sqrtAlphaBar
            + (noises[0] * 0.25 + noises[1] * 0.75) * levels[1].sqrtOneMinusAlphaBar
        #expect((mixed - expected).largest < 1e-4 * expected.largest)

        let twice = try NoiseMixture([first, first], parts: [.init(from: 0, weights: [0.3, 0.7])])
        let editing = try DiffusionCLIPEditing(over: first, top: 301, generationSteps: 6)
        let (one, both) = (
            try editing.generate(from: [latent], by: NoiseMixture(first), in: session)[0],
            try editing.generate(from: [latent], by: twice, in: session)[0]
        )
        #expect((one - both).largest < 1e-4 * one.largest)
    }

    @Test(
        "Weights that do not add up, or do not fit, are refused",
        arguments: [
            ([NoiseMixture.Part(from: 0, weights: [0.5, 0.6])], "add up to 1.1 and not to 1"),
            ([NoiseMixture.Part(from: 0, weights: [1])], "are not 2 numbers from 0 on, one for each model"),
            ([NoiseMixture.Part(from: 0, weights: [-1, 2])], "are not 2 numbers from 0 on"),
            ([NoiseMixture.Part(from: 10, weights: [1, 0])], "their timesteps must descend to 0, not [10]"),
            ([], "their timesteps must descend to 0, not []"),
        ])
    func refusedWeights(parts: [NoiseMixture.Part], expected: String) throws {
        let model = try Self.model()
        let error = #expect(throws: DiffusionCLIPError.self) {
            try NoiseMixture([model, model], parts: parts)
        }
        let message = error?.description ?? ""
        #expect(message.contains(expected), "\(message)")
    }

    @Test("Settings that do not fit are named")
    func refusedSettings() throws {
        let model = try Self.model()
        var settings = DiffusionCLIPSettings()
        settings.top = 1000
        let error = #expect(throws: DiffusionCLIPError.self) {
            try DiffusionCLIP(model, network: Colours(), settings: settings)
        }
        #expect(error?.description == "DiffusionCLIP's top is 1000; it must be a timestep, 1 to 999")
        settings = DiffusionCLIPSettings()
        settings.generationSteps = 1
        #expect(throws: DiffusionCLIPError.self) {
            try DiffusionCLIP(model, network: Colours(), settings: settings)
        }
    }

    // Fails for noise that is added at t₀ itself, and for the same noise in every iteration.
    @Test("An image of another domain is noised as of the timestep below the top, each time afresh")
    func projection() throws {
        let base = try Self.model()
        let editing = try DiffusionCLIPEditing(over: base, top: 301)
        let session = DiffusionSession(model: base)
        let image = Self.images(1)[0]
        let noises = (0..<2).map { RandomGenerator(seed: 40 + UInt64($0)).normal(image.shape) }
        var asked: [Int] = []
        let found = try editing.project(image, iterations: 2, steps: 6, in: session) {
            asked.append($0)
            return noises[$0]
        }
        #expect(asked == [0, 1] && session.spent.forwards == 12)
        let alphaBar = base.schedule.alphaBars[300]
        let coarse = try DiffusionCLIPEditing(over: base, top: 301, generationSteps: 6)
        var expected = image
        for noise in noises {
            let noised = expected * alphaBar.squareRoot() + noise * (1 - alphaBar).squareRoot()
            expected = try coarse.generate(from: [noised], by: NoiseMixture(base), in: session)[0]
        }
        #expect((found - expected).largest < 1e-5)
    }

    // Fails for a gradient that is that of the first move alone, and for one that reaches the weights.
    @Test("The baseline moves the latent alone, and the image toward the text")
    func latentOptimization() throws {
        let base = try Self.model()
        let editing = try DiffusionCLIPEditing(over: base, top: 301, generationSteps: 6)
        var method = LatentOptimization(editing, network: Colours())
        method.steps = 12
        let session = DiffusionSession(model: base)
        let latent = RandomGenerator(seed: 7).normal([1, 3, 16, 16])
        let before = try editing.generate(from: [latent], by: NoiseMixture(base), in: session)[0]
        let (image, losses) = try method(latent, toward: "red", in: session)
        #expect(session.spent.forwards == 6 + 12 * 12 + 6 && session.spent.backwards == 12 * 6)
        #expect(losses.count == 12 && losses[11] < losses[0] - 0.01, "\(losses)")
        let wanted = Colours().embed(["red"])
        func cosine(_ image: Tensor) -> Double { (Colours().embed(images: image) * wanted).sum.item }
        #expect(cosine(image) > cosine(before))
        #expect(base.unetTensors().allSatisfy { !$0.tensor.recordsGradient })
    }

    @Test("The similarity of directions leaves out what has not changed")
    func similarity() throws {
        let loss = try DirectionalLoss(from: "blue", to: "red", in: Colours())
        let (red, blue) = (Self.colour([0.8, -0.6, -0.6]), Self.colour([-0.6, -0.2, 0.8]))
        let found = loss.similarity(
            of: .concatenated([red, blue]), from: .concatenated([blue, blue]))
        #expect(abs((found.mean ?? 0) - 1) < 1e-5 && found.leftOut == 1)
        let none = loss.similarity(of: red, from: red)
        #expect(none.mean == nil && none.leftOut == 1)
    }
}
