public import Diffusion
public import Layers
public import Perception
public import Tensors

/// DiffusionCLIP: a copy of an unconditional model is tuned so that what it makes of inverted images changes in the
/// direction in which one text differs from another.
///
/// Kim, Kwon and Ye, "DiffusionCLIP: Text-Guided Diffusion Models for Robust Image Manipulation", CVPR 2022, arXiv
/// 2110.02711. Its loss of identity needs a network that knows faces, and there is none here: what stays is held by the
/// inversion and by L1. Of the published loss the global, patch, angle and texture terms, whose weights are 0, are left out.
///
/// Cost of tuning: n·(S_for - 1) forwards for the latents; per image and epoch S_gen forwards and backwards, and S_gen
/// further forwards where gradients are accumulated step by step.
public struct DiffusionCLIP {
    /// The model that tuning begins with, which is never changed.
    public let model: PixelModel
    /// What says how images and texts change.
    public let network: any EmbeddingNetwork
    /// How it tunes.
    public let settings: DiffusionCLIPSettings

    /// What images are tuned from and to.
    public struct TextPair: Sendable, Hashable {
        /// What the images show, such as "face".
        public var source: String
        /// What they are to show, such as "tanned face".
        public var target: String

        /// A pair of texts.
        public init(source: String, target: String) {
            self.source = source
            self.target = target
        }
    }

    /// The weights after an epoch, and how they came to be.
    public struct Epoch {
        /// From 1.
        public let number: Int
        /// The learning rate that it was tuned at.
        public let learningRate: Double
        /// The losses of its updates, in their order.
        public let losses: [Double]
        /// All tensors of the UNet by the names of its weight files.
        public let weights: [(name: String, tensor: Tensor)]

        /// The model with these weights.
        /// - Throws: `WeightError` for weights of another network.
        public func model(over base: PixelModel) throws -> PixelModel {
            try base.overlaid(unet: .replacing(Dictionary(uniqueKeysWithValues: weights)))
        }
    }

    /// A tuning of a model.
    /// - Throws: `DiffusionCLIPError.setting`.
    public init(
        _ model: PixelModel, network: any EmbeddingNetwork, settings: DiffusionCLIPSettings = .init()
    ) throws(DiffusionCLIPError) {
        try settings.check(model.schedule)
        self.model = model
        self.network = network
        self.settings = settings
    }

    /// The latents at t₀ that images are inverted to by the model as it is; once for any number of text pairs.
    ///
    /// - Parameter images: [1, 3, H, W] in -1…1.
    public func inverted(_ images: [Tensor], in session: DiffusionSession) throws -> [Tensor] {
        let grid = TimeGrid(steps: settings.inversionSteps, top: settings.top)
        let chain = DDIMChain(grid.ascending(in: model.schedule), stage: "inverting")
        return try withoutGradients {
            try chain(images, in: session, NoiseMixture(model).predictor(in: session))
        }
    }

    /// Tunes a fresh copy of the model for a pair of texts; nothing is left of an earlier pair's.
    ///
    /// - Parameters:
    ///   - images: [1, 3, H, W] in -1…1, seen one at a time in this order.
    ///   - latents: what they were inverted to.
    ///   - each: gets every epoch's weights as it ends.
    /// - Returns: all epochs: which is best, a look at each of them says, for the last ones may overdo it.
    /// - Throws: `DiffusionCLIPError`, `EditingError.diverged`, `CancellationError`.
    public func tune(
        on images: [Tensor], inverted latents: [Tensor], toward pair: TextPair, in session: DiffusionSession,
        each: (Epoch) throws -> Void = { _ in }
    ) throws -> [Epoch] {
        guard !images.isEmpty, images.count == latents.count else {
            throw DiffusionCLIPError.images("\(images.count) with \(latents.count) inverted ones")
        }
        let direction = try DirectionalLoss(
            from: pair.source, to: pair.target, templates: settings.templates, in: network)
        let names = model.unetTensors().map(\.name)
        let leaves = model.unetTensors().map { $0.tensor.detached.copied.requiringGradient }
        let parameters = ParameterSet(
            names: names, working: leaves, masters: leaves, weightDecay: 0, averageDecay: nil)
        let tuned = try model.overlaid(
            unet: .replacing(Dictionary(uniqueKeysWithValues: zip(names, leaves))))
        let run = DiffusionCLIPRun(
            settings: settings, direction: direction, parameters: parameters,
            session: DiffusionSession(continuing: session, with: tuned))
        var rate = settings.learningRate
        var epochs: [Epoch] = []
        for number in 1...settings.epochs {
            var losses: [Double] = []
            for place in session.steps("tuning, epoch \(number)", images.indices) {
                losses += try run.update(
                    images[place], from: latents[place], learningRate: rate, stage: "epoch \(number)")
            }
            let epoch = Epoch(
                number: number, learningRate: rate, losses: losses,
                weights: zip(names, leaves).map { ($0, $1.detached.copied) })
            try each(epoch)
            epochs.append(epoch)
            rate *= settings.growth
        }
        return epochs
    }
}

