import Networks
import Prompts
public import Tensors

/// What methods are guided by: embeddings with gradients by the images, which may have any size.
extension CLIPScorer {
    /// Side of the images that the image tower was trained on, in pixels.
    public var imageSide: Int { network.configuration.image.imageSize }

    /// Embeddings [B, projection] of images [B, 3, H, W] in 0…1 as the projection gives them, not of unit length.
    public func features(of images: Tensor) -> Tensor { network.features(ofImages: seen(images)) }

    /// Embeddings [B, projection] of texts, not of unit length and without gradients; what does not fit is cut off.
    public func features(of texts: [String]) -> Tensor {
        withoutGradients { network.features(of: tokenizer.tokens(texts).to(device: device)) }
    }

    /// Every token's embedding [B, 1 + patches, D] of images [B, 3, H, W] in 0…1 after the image tower's last layer, the
    /// class token's first.
    public func tokens(of images: Tensor) -> Tensor { network.tokens(ofImages: seen(images)) }

    /// Where an image [1, 3, H, W] in 0…1 shows what a text says, [1, 1, H, W] from 0 to 1, without gradients.
    ///
    /// Chefer, Gur and Wolf, "Generic Attention-model Explainability for Interpreting Bi-Modal and Encoder-Decoder
    /// Transformers", ICCV 2021, of the last layer alone: the row of the class token in R = I + E_heads(max(0, ∂y/∂A ⊙
    /// A)), where A is that layer's self-attention and y the cosine of image and text times CLIP's scale. All zeros
    /// where no place stands out.
    public func relevancy(of image: Tensor, to text: String) -> Tensor {
        let (_, _, height, width) = image.shape4
        let opened = withoutGradients { network.opened(seen(image)) }
        let map = opened.map.requiringGradient
        let slope = gradient(of: relevance(opened.features(map), to: text), withRespectTo: map)
        return withoutGradients {
            // The identity has nothing off its diagonal.
            let places = (slope * map.detached).relu.mean([1]).selected(1, at: 0)
            let patch = network.configuration.image.patchSize
            let grid = places.narrowed(1, from: 1, count: places.shape[1] - 1)
                .reshaped([1, 1, height / patch, width / patch])
            let found = grid.resampledBilinear(height: height, width: width)
            let (least, most) = (found.smallest(), found.amax())
            return (found - least) / (most - least).clamped(1e-12, nil)
        }
    }

    /// y: the cosine of an image's embedding [1, projection] and a text's, times CLIP's scale, with gradients.
    func relevance(_ features: Tensor, to text: String) -> Tensor {
        withGradients {
            let words = self.features(of: [text])
            let product = (features * words).sum / (features.norm() * words.norm())
            return product * network.logitScale.detached.exp.item
        }
    }

    /// Images [B, 3, H, W] in 0…1 as the tower wants them.
    func seen(_ images: Tensor) -> Tensor { normalisation(images.to(device: device) * 2 - 1) }
}
