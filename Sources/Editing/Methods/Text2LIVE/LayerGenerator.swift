import Layers
import Tensors

/// The generator of an edit layer: an encoder and decoder of seven scales that is trained from scratch for one image.
///
/// Ulyanov, Vedaldi and Lempitsky, "Deep Image Prior", CVPR 2018, with four output channels. An image goes in, its layer
/// comes out, at any size of `leastSide` pixels and more. About 3.1 million numbers at the paper's width.
struct LayerGenerator {
    /// Scales, each of half the size of the one before.
    static let scales = 7
    /// The shortest side whose seventh scale has two pixels, which reflection needs.
    static let leastSide = 129
    /// Channels that the paper's generator has at every scale.
    static let paperWidth = 128
    private static let skipWidth = 4

    private let scales: [Scale]
    private let head: Convolution

    /// Builds the network from its weights.
    init(_ weights: Weights, width: Int = LayerGenerator.paperWidth) throws {
        scales = try (0..<Self.scales).map {
            try Scale(
                weights["scales"][$0], from: $0 == 0 ? 3 : width, width: width, skip: Self.skipWidth,
                isOutermost: $0 == 0)
        }
        head = try Convolution(weights["head"], width, 4, size: 1)
    }

    /// The layer of an image [1, 3, H, W].
    func callAsFunction(_ image: Tensor) -> EditLayer { EditLayer(channels: head(run(image, from: 0))) }

    /// What a scale and all below it make of [1, C, h, w]: [1, width, h, w].
    private func run(_ x: Tensor, from place: Int) -> Tensor {
        let scale = scales[place]
        let skip = scale.skip(x)
        var deep = scale.deepen(scale.halve(x))
        if place + 1 < scales.count { deep = run(deep, from: place + 1) }
        let (_, _, height, width) = deep.shape4
        let enlarged = deep.resampledBilinear(height: 2 * height, width: 2 * width)
        return scale.close(scale.join(scale.joinNorm(Self.joined(skip, enlarged))))
    }

    /// Two sets of channels in one, the larger cut to the middle of the smaller's size.
    private static func joined(_ first: Tensor, _ second: Tensor) -> Tensor {
        let ((_, _, height, width), (_, _, otherHeight, otherWidth)) = (first.shape4, second.shape4)
        let (rows, columns) = (min(height, otherHeight), min(width, otherWidth))
        func cut(_ x: Tensor) -> Tensor {
            let (_, _, height, width) = x.shape4
            return x.narrowed(2, from: (height - rows) / 2, count: rows)
                .narrowed(3, from: (width - columns) / 2, count: columns)
        }
        return .concatenated([cut(first), cut(second)], along: 1)
    }

    /// The layers of one scale.
    private struct Scale {
        let skip: Unit
        let halve: Unit
        let deepen: Unit
        let joinNorm: GroupNorm
        let join: Unit
        let close: Unit

        init(_ weights: Weights, from inputs: Int, width: Int, skip skipWidth: Int, isOutermost: Bool) throws
        {
            skip = try Unit(weights["skip"], inputs, skipWidth, size: 1)
            halve = try Unit(weights["halve"], inputs, width, stride: 2)
            deepen = try Unit(weights["deepen"], width, width)
            let both = skipWidth + width
            joinNorm = try Unit.norm(weights["join_norm"], both)
            join = try Unit(weights["join"], both, width)
            close = try Unit(weights["close"], width, width, size: 1, normalises: !isOutermost)
        }
    }

    /// A convolution with mirrored borders, normalisation of each channel, and what stands between layers.
    private struct Unit {
        private let convolution: Convolution
        private let norm: GroupNorm?
        private let border: Int

        init(
            _ weights: Weights, _ inputs: Int, _ outputs: Int, size: Int = 3, stride: Int = 1,
            normalises: Bool = true
        ) throws {
            convolution = try Convolution(
                weights["convolution"], inputs, outputs, size: size, stride: stride, padding: 0)
            norm = normalises ? try Self.norm(weights["norm"], outputs) : nil
            border = size / 2
        }

        /// Batch normalisation by the batch's own numbers, also when the layer is rendered: of a batch of one image, that
        /// is each channel by itself.
        static func norm(_ weights: Weights, _ channels: Int) throws -> GroupNorm {
            try GroupNorm(weights, channels, groups: channels, epsilon: 1e-5)
        }

        func callAsFunction(_ x: Tensor) -> Tensor {
            let y = convolution(border > 0 ? x.paddedByReflection(border) : x)
            return (norm.map { $0(y) } ?? y).leakyRelu(0.2)
        }
    }
}
