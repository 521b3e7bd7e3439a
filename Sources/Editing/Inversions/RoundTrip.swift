import Diffusion
import Foundation
package import Imaging
import Tensors

extension Studio {
    /// How well a path leads back to its picture, beside what the autoencoder alone would make of it.
    ///
    /// Walks the source branch as methods do, at the request's guidance; its passes count like all others.
    /// - Parameter picture: what the path's clean latent was encoded from.
    func roundTrip(
        of path: SourcePath, from picture: Picture, guidance: Double, negative: Prompt
    ) throws -> (account: Account.RoundTrip, latent: Tensor) {
        let back = try path.walkedBack(by: self, guidance: guidance, negative: negative)
        let clean = path.latents[0]
        let account = Account.RoundTrip(
            rms: (back - clean).squared.mean.squareRoot.item,
            psnr: picture.decibels(to: try decode(back)), ceiling: picture.decibels(to: try decode(clean)))
        return (account, back)
    }
}

extension Picture {
    /// Peak signal-to-noise ratio to a picture of the same size, in dB; nil where they are equal.
    package func decibels(to other: Picture) -> Double? {
        precondition(width == other.width && height == other.height, "pictures of two sizes are not compared")
        let sum = zip(pixels, other.pixels).reduce(0.0) { sum, pair in
            let difference = Double(pair.0) - Double(pair.1)
            return sum + difference * difference
        }
        return sum > 0 ? 10 * log10(255 * 255 * Double(pixels.count) / sum) : nil
    }
}
