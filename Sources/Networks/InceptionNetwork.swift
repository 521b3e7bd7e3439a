public import Layers
public import Tensors

/// The Inception of 2015 that FID, KID and CSFID look with: images to 2048 features.
///
/// Szegedy and others, "Rethinking the Inception Architecture for Computer Vision", CVPR 2016, with the weights that
/// Heusel and others took for FID. Unlike in torchvision's, what averages leave out the border, and the last block takes
/// the largest instead of the mean. The normalisations are part of the convolutions' weights.
public final class InceptionNetwork {
    private let stem: [Convolution]
    private let mixed: [any InceptionBlock]

    /// Side of the images that it looks at, in pixels.
    public static let side = 299

    /// Builds the network from its weights.
    ///
    /// - `divisor`: what all numbers of channels are divided by; 1 for the published network.
    /// - Throws: `WeightError` for a missing or misshapen tensor.
    public init(_ weights: Weights, divisor: Int = 1) throws {
        let n = { $0 / divisor }
        stem = [
            try Convolution(weights["conv"], 3, n(32), stride: 2, padding: 0),
            try Convolution(weights["conv_1"], n(32), n(32), padding: 0),
            try Convolution(weights["conv_2"], n(32), n(64)),
            try Convolution(weights["conv_3"], n(64), n(80), size: 1),
            try Convolution(weights["conv_4"], n(80), n(192), padding: 0),
        ]
        let middle = [128, 160, 160, 192]
        mixed =
            try [
                BlockA(weights["mixed"], n(192), pool: n(32), n),
                BlockA(weights["mixed_1"], n(256), pool: n(64), n),
                BlockA(weights["mixed_2"], n(288), pool: n(64), n), BlockB(weights["mixed_3"], n),
            ] + middle.enumerated().map { try BlockC(weights["mixed_\($0 + 4)"], inner: n($1), n) } + [
                BlockD(weights["mixed_8"], n),
                BlockE(weights["mixed_9"], n(1280), takesLargest: false, n),
                BlockE(weights["mixed_10"], n(2048), takesLargest: true, n),
            ]
    }

    /// Features [B, 2048 / divisor] of images [B, 3, 299, 299] in -1…1.
    public func callAsFunction(_ images: Tensor) -> Tensor {
        var x = images
        for (index, layer) in stem.enumerated() {
            x = layer(x).relu
            // Behind the third and the fifth convolution.
            if index == 2 || index == 4 { x = x.maxPooled(3, stride: 2) }
        }
        return mixed.reduce(x) { $1($0) }.mean([2, 3])
    }
}

extension InceptionNetwork {
    /// What `model_type` says.
    public static let modelType = "pentimento_inception"

    /// The divisor that a `config.json` gives.
    /// - Throws: `ConfigurationError`, naming what is missing or not known here.
    public static func divisor(contentsOf path: String) throws -> Int {
        let file = try ConfigurationFile(path: path)
        try file.allow(
            ["divisor"], ignored: ["source", "licence"], neutral: ["model_type": [modelType]])
        let divisor = try file.count("divisor", 1)
        // 80 and 48 channels have no other common parts.
        guard [1, 2, 4, 8, 16].contains(divisor) else {
            throw file.valueError("divisor", "\(divisor)", known: "1, 2, 4, 8, 16")
        }
        return divisor
    }
}

/// A block whose branches look at one input and are set side by side.
private protocol InceptionBlock {
    func callAsFunction(_ x: Tensor) -> Tensor
}

/// Convolutions one after the other, each rectified.
private struct Branch {
    let layers: [Convolution]
    func callAsFunction(_ x: Tensor) -> Tensor { layers.reduce(x) { $1($0).relu } }
}

/// A number of channels of the published network to that of this one.
private typealias Scale = (Int) -> Int

/// 35×35 places.
private struct BlockA: InceptionBlock {
    let single, five, three, pooled: Branch

    init(_ weights: Weights, _ inputs: Int, pool: Int, _ n: Scale) throws {
        single = Branch(layers: [try Convolution(weights["conv"], inputs, n(64), size: 1)])
        five = Branch(layers: [
            try Convolution(weights["tower"]["conv"], inputs, n(48), size: 1),
            try Convolution(weights["tower"]["conv_1"], n(48), n(64), size: 5),
        ])
        three = Branch(layers: [
            try Convolution(weights["tower_1"]["conv"], inputs, n(64), size: 1),
            try Convolution(weights["tower_1"]["conv_1"], n(64), n(96)),
            try Convolution(weights["tower_1"]["conv_2"], n(96), n(96)),
        ])
        pooled = Branch(layers: [try Convolution(weights["tower_2"]["conv"], inputs, pool, size: 1)])
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        .concatenated(
            [single(x), five(x), three(x), pooled(x.averagePooled(3, stride: 1, padding: 1))], along: 1)
    }
}

