import Networks
import Tensors

/// How well images that were never trained on are denoised, in a number that different trainings share.
extension DiffusionStage {
    /// The error of the averaged networks, under the images' first captions.
    func heldOutError() throws -> Double {
        let (unet, text) = try averaged()
        return heldOutError(
            of: images,
            clean: {
                autoencoder.encode(images.tensor($0, device: device)).mean.to(dtype: .float32)
                    * latents.measures.scalingFactor
            },
            { part in
                let ids = tokens.tensor(part.map { images.captions[$0].first ?? "" }, device: device)
                let context = unet.context(text(ids).lastHiddenState)
                return { unet($0, timesteps: $1, context: context) }
            })
    }
}
