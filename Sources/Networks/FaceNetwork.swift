public import Layers
public import Tensors

/// A small network that tells faces apart (MobileFaceNet): an upright face to a unit vector.
///
/// Chen and others, "MobileFaceNets: Efficient CNNs for Accurate Real-Time Face Verification on Mobile Devices", CCBR
/// 2018, taught by ArcFace. The normalisations are part of the convolutions' weights.
public final class FaceNetwork {
    private let first, grouped: Layer
    private let stages: [[Bottleneck]]
    private let wide, whole: Layer
    private let linear: Linear

    /// Side of the faces that it looks at, in pixels.
    public static let side = 112

    /// Builds the network from its weights.
    /// - Throws: `WeightError` for a missing or misshapen tensor.
    public init(_ weights: Weights) throws {
        first = try Layer(weights["conv1"], 3, 64, size: 3, stride: 2)
        grouped = try Layer(weights["conv2_dw"], 64, 64, size: 3, groups: 64)
        let plan: [(name: String, inputs: Int, inner: Int, outputs: Int, kept: (String, Int, Int))] = [
            ("conv_23", 64, 128, 64, ("conv_3", 128, 4)), ("conv_34", 64, 256, 128, ("conv_4", 256, 6)),
            ("conv_45", 128, 512, 128, ("conv_5", 256, 2)),
        ]
        stages = try plan.map { stage in
            let (name, inner, count) = stage.kept
            return [
                try Bottleneck(
                    weights[stage.name], stage.inputs, stage.inner, stage.outputs, stride: 2)
            ]
                + (try (0..<count).map {
                    try Bottleneck(weights[name]["model"][$0], stage.outputs, inner, stage.outputs)
                })
        }
        wide = try Layer(weights["conv_6_sep"], 128, 512, size: 1)
        whole = try Layer(weights["conv_6_dw"], 512, 512, size: 7, groups: 512, padding: 0, bends: false)
        linear = try Linear(weights["linear"], 512, 512)
    }

    /// Unit embeddings [B, 512] of faces [B, 3, 112, 112] in -1…1, upright and filling the image.
    public func callAsFunction(_ faces: Tensor) -> Tensor {
        var x = grouped(first(faces))
        for stage in stages { x = stage.reduce(x) { $1($0) } }
        let features = linear(whole(wide(x)).reshaped([faces.shape[0], 512]))
        return features / features.norm([-1], keeping: true)
    }

    /// A convolution and, where wanted, a rectification with a slope for each channel.
    private struct Layer {
        let convolution: Convolution
        let slope: Tensor?

        init(
            _ weights: Weights, _ inputs: Int, _ outputs: Int, size: Int, stride: Int = 1, groups: Int = 1,
            padding: Int? = nil, bends: Bool = true
        ) throws {
            let padding = padding ?? size / 2
            convolution = try Convolution(
                weights, inputs, outputs, window: [size, size], stride: stride,
                paddings: [padding, padding], groups: groups)
            slope =
                bends
                ? try weights.tensor("slope", [outputs], .constant(0.25)).reshaped([1, outputs, 1, 1]) : nil
        }

        func callAsFunction(_ x: Tensor) -> Tensor {
            let result = convolution(x)
            guard let slope else { return result }
            return result.relu - (-result).relu * slope
        }
    }

    /// Wider, every channel by itself, narrow again; added to its input where it keeps the size.
    private struct Bottleneck {
        let layers: [Layer]
        let isKept: Bool

        init(_ weights: Weights, _ inputs: Int, _ inner: Int, _ outputs: Int, stride: Int = 1) throws {
            layers = [
                try Layer(weights["conv"], inputs, inner, size: 1),
                try Layer(weights["conv_dw"], inner, inner, size: 3, stride: stride, groups: inner),
                try Layer(weights["project"], inner, outputs, size: 1, bends: false),
            ]
            isKept = stride == 1
        }

        func callAsFunction(_ x: Tensor) -> Tensor {
            let result = layers.reduce(x) { $1($0) }
            return isKept ? x + result : result
        }
    }
}