/// To 17×17 places.
private struct BlockB: InceptionBlock {
    let single, double: Branch

    init(_ weights: Weights, _ n: Scale) throws {
        single = Branch(layers: [
            try Convolution(weights["conv"], n(288), n(384), stride: 2, padding: 0)
        ])
        double = Branch(layers: [
            try Convolution(weights["tower"]["conv"], n(288), n(64), size: 1),
            try Convolution(weights["tower"]["conv_1"], n(64), n(96)),
            try Convolution(weights["tower"]["conv_2"], n(96), n(96), stride: 2, padding: 0),
        ])
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        .concatenated([single(x), double(x), x.maxPooled(3, stride: 2)], along: 1)
    }
}

/// 17×17 places, seen by rows and columns of seven.
private struct BlockC: InceptionBlock {
    let single, one, two, pooled: Branch

    init(_ weights: Weights, inner: Int, _ n: Scale) throws {
        func row(_ weights: Weights, _ inputs: Int, _ outputs: Int) throws -> Convolution {
            try Convolution(weights, inputs, outputs, window: [1, 7], paddings: [0, 3])
        }
        func column(_ weights: Weights, _ inputs: Int, _ outputs: Int) throws -> Convolution {
            try Convolution(weights, inputs, outputs, window: [7, 1], paddings: [3, 0])
        }
        let (first, second) = (weights["tower"], weights["tower_1"])
        single = Branch(layers: [try Convolution(weights["conv"], n(768), n(192), size: 1)])
        one = Branch(layers: [
            try Convolution(first["conv"], n(768), inner, size: 1), try row(first["conv_1"], inner, inner),
            try column(first["conv_2"], inner, n(192)),
        ])
        two = Branch(layers: [
            try Convolution(second["conv"], n(768), inner, size: 1),
            try column(second["conv_1"], inner, inner), try row(second["conv_2"], inner, inner),
            try column(second["conv_3"], inner, inner), try row(second["conv_4"], inner, n(192)),
        ])
        pooled = Branch(layers: [try Convolution(weights["tower_2"]["conv"], n(768), n(192), size: 1)])
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        .concatenated(
            [single(x), one(x), two(x), pooled(x.averagePooled(3, stride: 1, padding: 1))], along: 1)
    }
}

/// To 8×8 places.
private struct BlockD: InceptionBlock {
    let one, two: Branch

    init(_ weights: Weights, _ n: Scale) throws {
        let (first, second) = (weights["tower"], weights["tower_1"])
        one = Branch(layers: [
            try Convolution(first["conv"], n(768), n(192), size: 1),
            try Convolution(first["conv_1"], n(192), n(320), stride: 2, padding: 0),
        ])
        two = Branch(layers: [
            try Convolution(second["conv"], n(768), n(192), size: 1),
            try Convolution(second["conv_1"], n(192), n(192), window: [1, 7], paddings: [0, 3]),
            try Convolution(second["conv_2"], n(192), n(192), window: [7, 1], paddings: [3, 0]),
            try Convolution(second["conv_3"], n(192), n(192), stride: 2, padding: 0),
        ])
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        .concatenated([one(x), two(x), x.maxPooled(3, stride: 2)], along: 1)
    }
}

/// 8×8 places, whose branches part once more.
private struct BlockE: InceptionBlock {
    let single, one, two, pooled: Branch
    /// A row and a column of three, behind `one` and behind `two`.
    let parts: [[Branch]]
    let takesLargest: Bool

    init(_ weights: Weights, _ inputs: Int, takesLargest: Bool, _ n: Scale) throws {
        self.takesLargest = takesLargest
        func single(_ name: String, _ outputs: Int) throws -> Convolution {
            try Convolution(weights[name], inputs, outputs, size: 1)
        }
        self.single = Branch(layers: [try single("conv", n(320))])
        one = Branch(layers: [try single("tower_conv", n(384))])
        two = Branch(layers: [
            try single("tower_1_conv", n(448)), try Convolution(weights["tower_1_conv_1"], n(448), n(384)),
        ])
        pooled = Branch(layers: [try single("tower_2_conv", n(192))])
        parts = try ["tower_mixed_conv", "tower_1_mixed_conv"].map { name in
            let (row, column) = (weights[name], weights[name + "_1"])
            return [
                Branch(layers: [
                    try Convolution(row, n(384), n(384), window: [1, 3], paddings: [0, 1])
                ]),
                Branch(layers: [
                    try Convolution(column, n(384), n(384), window: [3, 1], paddings: [1, 0])
                ]),
            ]
        }
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let middles = [one(x), two(x)]
        let parted = zip(middles, parts).flatMap { middle, parts in parts.map { $0(middle) } }
        let around =
            takesLargest
            ? x.maxPooled(3, stride: 1, padding: 1) : x.averagePooled(3, stride: 1, padding: 1)
        return .concatenated([single(x)] + parted + [pooled(around)], along: 1)
    }
}
