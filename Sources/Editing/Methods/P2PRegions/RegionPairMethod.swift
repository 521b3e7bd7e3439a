public import Tensors

/// A method that can paint a source and a target from noise alone, by regions.
public protocol RegionPairMethod: EditingMethod {
    /// Both clean latents, [1, C, h, w].
    /// - Parameter context: its latent gives the size alone.
    func generate(_ context: EditContext) throws -> (source: Tensor, target: Tensor)
}
