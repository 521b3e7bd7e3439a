public import Layers
public import Tensors

/// A latent diffusion model whose UNet can be tuned: other weights are laid over its own, or adapters beside them.
///
/// The model itself is never changed.
public protocol TunableModel: LatentDiffusionModel {
    /// The UNet's tensors by the names of its weight files, in the order of the network.
    func unetTensors() throws -> [(name: String, tensor: Tensor)]
    /// The model with deltas or replacements laid over its weights, with a fingerprint of its own.
    func overlaid(unet: [WeightOverlay], textEncoder: [WeightOverlay]) throws -> InMemoryModel
    /// The model with adapters beside weights of the UNet's linear layers, by the weights' names; gradients reach adapters
    /// that record them.
    /// - Throws: `WeightError.unknownChange`, `.changeShape` for adapters of another network.
    func adapted(unet: [String: LowRankAdapter]) throws -> InMemoryModel
}
