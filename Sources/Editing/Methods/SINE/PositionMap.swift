import Foundation
import Tensors

/// Where in a picture a patch lies, as a network is told that is trained on patches: sines and cosines of columns and rows,
/// added to what its first convolution makes.
struct PositionMap {
    /// A part of the picture in units of the map; the last row and column are not in it.
    struct Box: Equatable {
        var top: Int
        var left: Int
        var bottom: Int
        var right: Int
    }

    /// Channels of the first convolution (C), a multiple of 4.
    let channels: Int
    /// Units a side of the whole picture (G).
    let side: Int

    /// The map [1, C, height, width] of a box, or of the whole picture, brought to a latent's size.
    ///
    /// The first half of the channels depends on the column alone, the other on the row; of each the first half are
    /// sines and the rest cosines of the place, counted from 1, times exp(-i·ln(10⁴)/(C/4 - 1)).
    func callAsFunction(_ box: Box? = nil, height: Int, width: Int) -> Tensor {
        let box = box ?? Box(top: 0, left: 0, bottom: side, right: side)
        let (rows, columns) = (box.bottom - box.top, box.right - box.left)
        let half = channels / 2
        let across = Self.waves(box.left..<box.right, half).reshaped([1, half, 1, columns])
        let down = Self.waves(box.top..<box.bottom, half).reshaped([1, half, rows, 1])
        let map = Tensor.concatenated(
            [across.expanded([1, half, rows, columns]), down.expanded([1, half, rows, columns])], along: 1)
        return map.resampledBilinear(height: height, width: width, corners: true)
    }

    /// Sines and cosines of places, [channels, places].
    private static func waves(_ places: Range<Int>, _ channels: Int) -> Tensor {
        let count = channels / 2
        let positions = Tensor.range(Double(places.lowerBound + 1), Double(places.upperBound + 1))
        let frequencies = Tensor(
            (0..<count).map { Float(exp(-Double($0) * log(1e4) / Double(max(count - 1, 1)))) },
            shape: [count, 1])
        let angles = frequencies * positions.unsqueezed(0)
        return .concatenated([angles.sin, angles.cos])
    }
}
