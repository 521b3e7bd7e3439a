public import Layers
public import Tensors

/// An unconditional noise predictor in pixel space (`UNet2DModel`): DDPM's network, or ADM's.
public final class PixelUNet {
    /// How it is built.
    public let configuration: PixelUNetConfiguration
    /// Every place that a plan may look at, in the order in which a pass reaches them.
    public let sites: [Site]

    private let siteSet: Set<Site>
    private let convIn: Convolution
    private let time: TimeEmbedding
    private let downs: [PixelDownStage]
    private let middle: PixelMiddleStage
    private let ups: [PixelUpStage]
    private let normOut: GroupNorm
    private let convOut: Convolution

    /// Builds the network from its weights.
    /// - Throws: `WeightError` for a missing or misshapen tensor.
    public init(_ weights: Weights, _ configuration: PixelUNetConfiguration) throws {
        self.configuration = configuration
        let channels = configuration.blockOutChannels
        convIn = try Convolution(weights["conv_in"], configuration.inChannels, channels[0])
        time = try TimeEmbedding(
            weights["time_embedding"],
            .init(
                channels: channels[0], width: configuration.timeChannels,
                flipSinToCos: configuration.flipSinToCos, freqShift: configuration.freqShift))
        downs = try channels.indices.map {
            try PixelDownStage(weights["down_blocks"][$0], index: $0, configuration)
        }
        middle = try PixelMiddleStage(weights["mid_block"], configuration)
        ups = try channels.indices.map {
            try PixelUpStage(weights["up_blocks"][$0], index: $0, configuration)
        }
        normOut = try GroupNorm(
            weights["conv_norm_out"], channels[0], groups: configuration.normNumGroups,
            epsilon: configuration.normEps)
        convOut = try Convolution(weights["conv_out"], channels[0], configuration.outChannels)
        sites = downs.flatMap(\.orderedSites) + middle.orderedSites + ups.flatMap(\.orderedSites)
        siteSet = Set(sites)
    }

    /// Predicts noise, and behind it the learned variance where the network has one.
    /// - Parameters:
    ///   - images: [B, inChannels, H, W] in about -1…1; sides are multiples of the configuration's factor.
    ///   - timesteps: [B], int64 or floating point
    ///   - plans: one per row, or none at all
    /// - Returns: [B, outChannels, H, W]
    public func callAsFunction(_ images: Tensor, timesteps: Tensor, plans: [Plan] = []) -> Tensor {
        let (rows, _, height, width) = images.shape4
        precondition(plans.isEmpty || plans.count == rows, "\(plans.count) plans for \(images.shape)")
        precondition(
            height % configuration.factor == 0 && width % configuration.factor == 0,
            "sides \(height)×\(width) are no multiples of \(configuration.factor)")
        for plan in plans {
            let unknown = plan.sites.subtracting(siteSet)
            precondition(unknown.isEmpty, "this UNet has no site \(unknown.map(\.description).sorted())")
        }
        let pass = Pass(plans)
        let activation = Activation.silu
        let embedding = activation(time(timesteps, dtype: images.dtype, activation))

        // As in the conditional UNet: channels innermost is faster, and loses digits on the way back.
        let takesGradients = images.recordsGradient || convIn.weight.recordsGradient
        let centred = configuration.centersInput ? images * 2 - 1 : images
        var x = convIn(takesGradients ? centred : centred.channelsLast)
        var skips = [x]
        for stage in downs { x = stage(x, embedding, &skips, pass) }
        x = middle(x, embedding, pass)
        for stage in ups { x = stage(x, embedding, &skips, pass) }
        return convOut(activation(normOut(x)))
    }
}