/// The updates of one run for one pair of texts.
final class DiffusionCLIPRun {
    private let settings: DiffusionCLIPSettings
    private let direction: DirectionalLoss
    private let parameters: ParameterSet
    private let session: DiffusionSession
    private let chain: DDIMChain
    private var updates = 0

    init(
        settings: DiffusionCLIPSettings, direction: DirectionalLoss, parameters: ParameterSet,
        session: DiffusionSession
    ) {
        self.settings = settings
        self.direction = direction
        self.parameters = parameters
        self.session = session
        let grid = TimeGrid(steps: settings.generationSteps, top: settings.top)
        chain = DDIMChain(grid.descending(in: session.schedule), stage: "generating")
    }

    private func predict(_ latents: [Tensor], _ level: NoiseLevel) throws -> [Tensor] {
        try session.predict(latents.map { Query($0, at: level, prompt: .unconditional()) })
    }

    /// 3·L_clip + w·L1 of a made image (with the settings' weights).
    private func loss(of made: Tensor, for image: Tensor) -> Tensor {
        var loss = (made - image).absolute.mean * settings.l1Weight
        if settings.clipWeight > 0 {
            loss += DirectionalLoss.stretched(direction(made, from: image)).mean * settings.clipWeight
        }
        return loss
    }

    /// Tunes on one image.
    /// - Returns: the loss of each update: one, or one for each step.
    func update(
        _ image: Tensor, from latent: Tensor, learningRate: Double, stage: String
    ) throws -> [Double] {
        if settings.mode == .local {
            return try updateAtEveryStep(image, from: latent, learningRate: learningRate, stage: stage)
        }
        let (loss, slopes) = try gradients(image, from: latent)
        try descend(slopes, loss, learningRate: learningRate, stage: stage)
        return [loss]
    }

    /// The gradient of the loss of the whole chain.
    func gradients(_ image: Tensor, from latent: Tensor) throws -> (loss: Double, slopes: [Tensor]) {
        if settings.mode == .chain {
            let loss = try withGradients {
                var made = latent.detached
                for move in 0..<chain.moves {
                    made = chain.end(of: move, made, try predict([made], chain.levels[move])[0])
                }
                return self.loss(of: made, for: image)
            }
            let slopes = try session.gradients(of: loss, withRespectTo: parameters.leaves, rows: chain.moves)
            return (loss.item, slopes)
        }
        let found = try chain.gradients(
            from: latent, withRespectTo: parameters.leaves, in: session, predicting: predict
        ) { self.loss(of: $0, for: image) }
        return (found.loss, found.gradients)
    }

    /// At every level: the loss of the predicted clean image, an update, and on from there by the noise as it was seen.
    private func updateAtEveryStep(
        _ image: Tensor, from latent: Tensor, learningRate: Double, stage: String
    ) throws -> [Double] {
        var state = latent.detached
        return try (0..<chain.moves).map { move in
            let (loss, slopes, next) = try localGradients(image, from: state, at: move)
            try descend(slopes, loss, learningRate: learningRate, stage: stage)
            state = next
            return loss
        }
    }

    /// The gradient of the loss of one move's predicted clean image, and the latent after the move.
    func localGradients(
        _ image: Tensor, from state: Tensor, at move: Int
    ) throws -> (loss: Double, slopes: [Tensor], next: Tensor) {
        let level = chain.levels[move]
        let noise = try withGradients { try predict([state], level)[0] }
        let value = withGradients {
            loss(of: DDIM.predictedOriginal(state, noise, at: level), for: image)
        }
        let slopes = try session.gradients(of: value, withRespectTo: parameters.leaves, rows: 1)
        return (
            value.item, slopes, chain.end(of: move, state, noise.detached)
        )
    }

    private func descend(
        _ slopes: [Tensor], _ loss: Double, learningRate: Double, stage: String
    ) throws {
        guard loss.isFinite else { throw EditingError.diverged(stage: stage, step: updates + 1) }
        parameters.descend(along: slopes, step: updates, learningRate: learningRate)
        updates += 1
    }
}
