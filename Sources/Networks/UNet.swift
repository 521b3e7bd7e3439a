public import Layers
public import Tensors

/// The noise predictor of the Stable Diffusion 1.x and 2.x family (`UNet2DConditionModel`).
public final class UNet {
    /// How it is built.
    public let configuration: UNetConfiguration
    /// Every place that a plan may look at, in the order in which a pass reaches them.
    public let sites: [Site]

    private let siteSet: Set<Site>
    private let convIn: Convolution
    private let time: TimeEmbedding
    private let downs: [DownStage]
    private let middle: MiddleStage
    private let ups: [UpStage]
    private let normOut: GroupNorm
    private let convOut: Convolution

    /// Builds the network from its weights.
    /// - Throws: `WeightError` for a missing or misshapen tensor.
    public init(_ weights: Weights, _ configuration: UNetConfiguration) throws {
        self.configuration = configuration
        let channels = configuration.blockOutChannels
        let timeChannels = configuration.timeChannels
        convIn = try Convolution(
            weights["conv_in"], configuration.inChannels, channels[0], size: configuration.wayInSize)
        time = try TimeEmbedding(
            weights["time_embedding"],
            .init(
                channels: channels[0], width: timeChannels, flipSinToCos: configuration.flipSinToCos,
                freqShift: configuration.freqShift))
        downs = try channels.indices.map {
            try DownStage(weights["down_blocks"][$0], index: $0, configuration, timeChannels: timeChannels)
        }
        middle = try MiddleStage(weights["mid_block"], configuration, timeChannels: timeChannels)
        ups = try channels.indices.map {
            try UpStage(weights["up_blocks"][$0], index: $0, configuration, timeChannels: timeChannels)
        }
        normOut = try GroupNorm(
            weights["conv_norm_out"], channels[0], groups: configuration.normNumGroups,
            epsilon: configuration.normEps)
        convOut = try Convolution(
            weights["conv_out"], channels[0], configuration.outChannels, size: configuration.wayOutSize)
        sites = downs.flatMap(\.orderedSites) + middle.orderedSites + ups.flatMap(\.orderedSites)
        siteSet = Set(sites)
    }

    /// The attention layers that look at the prompt, in the order of a pass.
    private var transformers: [SpatialTransformer] {
        downs.flatMap(\.transformers) + middle.transformers + ups.flatMap(\.transformers)
    }

    /// Computes every layer's keys and values of prompts [B, L, D] once, for use in many steps.
    public func context(_ prompts: Tensor) -> PromptContext {
        PromptContext(embedding: prompts, layers: transformers.map { $0.keysAndValues(prompts) })
    }

    /// Predicts noise (or v, as the model was trained).
    /// - Parameters:
    ///   - latents: [B, inChannels, h, w]
    ///   - timesteps: [B], int64 or floating point
    ///   - context: prompts of B rows
    ///   - plans: one per row, or none at all
    ///   - checkpointing: whether gradients cost a second forward pass instead of memory
    /// - Returns: [B, outChannels, h, w]
    public func callAsFunction(
        _ latents: Tensor, timesteps: Tensor, context: PromptContext, plans: [Plan] = [],
        checkpointing: Bool = false
    ) -> Tensor {
        precondition(
            plans.isEmpty || plans.count == latents.shape[0], "\(plans.count) plans for \(latents.shape)")
        let pass = Pass(plans, checkpointing: checkpointing)
        for plan in plans {
            let unknown = plan.sites.subtracting(siteSet)
            precondition(unknown.isEmpty, "this UNet has no site \(unknown.map(\.description).sorted())")
        }
        let keysAndValues = context.layers ?? transformers.map { $0.keysAndValues(context.embedding) }
        var layers = keysAndValues[...]
        let time = embedded(timesteps, dtype: latents.dtype)  // [B, timeChannels]

        // Channels innermost is the order that transformers make anyway, and convolutions are a little faster in it.
        // Whoever takes gradients chooses by the latents' order: normalisation loses digits there on its way back.
        let takesGradients = latents.recordsGradient || convIn.weight.recordsGradient
        let centred = configuration.centersInput ? latents * 2 - 1 : latents
        var x = pass.placed(convIn(takesGradients ? centred : centred.channelsLast))
        var skips = [x]
        for stage in downs { x = stage(x, time, &layers, &skips, pass) }
        x = middle(x, time, &layers, pass)
        for stage in ups { x = stage(x, time, &layers, &skips, pass) }
        return convOut(configuration.activation(normOut(x)))
    }

    /// What every resnet is told of the time, activated as each of them would.
    private func embedded(_ timesteps: Tensor, dtype: DType) -> Tensor {
        let activation = configuration.activation
        var embedding = time(timesteps, dtype: dtype, activation)
        for more in [configuration.timeInnerActivation, configuration.timeOuterActivation] {
            if let more { embedding = more(embedding) }
        }
        return activation(embedding)
    }
}

/// Prompts as the UNet sees them: embeddings and, where prepared, every layer's keys and values.
public struct PromptContext {
    /// Embeddings, [B, L, D].
    public let embedding: Tensor
    let layers: [KeysAndValues]?

    /// Prompts whose keys and values are computed in the pass, so that gradients reach the embedding.
    public init(embedding: Tensor) { self.init(embedding: embedding, layers: nil) }

    init(embedding: Tensor, layers: [KeysAndValues]?) {
        self.embedding = embedding
        self.layers = layers
    }

    /// Some of the rows.
    public func rows(_ range: Range<Int>) -> PromptContext {
        PromptContext(
            embedding: embedding.rows(range),
            layers: layers?.map { KeysAndValues(keys: $0.keys.rows(range), values: $0.values.rows(range)) })
    }

    /// Contexts as the rows of one batch; prepared where all of them are.
    public static func concatenated(_ rows: [PromptContext]) -> PromptContext {
        if rows.count == 1 { return rows[0] }
        let embedding = Tensor.concatenated(rows.map(\.embedding))
        let prepared = rows.compactMap(\.layers)
        guard prepared.count == rows.count else { return PromptContext(embedding: embedding) }
        let layers = prepared[0].indices.map { layer in
            KeysAndValues(
                keys: .concatenated(prepared.map { $0[layer].keys }),
                values: .concatenated(prepared.map { $0[layer].values }))
        }
        return PromptContext(embedding: embedding, layers: layers)
    }
}
