import Perception
import Tensors

/// What the layer of one step is judged by: equation numbers are the paper's.
struct LayerLosses {
    /// How far embeddings lie from each other.
    enum Distance: String, OptionChoice {
        /// 1 - cos, as the paper writes it.
        case cosine
        /// Twice the square of half the angle: 2·asin(‖â - b̂‖/2)², as the published code has it.
        case spherical

        /// The mean distance of all pairs of [B, D] and [K, D].
        func mean(_ left: Tensor, _ right: Tensor) -> Tensor {
            let (left, right) = (LayerLosses.unit(left), LayerLosses.unit(right))
            switch self {
            case .cosine: return 1 - left.matmul(right.transposed(0, 1)).mean
            case .spherical:
                let chords = (left.unsqueezed(1) - right.unsqueezed(0)).norm([-1]) / 2
                // Rounding may lead above 1, where there is no arc sine.
                return (chords.clamped(nil, 1).arcsin.squared * 2).mean
            }
        }
    }

    /// What each loss counts.
    struct Weights {
        var screen = 1.0
        var structure = 2.0
        var opacity = 0.1
        var sparsity = 0.05
        /// That of the region at a step; 0 where it no longer counts.
        var region: (Int) -> Double = { _ in 0 }
    }

    let clip: CLIPScorer
    let texts: LayerTexts
    let views: LayerViews
    let distance: Distance
    let weights: Weights
    /// What the layer should lie on at first (T_ROI); empty for nothing.
    let region: String

    /// The loss of a step's layer over its crop.
    func callAsFunction(_ layer: EditLayer, over crop: LayerCrop, step: Int, _ dice: LayerDice) -> Tensor {
        let composite = layer.over(crop.image)
        var loss = composition(composite, dice) + direction(composite, from: crop.image, dice)
        loss += screen(layer, dice) * weights.screen
        loss += structure(composite, crop.image) * weights.structure
        loss += Self.regularisation(layer.alpha, opacity: weights.opacity, sparsity: weights.sparsity)
        let share = weights.region(step)
        if !region.isEmpty, share > 0 { loss += bootstrap(layer.alpha, over: crop.image) * share }
        return loss
    }

    /// L_cos: the composite should show what the prompt says.
    private func composition(_ composite: Tensor, _ dice: LayerDice) -> Tensor {
        let chosen = LayerTexts.choice(of: texts.composition.shape[0], dice).to(device: composite.device)
        return distance.mean(
            clip.features(of: views(of: composite, dice)), texts.composition.indexSelect(0, chosen))
    }

    /// L_dir: what differs from the image should differ as the prompts do.
    private func direction(_ composite: Tensor, from image: Tensor, _ dice: LayerDice) -> Tensor {
        let chosen = LayerTexts.choice(of: texts.composition.shape[0], dice).to(device: composite.device)
        let words = texts.composition.indexSelect(0, chosen) - texts.source.indexSelect(0, chosen)
        let after = clip.features(of: views(of: composite, dice))
        let before = withoutGradients { clip.features(of: views(of: image, dice)) }
        return Distance.cosine.mean(after - before, words)
    }

    /// L_scr: the layer alone, over green, should show what the screen text says.
    func screen(_ layer: EditLayer, _ dice: LayerDice) -> Tensor {
        guard weights.screen > 0 else { return Tensor.zeros([], device: layer.alpha.device) }
        let chosen = LayerTexts.choice(of: texts.screen.shape[0], dice).to(device: layer.alpha.device)
        return distance.mean(
            clip.features(of: views(of: layer.overGreen, dice)), texts.screen.indexSelect(0, chosen))
    }

    /// L_structure: which places look alike to CLIP should stay; the mean square of what changes in the cosines of all
    /// pairs of tokens after the last layer.
    func structure(_ composite: Tensor, _ image: Tensor) -> Tensor {
        let before = withoutGradients { Self.cosines(clip.tokens(of: views.structural(image))) }
        return (Self.cosines(clip.tokens(of: views.structural(composite))) - before).squared.mean
    }

    /// L_reg: the mean of α and a smooth count of where it is not zero, each with its weight.
    static func regularisation(_ alpha: Tensor, opacity: Double, sparsity: Double) -> Tensor {
        alpha.mean * opacity + ((alpha * 5).sigmoid * 2 - 1).mean * sparsity
    }

    /// L_boot: α should lie where CLIP's attention sees the region's text.
    func bootstrap(_ alpha: Tensor, over image: Tensor) -> Tensor {
        let wanted = clip.relevancy(of: withoutGradients { views.square(image) }, to: region)
        return (views.square(alpha) - wanted).squared.mean
    }

    /// The cosines of all pairs of tokens, [B, L, L].
    private static func cosines(_ tokens: Tensor) -> Tensor {
        let unit = unit(tokens)
        return unit.matmul(unit.transposed(1, 2))
    }

    /// Vectors of unit length.
    fileprivate static func unit(_ x: Tensor) -> Tensor {
        x / x.norm([-1], keeping: true).clamped(1e-12, nil)
    }
}
