import Foundation
import Tensors

/// Random changes of images [B, 3, H, W] in 0…1, each row by choices of its own, with gradients by the images.
enum Augmentation {
    /// What red, green and blue count in grey.
    private static let luma: [Double] = [0.299, 0.587, 0.114]

    /// Images warped by a map of each row, bilinear, white where the map leads outside.
    static func warped(_ images: Tensor, by maps: [Homography]) -> Tensor {
        let (count, _, height, width) = images.shape4
        let (right, down) = (Double(width) / 2, Double(height) / 2)
        let x = (Tensor.range(0, Double(width)) + (0.5 - right)).reshaped([1, width]).expanded([
            height, width,
        ])
        let y = (Tensor.range(0, Double(height)) + (0.5 - down)).reshaped([height, 1]).expanded([
            height, width,
        ])
        let places = Tensor.stacked([x, y, .ones([height, width])]).reshaped([1, 3, height * width])
        let matrices = Tensor(maps.flatMap { $0.rows.map(Float.init) }, shape: [count, 3, 3])
        let found = matrices.matmul(places)
        let scale = found.narrowed(1, from: 2, count: 1)
        let grid = Tensor.concatenated(
            [
                found.narrowed(1, from: 0, count: 1) / scale / right,
                found.narrowed(1, from: 1, count: 1) / scale / down,
            ], along: 1
        ).transposed(1, 2).reshaped([count, height, width, 2])
        return (images - 1).sampled(at: grid.like(images)) + 1
    }

    /// How the colours of a row change: factors of brightness, contrast and saturation, and a turn of the hue in radians.
    struct Colours {
        var brightness = 1.0
        var contrast = 1.0
        var saturation = 1.0
        var hue = 0.0

        /// Colours as they are.
        init() {}

        /// Factors up to a tenth from 1, and a tenth of the circle of hues either way.
        init(_ dice: LayerDice) {
            brightness = dice.number(in: 0.9...1.1)
            contrast = dice.number(in: 0.9...1.1)
            saturation = dice.number(in: 0.9...1.1)
            hue = dice.number(in: -0.1...0.1) * 2 * .pi
        }
    }

    /// Images with changed colours, one after the other: brightness, contrast, hue, saturation.
    ///
    /// Hue is turned in the plane of the two chroma channels of YIQ, a linear map whose gradient is everywhere the same,
    /// and not in HSV.
    static func recoloured(_ images: Tensor, by changes: [Colours]) -> Tensor {
        let (count, _, height, width) = images.shape4
        func column(_ value: (Colours) -> Double) -> Tensor {
            Tensor(changes.map { Float(value($0)) }, shape: [count, 1, 1, 1]).like(images)
        }
        var x = (images * column(\.brightness)).clamped(0, 1)
        let mean = grey(x).mean([2, 3], keeping: true)
        x = (mean + (x - mean) * column(\.contrast)).clamped(0, 1)
        let turns = Tensor(
            changes.flatMap { turn(by: $0.hue).map(Float.init) }, shape: [count, 3, 3]
        ).like(images)
        x = turns.matmul(x.reshaped([count, 3, height * width])).reshaped([count, 3, height, width]).clamped(
            0, 1)
        let plain = grey(x)
        return (plain + (x - plain) * column(\.saturation)).clamped(0, 1)
    }

    /// Grey values [B, 1, H, W].
    private static func grey(_ images: Tensor) -> Tensor {
        (images * Tensor(luma.map(Float.init), shape: [1, 3, 1, 1]).like(images)).sum([1], keeping: true)
    }

    /// The matrix on red, green and blue that turns the hue by an angle, row by row.
    static func turn(by angle: Double) -> [Double] {
        // YIQ of the NTSC: luma, and two channels that are zero for grey.
        let toYIQ = Homography(rows: [0.299, 0.587, 0.114, 0.596, -0.274, -0.322, 0.211, -0.523, 0.312])
        let turned = Homography(rows: [
            1, 0, 0, 0, angle.cosine, -angle.sine, 0, angle.sine, angle.cosine,
        ])
        let all = toYIQ.inverse * turned * toYIQ
        // The inverse is known but for a factor; grey stays what it is.
        let sum = all.rows[0] + all.rows[1] + all.rows[2]
        return all.rows.map { $0 / sum }
    }
}

extension Double {
    /// The sine of an angle in radians.
    var sine: Double { Foundation.sin(self) }
    /// The cosine of an angle in radians.
    var cosine: Double { Foundation.cos(self) }
}
