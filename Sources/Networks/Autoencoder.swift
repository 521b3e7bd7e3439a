public import Layers
public import Tensors

/// Images to latents and back (`AutoencoderKL`).
public final class Autoencoder {
    /// How it is built.
    public let configuration: AutoencoderConfiguration
    private let encoder: Encoder
    private let decoder: Decoder
    private let quantization: Convolution?
    private let dequantization: Convolution?

    /// Builds the network from its weights.
    /// - Throws: `WeightError` for a missing or misshapen tensor.
    public init(_ weights: Weights, _ configuration: AutoencoderConfiguration) throws {
        self.configuration = configuration
        let latent = configuration.latentChannels
        encoder = try Encoder(weights["encoder"], configuration)
        decoder = try Decoder(weights["decoder"], configuration)
        quantization =
            configuration.useQuantConv
            ? try Convolution(weights["quant_conv"], latent * 2, latent * 2, size: 1) : nil
        dequantization =
            configuration.usePostQuantConv
            ? try Convolution(weights["post_quant_conv"], latent, latent, size: 1) : nil
    }

    /// The posterior of images [B, 3, H, W] in -1…1: mean and log variance, each [B, latentChannels, H/f, W/f].
    public func encode(_ images: Tensor) -> (mean: Tensor, logVariance: Tensor) {
        let encoded = encoder(images)
        let moments = (quantization?(encoded) ?? encoded).chunks(2, along: 1)
        return (moments[0], moments[1].clamped(-30, 20))
    }

    /// Images in about -1…1 from unscaled latents [B, latentChannels, h, w].
    public func decode(_ latents: Tensor) -> Tensor { decoder(dequantization?(latents) ?? latents) }
}

/// Convolutions and downsampling from images to moments.
private struct Encoder {
    private let convIn: Convolution
    private let stages: [(resnets: [Resnet], downsampler: Downsampler?)]
    private let middle: AutoencoderMiddle
    private let normOut: GroupNorm
    private let convOut: Convolution

    init(_ weights: Weights, _ configuration: AutoencoderConfiguration) throws {
        let channels = configuration.blockOutChannels
        let last = channels.count - 1
        let groups = configuration.normNumGroups
        convIn = try Convolution(weights["conv_in"], configuration.inChannels, channels[0])
        stages = try channels.indices.map { index in
            let stage = weights["down_blocks"][index]
            let resnets = try (0..<configuration.layersPerBlock).map { layer in
                try Resnet(
                    stage["resnets"][layer], layer == 0 ? channels[max(index - 1, 0)] : channels[index],
                    channels[index], timeChannels: nil, style: configuration.resnets)
            }
            let downsampler =
                index == last
                ? nil : try Downsampler(stage["downsamplers"][0], channels[index], asymmetric: true)
            return (resnets, downsampler)
        }
        middle = try AutoencoderMiddle(weights["mid_block"], channels[last], configuration)
        normOut = try GroupNorm(weights["conv_norm_out"], channels[last], groups: groups, epsilon: 1e-6)
        convOut = try Convolution(weights["conv_out"], channels[last], configuration.latentChannels * 2)
    }

    func callAsFunction(_ images: Tensor) -> Tensor {
        var x = convIn(images)
        for stage in stages {
            for resnet in stage.resnets { x = resnet(x) }
            if let downsampler = stage.downsampler { x = downsampler(x) }
        }
        return convOut(normOut(middle(x)).silu)
    }
}

/// Convolutions and upsampling from latents to images.
private struct Decoder {
    private let convIn: Convolution
    private let middle: AutoencoderMiddle
    private let stages: [(resnets: [Resnet], upsampler: Upsampler?)]
    private let normOut: GroupNorm
    private let convOut: Convolution

    init(_ weights: Weights, _ configuration: AutoencoderConfiguration) throws {
        let channels = Array(configuration.blockOutChannels.reversed())
        let last = channels.count - 1
        let groups = configuration.normNumGroups
        convIn = try Convolution(weights["conv_in"], configuration.latentChannels, channels[0])
        middle = try AutoencoderMiddle(weights["mid_block"], channels[0], configuration)
        stages = try channels.indices.map { index in
            let stage = weights["up_blocks"][index]
            let resnets = try (0...configuration.layersPerBlock).map { layer in
                try Resnet(
                    stage["resnets"][layer], layer == 0 ? channels[max(index - 1, 0)] : channels[index],
                    channels[index], timeChannels: nil, style: configuration.resnets)
            }
            return (resnets, index == last ? nil : try Upsampler(stage["upsamplers"][0], channels[index]))
        }
        normOut = try GroupNorm(weights["conv_norm_out"], channels[last], groups: groups, epsilon: 1e-6)
        convOut = try Convolution(weights["conv_out"], channels[last], configuration.outChannels)
    }

    func callAsFunction(_ latents: Tensor) -> Tensor {
        var x = middle(convIn(latents))
        for stage in stages {
            for resnet in stage.resnets { x = resnet(x) }
            if let upsampler = stage.upsampler { x = upsampler(x) }
        }
        return convOut(normOut(x).silu)
    }
}

/// Two resnets around self-attention of one head.
private struct AutoencoderMiddle {
    private let first: Resnet
    private let attention: AutoencoderAttention?
    private let second: Resnet

    init(_ weights: Weights, _ channels: Int, _ configuration: AutoencoderConfiguration) throws {
        let groups = configuration.normNumGroups
        first = try Resnet(
            weights["resnets"][0], channels, channels, timeChannels: nil, style: configuration.resnets)
        attention =
            configuration.midBlockAddAttention
            ? try AutoencoderAttention(weights["attentions"][0], channels, groups: groups) : nil
        second = try Resnet(
            weights["resnets"][1], channels, channels, timeChannels: nil, style: configuration.resnets)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let x = first(x)
        return second(attention?(x) ?? x)
    }
}

/// Self-attention over places with one head.
private struct AutoencoderAttention {
    private let norm: GroupNorm
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let output: Linear

    init(_ weights: Weights, _ channels: Int, groups: Int) throws {
        let parts = AttentionWeights(weights)
        func linear(_ weights: Weights) throws -> Linear {
            try Linear(weights, channels, channels, pointwise: true)
        }
        norm = try GroupNorm(weights["group_norm"], channels, groups: groups, epsilon: 1e-6)
        query = try linear(parts.query)
        key = try linear(parts.key)
        value = try linear(parts.value)
        output = try linear(parts.output)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let (batch, channels, height, width) = x.shape4
        let tokens = norm(x).reshaped([batch, channels, height * width]).transposed(1, 2)  // [B, N, C]
        let attended = Tensor.attention(
            query(tokens).unsqueezed(1), key(tokens).unsqueezed(1), value(tokens).unsqueezed(1))
        return output(attended.squeezed(1)).transposed(1, 2).reshaped([batch, channels, height, width]) + x
    }
}

extension AutoencoderConfiguration {
    /// What its resnets have in common.
    fileprivate var resnets: Resnet.Style {
        Resnet.Style(groups: normNumGroups, epsilon: 1e-6, activation: activation)
    }
}
