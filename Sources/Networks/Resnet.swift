package import Layers
package import Tensors

/// Two convolutions beside a shortcut, moved by the time embedding.
package struct Resnet {
    private let norm1: GroupNorm
    private let convolution1: Convolution
    private let time: Linear?
    private let norm2: GroupNorm
    private let convolution2: Convolution
    private let shortcut: Convolution?
    private let style: Style
    private let resampling: Resampling
    private let site: Site?

    /// What a resnet does to the sides of what it reads, on both ways.
    enum Resampling {
        case none
        /// Halves them by the mean of four.
        case halving
        /// Doubles them by the nearest.
        case doubling

        func callAsFunction(_ x: Tensor) -> Tensor {
            switch self {
            case .none: return x
            case .halving: return x.averagePooled(2)
            case .doubling:
                let (_, _, height, width) = x.shape4
                return x.upsampledNearest(height: height * 2, width: width * 2)
            }
        }
    }

    /// What resnets of one network have in common.
    struct Style {
        /// Groups of its normalisations.
        var groups: Int
        /// Added to variances.
        var epsilon: Double
        /// What stands behind the normalisations.
        var activation = Activation.silu
        /// Whether the time scales and shifts what is normalised, rather than being added before.
        var timeScales = false
        /// What the sum of both ways is divided by.
        var divisor = 1.0
    }

    /// - Parameters:
    ///   - timeChannels: width of the time embedding; nil in autoencoders.
    ///   - site: where the residual branch can be touched; nil in autoencoders.
    init(
        _ weights: Weights, _ inputs: Int, _ outputs: Int, timeChannels: Int?, style: Style,
        resampling: Resampling = .none, site: Site? = nil
    ) throws {
        let (groups, epsilon) = (style.groups, style.epsilon)
        self.style = style
        self.resampling = resampling
        norm1 = try GroupNorm(weights["norm1"], inputs, groups: groups, epsilon: epsilon)
        convolution1 = try Convolution(weights["conv1"], inputs, outputs)
        time = try timeChannels.map {
            try Linear(weights["time_emb_proj"], $0, style.timeScales ? outputs * 2 : outputs)
        }
        norm2 = try GroupNorm(weights["norm2"], outputs, groups: groups, epsilon: epsilon)
        convolution2 = try Convolution(weights["conv2"], outputs, outputs)
        shortcut =
            inputs == outputs ? nil : try Convolution(weights["conv_shortcut"], inputs, outputs, size: 1)
        self.site = site
    }

    /// A resnet without a time embedding, as autoencoders and classifiers have them.
    package init(_ weights: Weights, _ inputs: Int, _ outputs: Int, groups: Int, epsilon: Double) throws {
        try self.init(
            weights, inputs, outputs, timeChannels: nil, style: Style(groups: groups, epsilon: epsilon))
    }

    var orderedSites: [Site] { site.map { [$0] } ?? [] }

    /// [B, inputs, H, W] → [B, outputs, H, W], without a time embedding.
    package func callAsFunction(_ x: Tensor) -> Tensor { self(x, time: nil) }

    /// [B, inputs, H, W] → [B, outputs, H, W], or the sides it is resampled to; `time` is the activated time embedding, [B, timeChannels].
    func callAsFunction(_ x: Tensor, time embedding: Tensor? = nil, _ pass: Pass = Pass([])) -> Tensor {
        let activation = style.activation
        var branch = convolution1(resampling(activation(norm1(x))))
        let moved = time.flatMap { time in embedding.map { time($0).unsqueezed(-1).unsqueezed(-1) } }
        if let moved, style.timeScales {
            let parts = moved.chunks(2, along: 1)
            branch = norm2(branch) * (parts[0] + 1) + parts[1]
        } else {
            if let moved { branch += moved }
            branch = norm2(branch)
        }
        branch = convolution2(activation(branch))
        if let site { branch = pass.touch(branch, at: site) }
        let x = resampling(x)
        let sum = (shortcut?(x) ?? x) + branch
        return style.divisor == 1 ? sum : sum / style.divisor
    }
}

/// Halves each side.
struct Downsampler {
    private let convolution: Convolution
    private let asymmetric: Bool

    /// - Parameter asymmetric: whether the border is added at the right and bottom only, as autoencoders do.
    init(_ weights: Weights, _ channels: Int, asymmetric: Bool = false) throws {
        convolution = try Convolution(
            weights["conv"], channels, channels, stride: 2, padding: asymmetric ? 0 : 1)
        self.asymmetric = asymmetric
    }

    /// [B, C, H, W] → [B, C, ⌈H/2⌉, ⌈W/2⌉] (⌊⌋ where asymmetric).
    func callAsFunction(_ x: Tensor) -> Tensor { convolution(asymmetric ? x.padded([0, 1, 0, 1]) : x) }
}

/// Doubles each side, or reaches a given size.
struct Upsampler {
    private let convolution: Convolution

    init(_ weights: Weights, _ channels: Int) throws {
        convolution = try Convolution(weights["conv"], channels, channels)
    }

    /// [B, C, H, W] → [B, C, height, width]; twice the size where none is given.
    func callAsFunction(_ x: Tensor, to size: (height: Int, width: Int)? = nil) -> Tensor {
        let (_, _, height, width) = x.shape4
        return convolution(
            x.upsampledNearest(height: size?.height ?? height * 2, width: size?.width ?? width * 2))
    }
}
