import Diffusion
import Networks
import Tensors

/// The two masks of LEDITS++: where the edit's words look, and where its guidance is largest.
///
/// Both keep the values that reach a quantile. The first is coarse (maps of a quarter of the latent's side where the
/// network has them) and knows the object; the second is fine, and knows it only once there is something to see.
struct LEDITSMasks {
    /// Which masks count.
    enum Kind: String, OptionChoice { case both, attention, noise, none }

    /// The latest time, as a share of the training's, from which the guidance's own mask counts too.
    static let firstNoiseTime = 0.8

    let kind: Kind
    /// The maps that are looked at.
    let sites: [Site]
    private let trainingSteps: Int

    /// Masks over the maps that a model has.
    init(_ kind: Kind, model: any DiffusionModel) throws {
        self.kind = kind
        trainingSteps = model.schedule.trainingSteps
        guard kind == .both || kind == .attention else {
            sites = []
            return
        }
        let maps = try model.sites.filter { $0.isCrossAttentionMap && $0.stage != .middle }
        let scales = Set(maps.map(\.scale))
        let scale = scales.filter { $0 <= 4 }.max() ?? scales.min()
        sites = maps.filter { $0.scale == scale }
    }

    /// Where an edit may act, [1, 1, h, w].
    /// - Parameters:
    ///   - guidance: s·(ε_e - ε_∅), [1, C, h, w].
    ///   - recording: the maps of the edit's pass.
    ///   - columns: which of their columns are looked at; column 0 is the start of the text.
    func mask(
        of guidance: Tensor, _ recording: Recording, columns: [Int], threshold: Double, at level: NoiseLevel
    ) -> Tensor {
        let (_, _, height, width) = guidance.shape4
        var mask = Tensor.ones([1, 1, height, width]).like(guidance)
        if !sites.isEmpty {
            let map = Self.smoothed(map(recording, columns, height: height, width: width))
            mask = map.reaching(quantile: threshold).upsampledNearest(height: height, width: width)
        }
        let isLate = Double(level.timestep) <= Self.firstNoiseTime * Double(trainingSteps)
        if kind == .noise || (kind == .both && isLate) {
            mask = mask * guidance.absolute.sum([1], keeping: true).reaching(quantile: threshold)
        }
        return mask
    }

    /// The maps' mean over layers and heads, summed over the columns, [1, 1, h', w'].
    private func map(_ recording: Recording, _ columns: [Int], height: Int, width: Int) -> Tensor {
        let scale = sites.first?.scale ?? 1
        let maps = sites.map { recording[$0].mean([1], keeping: true) }
        let mean = Tensor.concatenated(maps).mean([0])
        return Tensor.stacked(columns.map { mean.selected(2, at: $0) }).sum([0])
            .reshaped([1, 1, (height + scale - 1) / scale, (width + scale - 1) / scale])
    }

    /// A map under a 3×3 Gaussian, with mirrored borders.
    static func smoothed(_ map: Tensor) -> Tensor {
        let (_, _, height, width) = map.shape4
        // A side of one has nothing to mirror.
        guard height > 1, width > 1 else { return map }
        let rows = Tensor.concatenated(
            [map.narrowed(2, from: 1, count: 1), map, map.narrowed(2, from: height - 2, count: 1)], along: 2)
        let mirrored = Tensor.concatenated(
            [rows.narrowed(3, from: 1, count: 1), rows, rows.narrowed(3, from: width - 2, count: 1)], along: 3
        )
        // The published kernel has exp(-(x/2σ)²) with σ = 0.5: a deviation of 0.71, not 0.5.
        let side = Tensor([neighbour, 1, neighbour])
        let kernel = side.reshaped([3, 1]).matmul(side.reshaped([1, 3]))
        return mirrored.convolved((kernel / kernel.sum.item).reshaped([1, 1, 3, 3]).like(map), nil)
    }

    /// e⁻¹, the weight of the next pixel.
    private static let neighbour: Float = 0.367_879_44
}

extension Tensor {
    /// 1 where a value reaches a quantile of all (between two values on the line through them), else 0.
    func reaching(quantile: Double) -> Tensor {
        let sorted = reshaped([-1]).to(dtype: .float64).sorted().scalars(as: Double.self)
        let place = quantile * Double(sorted.count - 1)
        let below = Int(place.rounded(.down))
        let above = Swift.min(below + 1, sorted.count - 1)
        let bound = sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
        // The bound itself counts, though it was rounded to the tensor's own precision.
        let rounded = Tensor.full([1], bound).like(self)
        return 1 - (rounded > self).to(dtype: dtype)
    }
}
