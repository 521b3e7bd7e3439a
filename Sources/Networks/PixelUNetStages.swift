import Layers
import Tensors

/// Self-attention over the places of a feature image, added to it.
private struct ImageAttention {
    private let norm: GroupNorm?
    private let attention: Attention
    private let divisor: Double

    /// - Parameters:
    ///   - groups: of the normalisation before it; nil for none.
    ///   - divisor: what the sum is divided by.
    init(
        _ weights: Weights, channels: Int, groups: Int?, _ configuration: PixelUNetConfiguration,
        at site: Site, divisor: Double
    ) throws {
        norm = try groups.map {
            try GroupNorm(weights["group_norm"], channels, groups: $0, epsilon: configuration.normEps)
        }
        attention = try Attention(
            weights, channels: channels, context: channels,
            heads: channels / (configuration.headChannels ?? channels), stage: site.stage,
            layer: site.layer, attention: .selfAttention, scale: site.scale, bias: true)
        self.divisor = divisor
    }

    var orderedSites: [Site] { attention.orderedSites }

    /// [B, C, H, W] → [B, C, H, W].
    func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
        let (batch, channels, height, width) = x.shape4
        func tokens(_ x: Tensor) -> Tensor {
            x.permuted(0, 2, 3, 1).reshaped([batch, height * width, channels])
        }
        let read = tokens(norm?(x) ?? x)
        let sum = attention(read, attention.keysAndValues(read), plus: tokens(x), pass)
            .reshaped([batch, height, width, channels]).permuted(0, 3, 1, 2)
        return divisor == 1 ? sum : sum / divisor
    }
}

/// One resnet and, where the stage has it, the attention behind it.
private struct PixelLayer {
    let resnet: Resnet
    let attention: ImageAttention?

    var orderedSites: [Site] { resnet.orderedSites + (attention?.orderedSites ?? []) }

    func callAsFunction(_ x: Tensor, _ time: Tensor, _ pass: Pass) -> Tensor {
        let x = resnet(x, time: time, pass)
        return attention?(x, pass) ?? x
    }
}

/// Builds a stage's parts from its weights.
private struct PixelStageBuilder {
    let weights: Weights
    let configuration: PixelUNetConfiguration
    let stage: Site.Stage
    let level: Int

    private var scale: Int { 1 << level }

    private var style: Resnet.Style {
        Resnet.Style(
            groups: configuration.normNumGroups, epsilon: configuration.normEps,
            timeScales: configuration.timeScales,
            divisor: stage == .middle ? configuration.midBlockScale : 1)
    }

    /// A resnet and, where wanted, self-attention behind it.
    func layer(_ layer: Int, _ inputs: Int, _ outputs: Int, attends: Bool) throws -> PixelLayer {
        let site = Site(stage: stage, layer: layer, attention: nil, value: .features, scale: scale)
        let resnet = try Resnet(
            weights["resnets"][layer], inputs, outputs, timeChannels: configuration.timeChannels,
            style: style, site: site)
        guard attends else { return PixelLayer(resnet: resnet, attention: nil) }
        var groups: Int? = configuration.normNumGroups
        if stage == .middle {
            groups = configuration.middleNormGroups ?? (configuration.timeScales ? nil : groups)
        }
        return PixelLayer(
            resnet: resnet,
            attention: try ImageAttention(
                weights["attentions"][layer], channels: outputs, groups: groups, configuration, at: site,
                divisor: style.divisor))
    }

    /// A resnet that changes the sides; it has no site, as convolutions that do have none.
    func resampling(_ name: String, _ channels: Int, _ resampling: Resnet.Resampling) throws -> Resnet {
        try Resnet(
            weights[name][0], channels, channels, timeChannels: configuration.timeChannels, style: style,
            resampling: resampling)
    }
}

/// Resnets (and attention) on the way down; every result is kept for the way up.
struct PixelDownStage {
    private let layers: [PixelLayer]
    private let convolution: Downsampler?
    private let resnet: Resnet?

