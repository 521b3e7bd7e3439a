import Foundation
import Tensors

/// Ways in which images that come out of a decoder, a camera or a file are worse than renders.
struct Degradation {
    /// How often each way is used on an image.
    let share: Double

    /// Degraded images [B, 3, side, side] in -1…1; everything random follows from the draws and the generator.
    func callAsFunction(_ images: Tensor, draws: inout Draws, random: RandomGenerator) -> Tensor {
        guard share > 0 else { return images }
        let (rows, _, side, _) = images.shape4
        func chosen(_ draws: inout Draws) -> Tensor {
            let marks = (0..<rows).map { _ -> Float in draws.unit() < share ? 1 : 0 }
            return Tensor(marks, shape: [rows, 1, 1, 1]).like(images)
        }
        func mixed(_ whole: Tensor, _ worse: Tensor, _ mark: Tensor) -> Tensor {
            whole + (worse - whole) * mark
        }
        var result = images
        result = mixed(result, blurred(result, deviation: 0.4 + 0.7 * draws.unit()), chosen(&draws))
        let small = max(Int(Double(side) * (0.5 + 0.4 * draws.unit())), 4)
        let coarse = result.resampledBilinear(height: small, width: small)
            .resampledBilinear(height: side, width: side)
        result = mixed(result, coarse, chosen(&draws))
        if side % 8 == 0 {
            result = mixed(result, quantised(result, step: 0.02 + 0.06 * draws.unit()), chosen(&draws))
        }
        let noise = noise(images, draws: &draws, random: random)
        result = result + noise * (0.02 + 0.1 * draws.unit())
        // A little more or less light and contrast, for every image its own.
        func around(_ middle: Double, _ reach: Double, _ draws: inout Draws) -> Tensor {
            let values = (0..<rows).map { _ in Float(middle + reach * (2 * draws.unit() - 1)) }
            return Tensor(values, shape: [rows, 1, 1, 1]).like(images)
        }
        return (result * around(1, 0.08, &draws) + around(0, 0.05, &draws)).clamped(-1, 1)
    }

    /// Noise for the chosen images and zeros for the others; only what is used is drawn.
    private func noise(_ images: Tensor, draws: inout Draws, random: RandomGenerator) -> Tensor {
        let (rows, channels, height, width) = images.shape4
        var drawn = 0
        let sources = (0..<rows).map { _ -> Int64 in
            guard draws.unit() < share else { return 0 }
            drawn += 1
            return Int64(drawn)
        }
        let normal = Tensor.concatenated([
            .zeros([1, channels, height, width], device: random.device),
            random.normal([drawn, channels, height, width]),
        ])
        return normal.like(images).indexSelect(0, Tensor(sources, shape: [rows]).to(device: images.device))
    }

    /// Blurred by a Gaussian of five taps.
    private func blurred(_ images: Tensor, deviation: Double) -> Tensor {
        let (rows, channels, height, width) = images.shape4
        let taps = (-2...2).map { Foundation.exp(-Double($0 * $0) / (2 * deviation * deviation)) }
        let sum = taps.reduce(0, +)
        let row = Tensor(taps.map { Float($0 / sum) }, shape: [1, 1, 1, 5]).like(images)
        let kernel = row.transposed(2, 3).matmul(row)
        // Ones beside the images say how much of the window lies inside.
        let planes = images.reshaped([rows * channels, 1, height, width])
        let inside = Tensor.ones([1, 1, height, width]).like(images).convolved(kernel, nil, padding: 2)
        return (planes.convolved(kernel, nil, padding: 2) / inside).reshaped([rows, channels, height, width])
    }

    /// Frequencies of blocks of eight pixels rounded to steps that grow with the frequency, as in a JPEG file.
    private func quantised(_ images: Tensor, step: Double) -> Tensor {
        let (rows, channels, height, width) = images.shape4
        var (basis, steps): ([Float], [Float]) = ([], [])
        for u in 0..<8 {
            let scale: Double = u == 0 ? 0.125 : 0.25
            for x in 0..<8 {
                let angle = Double((2 * x + 1) * u) * Double.pi / 16
                basis.append(Float(scale.squareRoot() * cos(angle)))
                steps.append(Float(step * Double(2 + u + x)))
            }
        }
        let transform = Tensor(basis, shape: [8, 8]).like(images)
        let sizes = Tensor(steps, shape: [8, 8]).like(images)
        let blocks = images.reshaped([rows * channels, height / 8, 8, width / 8, 8]).permuted(0, 1, 3, 2, 4)
        let frequencies = transform.matmul(blocks).matmul(transform.transposed(0, 1))
        let rounded = (frequencies / sizes).rounded * sizes
        let back = transform.transposed(0, 1).matmul(rounded).matmul(transform)
        return back.permuted(0, 1, 3, 2, 4).reshaped([rows, channels, height, width])
    }
}
