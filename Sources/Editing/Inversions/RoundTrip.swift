import Diffusion
import Foundation
package import Imaging
import Tensors

extension DiffusionSession {
    /// How well a path leads back to its image, beside what the autoencoder alone would make of it.
    ///
    /// Samples the source branch as methods do, at the request's guidance; its passes count like all others.
    /// - Parameter image: what the path's clean latent was encoded from.
    func roundTrip(
        of path: InvertedTrajectory, from image: Image, guidance: Double, negative: Conditioning
    ) throws -> (account: EditRecord.RoundTrip, latent: Tensor) {
        let back = try path.reconstruct(by: self, guidance: guidance, negative: negative)
        let clean = path.latents[0]
        let account = EditRecord.RoundTrip(
            rms: (back - clean).squared.mean.squareRoot.item,
            psnr: image.decibels(to: try decode(back)), ceiling: image.decibels(to: try decode(clean)))
        return (account, back)
    }
}

extension Image {
    /// Peak signal-to-noise ratio to an image of the same size, in dB; nil where they are equal.
    package func decibels(to other: Image) -> Double? {
        precondition(width == other.width && height == other.height, "pictures of two sizes are not compared")
        let sum = zip(pixels, other.pixels).reduce(0.0) { sum, pair in
            let difference = Double(pair.0) - Double(pair.1)
            return sum + difference * difference
        }
        return sum > 0 ? 10 * log10(255 * 255 * Double(pixels.count) / sum) : nil
    }
}