    init(_ weights: Weights, index: Int, _ configuration: PixelUNetConfiguration) throws {
        let channels = configuration.blockOutChannels
        let block = configuration.downBlocks[index]
        let builder = PixelStageBuilder(
            weights: weights, configuration: configuration, stage: .down(index), level: index)
        layers = try (0..<configuration.layersPerBlock).map { layer in
            let inputs = layer == 0 ? channels[max(index - 1, 0)] : channels[index]
            return try builder.layer(layer, inputs, channels[index], attends: block == .attention)
        }
        let halves = index < channels.count - 1
        let inResnet = block == .resnet || (block == .attention && configuration.downsamplesInResnets)
        convolution =
            halves && !inResnet
            ? try Downsampler(
                weights["downsamplers"][0], channels[index],
                asymmetric: configuration.downsamplesAsymmetrically) : nil
        resnet =
            halves && inResnet ? try builder.resampling("downsamplers", channels[index], .halving) : nil
    }

    var orderedSites: [Site] { layers.flatMap(\.orderedSites) }

    func callAsFunction(_ input: Tensor, _ time: Tensor, _ skips: inout [Tensor], _ pass: Pass) -> Tensor {
        var x = input
        for layer in layers {
            x = layer(x, time, pass)
            skips.append(x)
        }
        if let smaller = convolution?(x) ?? resnet?(x, time: time, pass) {
            x = smaller
            skips.append(x)
        }
        return x
    }
}

/// Two resnets, with self-attention between them where the network has it, at the smallest size.
struct PixelMiddleStage {
    private let first: PixelLayer
    private let second: PixelLayer

    init(_ weights: Weights, _ configuration: PixelUNetConfiguration) throws {
        let level = configuration.blockOutChannels.count - 1
        let channels = configuration.blockOutChannels[level]
        let builder = PixelStageBuilder(
            weights: weights, configuration: configuration, stage: .middle, level: level)
        first = try builder.layer(0, channels, channels, attends: configuration.middleAttends)
        second = try builder.layer(1, channels, channels, attends: false)
    }

    var orderedSites: [Site] { first.orderedSites + second.orderedSites }

    func callAsFunction(_ x: Tensor, _ time: Tensor, _ pass: Pass) -> Tensor {
        second(first(x, time, pass), time, pass)
    }
}

/// Resnets (and attention) on the way up, each fed one kept result of the way down.
struct PixelUpStage {
    private let layers: [PixelLayer]
    private let convolution: Upsampler?
    private let resnet: Resnet?

    init(_ weights: Weights, index: Int, _ configuration: PixelUNetConfiguration) throws {
        let channels = configuration.blockOutChannels
        let level = channels.count - 1 - index
        let block = configuration.upBlocks[index]
        let builder = PixelStageBuilder(
            weights: weights, configuration: configuration, stage: .up(index), level: level)
        let outputs = channels[level]
        let below = index == 0 ? outputs : channels[level + 1]
        let count = configuration.layersPerBlock + 1
        layers = try (0..<count).map { layer in
            // The last kept result of a stage comes from the stage above it (its downsampler, or the way in).
            let skip = layer == count - 1 ? channels[max(level - 1, 0)] : outputs
            let inputs = layer == 0 ? below : outputs
            return try builder.layer(layer, inputs + skip, outputs, attends: block == .attention)
        }
        let doubles = level > 0
        let inResnet = block == .resnet || (block == .attention && configuration.upsamplesInResnets)
        convolution = doubles && !inResnet ? try Upsampler(weights["upsamplers"][0], outputs) : nil
        resnet = doubles && inResnet ? try builder.resampling("upsamplers", outputs, .doubling) : nil
    }

    var orderedSites: [Site] { layers.flatMap(\.orderedSites) }

    func callAsFunction(_ input: Tensor, _ time: Tensor, _ skips: inout [Tensor], _ pass: Pass) -> Tensor {
        var x = input
        for layer in layers {
            x = layer(.concatenated([x, skips.removeLast()], along: 1), time, pass)
        }
        return convolution?(x) ?? resnet?(x, time: time, pass) ?? x
    }
}
