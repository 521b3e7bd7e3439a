import Diffusion
import Foundation
import Layers
import Networks
import Tensors

/// A network that brings images to latents.
protocol LatentEncoder {
    /// Channels of a latent.
    var latentChannels: Int { get }
    /// How many pixels wide a latent place is.
    var spatialFactor: Int { get }
    /// Latents, or the means of their posteriors, [B, latentChannels, H/f, W/f], of images [B, 3, H, W] in -1…1.
    func means(of images: Tensor) -> Tensor
}

extension Autoencoder: LatentEncoder {
    var latentChannels: Int { configuration.latentChannels }
    var spatialFactor: Int { configuration.spatialFactor }
    func means(of images: Tensor) -> Tensor { encode(images).mean }
}

/// A finished network whose latents another autoencoder is drawn towards (knowledge distillation, Hinton and others
/// 2015): it gets a space that is known to be easy to learn in.
struct Teacher {
    private let encoder: any LatentEncoder
    private let weights: [(name: String, tensor: Tensor)]
    private let device: Device

    /// Reads the folder of an `AutoencoderKL`, or of a tiny autoencoder's `encoder.safetensors`.
    /// - Throws: `TrainingError` where its latents are not of the wanted shape.
    init(folder: String, of shape: AutoencoderConfiguration, device: Device) throws {
        self.device = device
        guard FileManager.default.fileExists(atPath: folder) else {
            throw TrainingError.missing(path: folder)
        }
        let store: WeightStore
        if FileManager.default.fileExists(atPath: folder + "/config.json") {
            store = try WeightStore(
                folder: folder, name: ModelFolder.Part.autoencoder.weights, device: device)
            encoder = try Autoencoder(
                store.weights, AutoencoderConfiguration(contentsOf: folder + "/config.json"))
        } else {
            store = try WeightStore(folder: folder, name: "encoder", device: device)
            encoder = try TinyEncoder(store)
        }
        weights = store.parameters
        guard encoder.latentChannels == shape.latentChannels, encoder.spatialFactor == shape.spatialFactor
        else {
            throw TrainingError.invalidValue(
                key: "autoencoder.teacher", value: folder,
                reason:
                    "its latents have \(encoder.latentChannels) channels at 1/\(encoder.spatialFactor) of a "
                    + "picture's size, not \(shape.latentChannels) at 1/\(shape.spatialFactor)")
        }
    }

    /// What it makes of all images that are learned from, cached.
    func latents(of images: ImageSet, in work: String, control: TrainingControl) throws -> LatentSet {
        try LatentSet.cached(
            in: work, images: images, encoder: encoder, weights: weights, device: device,
            control: control,
            // Nothing is decoded by it.
            reconstruction: { 0 })
    }
}
