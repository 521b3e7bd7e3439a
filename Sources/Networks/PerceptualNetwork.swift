public import Layers
public import Tensors

/// The network of LPIPS: features of a convolutional trunk at five depths, and a weight for each of their channels.
///
/// Zhang and others, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018, version 0.1.
public final class PerceptualNetwork {
    /// How it is built.
    public let configuration: PerceptualNetworkConfiguration
    private let trunk: [Convolution]
    /// Weights of channels, [1, C, 1, 1] for each depth.
    private let heads: [Tensor]

    /// Builds the network from its weights: `trunk.K` and `heads.K`.
    /// - Throws: `WeightError` for a missing or misshapen tensor.
    public init(_ weights: Weights, _ configuration: PerceptualNetworkConfiguration) throws {
        self.configuration = configuration
        let channels = configuration.channels
        switch configuration.trunk {
        case .alex:
            trunk = try [11, 5, 3, 3, 3].enumerated().map { index, size in
                try Convolution(
                    weights["trunk"][index], index == 0 ? 3 : channels[index - 1], channels[index],
                    size: size, stride: index == 0 ? 4 : 1, padding: index == 0 ? 2 : size / 2)
            }
        case .vgg:
            var layers: [Convolution] = []
            for (level, count) in PerceptualNetworkConfiguration.layersOfVGG.enumerated() {
                for layer in 0..<count {
                    let inputs =
                        layer > 0 ? channels[level] : (level == 0 ? 3 : channels[level - 1])
                    layers.append(
                        try Convolution(weights["trunk"][layers.count], inputs, channels[level]))
                }
            }
            trunk = layers
        }
        heads = try channels.enumerated().map {
            try weights["heads"][$0].tensor("weight", [1, $1, 1, 1], .constant(1))
        }
    }

    /// Maps [B, 1, h, w] of how unlike two batches of images [B, 3, H, W] in -1…1 look, one for each depth.
    public func differences(_ first: Tensor, _ second: Tensor) -> [Tensor] {
        zip(zip(features(of: first), features(of: second)), heads).map { pair, head in
            (Self.unit(pair.0) - Self.unit(pair.1)).squared.convolved(head, nil)
        }
    }

    /// LPIPS of two batches of images [B, 3, H, W] in -1…1, [B]: the means of all depths' maps, added.
    public func callAsFunction(_ first: Tensor, _ second: Tensor) -> Tensor {
        let means = differences(first, second).map { $0.mean([1, 2, 3]) }
        return means.dropFirst().reduce(means[0], +)
    }

    /// The trunk's features of images [B, 3, H, W] in -1…1 at its five depths.
    private func features(of images: Tensor) -> [Tensor] {
        // Means and deviations of ImageNet's colours, brought to -1…1.
        let shift = Tensor([-0.030, -0.088, -0.188] as [Float], shape: [1, 3, 1, 1]).like(images)
        let scale = Tensor([0.458, 0.448, 0.450] as [Float], shape: [1, 3, 1, 1]).like(images)
        var x = (images - shift) / scale
        var found: [Tensor] = []
        switch configuration.trunk {
        case .alex:
            for (depth, layer) in trunk.enumerated() {
                if depth == 1 || depth == 2 { x = x.maxPooled(3, stride: 2) }
                x = layer(x).relu
                found.append(x)
            }
        case .vgg:
            var place = 0
            for (level, count) in PerceptualNetworkConfiguration.layersOfVGG.enumerated() {
                if level > 0 { x = x.maxPooled(2, stride: 2) }
                for layer in trunk[place..<(place + count)] { x = layer(x).relu }
                place += count
                found.append(x)
            }
        }
        return found
    }

    /// Features of unit length at every place.
    private static func unit(_ features: Tensor) -> Tensor {
        features / (features.squared.sum([1], keeping: true).squareRoot + 1e-10)
    }
}

/// The shape of a network of LPIPS, as its `config.json` gives it.
public struct PerceptualNetworkConfiguration: Sendable, Hashable {
    /// What looks at the images.
    public enum Trunk: String, Sendable, CaseIterable {
        /// AlexNet as torchvision has it, after every rectification.
        case alex
        /// VGG-16, before every pooling and after the last rectification.
        case vgg
    }

    /// What `model_type` says.
    public static let modelType = "pentimento_lpips"
    /// Convolutions of VGG-16 between poolings.
    static let layersOfVGG = [2, 2, 3, 3, 3]

    /// What looks at the images.
    public var trunk: Trunk
    /// Channels at the five depths.
    public var channels: [Int]

    /// A trunk with so many channels at its five depths.
    public init(trunk: Trunk, channels: [Int]) {
        (self.trunk, self.channels) = (trunk, channels)
    }

    /// Reads `config.json`.
    /// - Throws: `ConfigurationError`, naming what is missing or not known here.
    public init(contentsOf path: String) throws {
        let file = try ConfigurationFile(path: path)
        let name = try file.value("trunk", "")
        guard let trunk = Trunk(rawValue: name) else {
            throw ConfigurationError.value(
                path: path, key: "trunk", value: "\"\(name)\"",
                known: Trunk.allCases.map(\.rawValue).joined(separator: ", "))
        }
        self.trunk = trunk
        channels = try file.counts("channels", 1, entries: 5)
        try file.allow(
            ["trunk", "channels"], ignored: ["source", "licence"], neutral: ["model_type": [Self.modelType]])
    }
}
