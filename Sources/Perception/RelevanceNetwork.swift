public import Tensors

/// A network that tells where an image shows what a text says.
///
/// Dense relevance, as text-prompted segmentation (CLIPSeg) gives it. Methods find masks by it and are guided by it.
public protocol RelevanceNetwork {
    /// Relevance logits [B, H, W] of images [B, 3, H, W] in -1…1 to one text each: above zero where the network holds
    /// that the image shows it. Differentiable with respect to the images, whose values may lie outside of -1…1 a
    /// little, as decoded latents do.
    /// - Throws: an error for texts that the network cannot read, before anything is computed.
    func relevance(of images: Tensor, to texts: [String]) throws -> Tensor
}
