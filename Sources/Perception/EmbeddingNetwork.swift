public import Tensors

/// A network that brings images and texts into one space (CLIP), through which gradients reach the images.
public protocol EmbeddingNetwork {
    /// Unit embeddings [B, D] of images [B, 3, H, W] in about -1…1.
    func embed(images: Tensor) -> Tensor
    /// Unit embeddings [B, D] of texts.
    func embed(_ texts: [String]) -> Tensor
}

extension CLIPScorer: EmbeddingNetwork {}
