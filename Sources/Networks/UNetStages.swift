import Layers
import Tensors

/// One resnet and, where the stage has it, the transformer behind it.
private struct StageLayer {
    let resnet: Resnet
    let transformer: SpatialTransformer?
    let parameters: [Tensor]
    let orderedSites: [Site]
    private let evictPages: [() -> Void]

    init(resnet: Resnet, transformer: SpatialTransformer?, weights: [Weights]) {
        self.resnet = resnet
        self.transformer = transformer
        parameters = weights.flatMap(\.parameters)
        evictPages = weights.compactMap(\.evictPages)
        orderedSites = resnet.orderedSites + (transformer?.orderedSites ?? [])
    }

    func callAsFunction(
        _ x: Tensor, _ time: Tensor, _ context: inout ArraySlice<KeysAndValues>, _ pass: Pass
    ) -> Tensor {
        let prompt = transformer == nil ? nil : context.removeFirst()
        guard pass.checkpoints(orderedSites) else {
            defer { for part in evictPages { part() } }
            return run(x, time, prompt, pass)
        }
        let inputs = [x, time] + (prompt.map { [$0.keys, $0.values] } ?? [])
        return checkpointed(inputs, parameters: parameters) { inputs in
            let prompt = inputs.count > 2 ? KeysAndValues(keys: inputs[2], values: inputs[3]) : nil
            return run(inputs[0], inputs[1], prompt, pass)
        }
    }

    private func run(_ x: Tensor, _ time: Tensor, _ prompt: KeysAndValues?, _ pass: Pass) -> Tensor {
        let x = resnet(x, time: time, pass)
        guard let transformer, let prompt else { return x }
        return transformer(x, prompt, pass)
    }
}

/// Builds a stage's layers from its weights.
private struct StageBuilder {
    let weights: Weights
    let configuration: UNetConfiguration
    let stage: Site.Stage
    let level: Int
    let timeChannels: Int

    private var scale: Int { 1 << level }

    /// A resnet and, where wanted, a transformer behind it.
    func layer(_ layer: Int, _ inputs: Int, _ outputs: Int, attends: Bool) throws -> StageLayer {
        let resnet = try Resnet(
            weights["resnets"][layer], inputs, outputs, timeChannels: timeChannels,
            style: Resnet.Style(
                groups: configuration.normNumGroups, epsilon: configuration.normEps,
                activation: configuration.activation, timeScales: configuration.timeScales,
                divisor: stage == .middle ? configuration.midBlockScale : 1),
            site: Site(stage: stage, layer: layer, attention: nil, value: .features, scale: scale))
        let transformer =
            attends
            ? try SpatialTransformer(
                weights["attentions"][layer], channels: outputs, heads: configuration.heads[level],
                configuration: configuration, stage: stage, layer: layer, scale: scale) : nil
        return StageLayer(
            resnet: resnet, transformer: transformer,
            weights: [weights["resnets"][layer], weights["attentions"][layer]])
    }
}

/// Resnets (and transformers) on the way down; every result is kept for the way up.
struct DownStage {
    private let layers: [StageLayer]
    private let downsampler: Downsampler?

    init(_ weights: Weights, index: Int, _ configuration: UNetConfiguration, timeChannels: Int) throws {
        let channels = configuration.blockOutChannels
        let builder = StageBuilder(
            weights: weights, configuration: configuration, stage: .down(index), level: index,
            timeChannels: timeChannels)
        layers = try (0..<configuration.layersPerBlock[index]).map { layer in
            let inputs = layer == 0 ? channels[max(index - 1, 0)] : channels[index]
            return try builder.layer(
                layer, inputs, channels[index], attends: configuration.downAttends[index])
        }
        downsampler =
            index == channels.count - 1
            ? nil
            : try Downsampler(
                weights["downsamplers"][0], channels[index],
                asymmetric: configuration.downsamplesAsymmetrically)
    }

    var orderedSites: [Site] { layers.flatMap(\.orderedSites) }
    var transformers: [SpatialTransformer] { layers.compactMap(\.transformer) }

    func callAsFunction(
        _ input: Tensor, _ time: Tensor, _ context: inout ArraySlice<KeysAndValues>, _ skips: inout [Tensor],
        _ pass: Pass
    ) -> Tensor {
        var x = input
        for layer in layers {
            x = layer(x, time, &context, pass)
            skips.append(x)
        }
        if let downsampler {
            x = downsampler(x)
            skips.append(x)
        }
        return x
    }
}

/// Two resnets around a transformer at the smallest size.
struct MiddleStage {
    private let first: StageLayer
    private let second: StageLayer

    init(_ weights: Weights, _ configuration: UNetConfiguration, timeChannels: Int) throws {
        let level = configuration.blockOutChannels.count - 1
        let channels = configuration.blockOutChannels[level]
        let builder = StageBuilder(
            weights: weights, configuration: configuration, stage: .middle, level: level,
            timeChannels: timeChannels)
        first = try builder.layer(0, channels, channels, attends: true)
        second = try builder.layer(1, channels, channels, attends: false)
    }

    var orderedSites: [Site] { first.orderedSites + second.orderedSites }
    var transformers: [SpatialTransformer] { [first.transformer].compactMap(\.self) }

    func callAsFunction(
        _ x: Tensor, _ time: Tensor, _ context: inout ArraySlice<KeysAndValues>, _ pass: Pass
    ) -> Tensor {
        second(first(x, time, &context, pass), time, &context, pass)
    }
}

/// Resnets (and transformers) on the way up, each fed one kept result of the way down.
struct UpStage {
    private let layers: [StageLayer]
    private let upsampler: Upsampler?

    init(_ weights: Weights, index: Int, _ configuration: UNetConfiguration, timeChannels: Int) throws {
        let channels = configuration.blockOutChannels
        let level = channels.count - 1 - index
        let builder = StageBuilder(
            weights: weights, configuration: configuration, stage: .up(index), level: level,
            timeChannels: timeChannels)
        let outputs = channels[level]
        let below = index == 0 ? channels[level] : channels[level + 1]
        let count = configuration.layersPerBlock[level] + 1
        layers = try (0..<count).map { layer in
            // The last kept result of a stage comes from the stage above it (its downsampler, or the way in).
            let skip = layer == count - 1 ? channels[max(level - 1, 0)] : outputs
            let inputs = layer == 0 ? below : outputs
            return try builder.layer(layer, inputs + skip, outputs, attends: configuration.upAttends[index])
        }
        upsampler = index == channels.count - 1 ? nil : try Upsampler(weights["upsamplers"][0], outputs)
    }

    var orderedSites: [Site] { layers.flatMap(\.orderedSites) }
    var transformers: [SpatialTransformer] { layers.compactMap(\.transformer) }

    func callAsFunction(
        _ input: Tensor, _ time: Tensor, _ context: inout ArraySlice<KeysAndValues>, _ skips: inout [Tensor],
        _ pass: Pass
    ) -> Tensor {
        var x = input
        for layer in layers {
            x = layer(.concatenated([x, skips.removeLast()], along: 1), time, &context, pass)
        }
        guard let upsampler else { return x }
        // Odd sizes were rounded up on the way down: aim at the size of the result kept there.
        let target = skips[skips.count - 1].shape4
        return upsampler(x, to: (target.2, target.3))
    }
}
