public import Layers
public import Tensors

/// A small convolutional network that says of a whole image which label of each group fits, such as its kind and colour.
///
/// Each group looks where it finds its evidence: the features of all places are averaged by weights of the group's own.
public final class LabelNetwork {
    /// How it is built.
    public let configuration: LabelNetworkConfiguration
    private let first: Convolution
    private let levels: [(down: Convolution, resnets: [Resnet])]
    private let norm: GroupNorm
    private let places: Convolution
    private let heads: [(hidden: Linear, labels: Linear)]

    /// Builds the network from its weights.
    /// - Throws: `WeightError` for a missing or misshapen tensor.
    public init(_ weights: Weights, _ configuration: LabelNetworkConfiguration) throws {
        self.configuration = configuration
        let (channels, groups) = (configuration.channels, configuration.normGroups)
        first = try Convolution(weights["first"], 3, channels[0], stride: 2)
        levels = try channels.indices.dropFirst().map { index in
            let level = weights["levels"][index - 1]
            return (
                try Convolution(level["down"], channels[index - 1], channels[index], stride: 2),
                try (0..<configuration.layersPerLevel).map {
                    try Resnet(
                        level["resnets"][$0], channels[index], channels[index], timeChannels: nil,
                        style: .init(groups: groups, epsilon: 1e-6))
                }
            )
        }
        let last = channels[channels.count - 1]
        norm = try GroupNorm(weights["norm"], last, groups: groups, epsilon: 1e-6)
        places = try Convolution(weights["places"], last, configuration.groups.count, size: 1)
        heads = try configuration.groups.map { group in
            let head = weights["heads"][group.name]
            return (
                try Linear(head["hidden"], last, last), try Linear(head["labels"], last, group.labels.count)
            )
        }
    }

    /// Looks at images [B, 3, side, side] in -1…1; answers per group numbers before the softmax, [B, labels].
    /// - Parameter dropping: what training does to the pooled features, [B, groups, channels]; nil for nothing.
    public func callAsFunction(_ images: Tensor, dropping: ((Tensor) -> Tensor)? = nil) -> [Tensor] {
        let (batch, _, height, width) = images.shape4
        precondition(
            height == configuration.side && width == configuration.side,
            "pictures of \(width)×\(height) pixels where \(configuration.side) a side belong")
        var x = first(images).silu
        for level in levels { x = level.resnets.reduce(level.down(x)) { $1($0) } }
        x = norm(x).silu
        let (_, channels, rows, columns) = x.shape4
        let weights = places(x).reshaped([batch, heads.count, rows * columns]).softmax(-1)
        let pooled = weights.matmul(x.reshaped([batch, channels, rows * columns]).transposed(1, 2))
        let features = dropping?(pooled) ?? pooled
        return heads.enumerated().map { index, head in
            head.labels(head.hidden(features.narrowed(1, from: index, count: 1).squeezed(1)).silu)
        }
    }
}
