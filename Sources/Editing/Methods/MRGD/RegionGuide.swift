import Diffusion
import Imaging
import Perception
import Tensors

/// Multi-region guidance: a gradient of losses over what both pictures would show, taken in the predicted clean latent.
///
/// At every step both predicted clean latents are decoded, a network tells where each region is seen in its picture, and the
/// noise is moved along the losses' gradient: with y = x̂₀/s, the autoencoder's own latent, and G = ∂L/∂y, the noise becomes
/// ε + √(1-ᾱ)·G, which moves x̂₀ by -(1-ᾱ)/√ᾱ·G. No gradient goes through the UNet.
///
/// The scale is part of it: a gradient in x̂₀ itself would be 1/s (in Stable Diffusion 5.49) times as large.
final class RegionGuide {
    /// What is guided, and how much.
    struct Settings {
        /// λ of what is seen outside of boxes (L_RS), at all steps.
        var leakage: Double
        /// λ of regions that look like others (L_IS), from a share of the way on.
        var contrast: Double
        /// λ of what is not edited (L_IP), from a share of the way on, halved in the second half of the way.
        var preservation: Double
        /// The same for a photo, never halved.
        var photoPreservation: Double
        /// Share of the way, counted from its end, in which regions are contrasted.
        var contrastShare: Double
        /// Share of the way, counted from its end, in which what is not edited is held.
        var preservationShare: Double
        /// Whether maps are paired by their places among the maps.
        var byPosition = false
        /// Whether boxes make their marks on what is held in the order in which they are listed.
        var inListOrder = false
        /// Whether the network sees images as they are, not normalised.
        var seesRaw = false
        /// Whether the source is moved too.
        var movesSource = false
    }

    /// A region that the network is asked for.
    private struct Part {
        let index: Int
        let isBackground: Bool
        /// 1 inside, [1, h, w].
        let box: Tensor
        /// What it is asked for in each picture; nil where it is not shown or has no words.
        var texts: Sides<String?>
    }

    private let pairing: RegionPairing
    private let network: any RelevanceNetwork
    private let settings: Settings
    private var parts: [Part]
    private let masks: (image: Tensor, latent: Tensor)
    /// What the last step's losses were, by their names in the paper.
    private(set) var losses: [String: Double] = [:]

    init(_ pairing: RegionPairing, _ network: any RelevanceNetwork, _ settings: Settings) {
        (self.pairing, self.network, self.settings) = (pairing, network, settings)
        let (grid, regions) = (pairing.grid, pairing.context.layout)
        parts = regions.enumerated().map { index, region in
            let tile = Tile(of: region.place, height: grid.height, width: grid.width)
            return Part(
                index: index, isBackground: region.effectiveRole == .background,
                box: tile.box.reshaped([1, grid.height, grid.width]).like(pairing.context.clean),
                texts: Self.texts(region))
        }
        let factor = pairing.context.session.model.facts.latentFactor
        func kept(_ factor: Int) -> Tensor {
            GuideLosses.kept(
                regions, height: grid.height * factor, width: grid.width * factor,
                inListOrder: settings.inListOrder)
        }
        masks = (kept(factor), kept(1))
    }

    /// What a region is asked for: its key words where it has some that the picture's prompt says, else that prompt; of a
    /// background its key words alone.
    static func texts(_ region: Region) -> Sides<String?> {
        let role = region.effectiveRole
        func text(_ prompt: String) -> String? {
            let words = region.words.filter { prompt.says($0) }
            if !words.isEmpty { return words.joined(separator: ", ") }
            return role == .background || !prompt.hasWords ? nil : prompt
        }
        return Sides(
            role == .added ? nil : text(region.prompt),
            role == .removed ? nil : text(region.target ?? region.prompt))
    }

    /// Adds words to what a region is asked for in a picture; those that it says already are left out.
    func add(_ words: [String], to region: Int, _ side: PairSide) {
        guard let place = parts.firstIndex(where: { $0.index == region }) else { return }
        for word in words {
            let text = parts[place].texts[side] ?? ""
            if !text.says(word) { parts[place].texts[side] = text.isEmpty ? word : "\(text), \(word)" }
        }
    }

    /// The texts of all regions in a picture, by their places in the request's list.
    func texts(_ side: PairSide) -> [Int: String] {
        parts.reduce(into: [:]) { texts, part in texts[part.index] = part.texts[side] }
    }

    /// The weights of the losses at a level.
    func weights(at level: NoiseLevel) -> (leakage: Double, contrast: Double, preservation: Double) {
        let (k, steps) = (level.index - 1, pairing.steps)
        func holds(_ share: Double) -> Bool { k <= Trajectory.stepCount(strength: share, of: steps) }
        let preservation =
            pairing.isPhoto
            ? settings.photoPreservation : settings.preservation / (holds(0.5) ? 2 : 1)
        return (
            settings.leakage, holds(settings.contrastShare) ? settings.contrast : 0,
            holds(settings.preservationShare) ? preservation : 0
        )
    }

    /// The noises of a step, moved along the losses' gradient.
    func guided(_ noises: Sides<Tensor>, _ latents: Sides<Tensor>, at level: NoiseLevel) throws
        -> Sides<Tensor>
    {
        let weights = weights(at: level)
        guard weights.leakage != 0 || weights.contrast != 0 || weights.preservation != 0 else {
            return noises
        }
        let session = pairing.context.session
        let scale = session.model.latentScale
        let clean = Sides { DDIM.predictedOriginal(latents[$0], noises[$0], at: level) / scale }
        let slopes = try slopes(in: clean, weights)
        let size = level.sqrtOneMinusAlphaBar * Self.share(of: latents.target)
        func moved(_ side: PairSide) -> Tensor { noises[side] + slopes[side].like(noises[side]) * size }
        return Sides(settings.movesSource ? moved(.source) : noises.source, moved(.target))
    }

    /// What the paper's weights are multiplied by for latents of another size than its 64×64.
    ///
    /// Losses are means over the image, so that the gradient of one element grows as elements get fewer: at 16×16 it would
    /// move them sixteen times as far, and nothing of the image remains.
    static func share(of latent: Tensor) -> Double { Double(latent.shape4.2 * latent.shape4.3) / (64 * 64) }

    /// ∂L/∂y of both pictures.
    func slopes(
        in clean: Sides<Tensor>, _ weights: (leakage: Double, contrast: Double, preservation: Double)
    ) throws -> Sides<Tensor> {
        let session = pairing.context.session
        try session.checkCancellation()
        return try withGradients {
            let leaves = clean.map { $0.requiringGradient }
            guard let loss = try loss(of: leaves, weights) else { return clean.map(\.zerosLike) }
            let slopes = try session.gradients(
                of: loss, withRespectTo: [leaves.source, leaves.target], rows: 2)
            return Sides(slopes[0], slopes[1])
        }
    }

    /// L = λ_RS·L_RS + λ_IS·L_IS + λ_IP·L_IP of the autoencoder's own latents; nil where nothing is asked.
    func loss(
        of clean: Sides<Tensor>, _ weights: (leakage: Double, contrast: Double, preservation: Double)
    ) throws -> Tensor? {
        let model = pairing.context.session.model
        let images = try clean.map { try model.image(of: $0 * model.latentScale) }
        var terms: [(name: String, weight: Double, loss: Tensor)] = []
        if weights.leakage != 0 || weights.contrast != 0 {
            let maps = try Sides { try self.maps(of: images[$0], $0, withBackgrounds: weights.contrast != 0) }
            let leaks = PairSide.allCases.compactMap { leakage(maps[$0]) }
            if weights.leakage != 0, let first = leaks.first {
                terms.append(("L_RS", weights.leakage, leaks.dropFirst().reduce(first, +)))
            }
            if weights.contrast != 0,
                let contrast = GuideLosses.contrast(maps, byPosition: settings.byPosition)
            {
                terms.append(("L_IS", weights.contrast, contrast))
            }
        }
        if weights.preservation != 0 {
            let loss = GuideLosses.preservation(
                images: images, latents: clean, imageMask: masks.image, latentMask: masks.latent)
            terms.append(("L_IP", weights.preservation, loss))
        }
        losses = Dictionary(uniqueKeysWithValues: terms.map { ($0.name, $0.loss.detached.item) })
        let weighted = terms.map { $0.loss * $0.weight }
        return weighted.first.map { weighted.dropFirst().reduce($0, +) }
    }

    private func leakage(_ maps: RelevanceMaps) -> Tensor? {
        let things = maps.only { index in !parts.contains { $0.index == index && $0.isBackground } }
        guard let found = things.maps else { return nil }
        let boxes = things.regions.compactMap { index in parts.first { $0.index == index }?.box }
        return GuideLosses.leakage(found, boxes: Tensor.concatenated(boxes).like(found))
    }

    /// Where a picture shows its regions: s = σ(max-pooled logits), on the latent's grid.
    private func maps(of image: Tensor, _ side: PairSide, withBackgrounds: Bool) throws -> RelevanceMaps {
        let asked = parts.compactMap { part in
            part.isBackground && !withBackgrounds ? nil : part.texts[side].map { (part.index, $0) }
        }
        guard !asked.isEmpty else { return RelevanceMaps(regions: [], maps: nil) }
        let (_, _, height, width) = image.shape4
        let seen = (settings.seesRaw ? Self.unnormalised(image) : image)
            .expanded([asked.count, 3, height, width])
        let logits = try network.relevance(of: seen, to: asked.map { $0.1 })
        let factor = pairing.context.session.model.facts.latentFactor
        let pooled = logits.reshaped([asked.count, 1, height, width]).maxPooled(factor, stride: factor)
        return RelevanceMaps(
            regions: asked.map { $0.0 },
            maps: pooled.sigmoid.reshaped([asked.count, pairing.grid.height, pairing.grid.width]))
    }

    /// The image that a network which normalises its input as CLIPSeg does sees as the image in -1…1.
    static func unnormalised(_ image: Tensor) -> Tensor {
        func channels(_ values: [Float]) -> Tensor { Tensor(values, shape: [1, 3, 1, 1]).like(image) }
        let (mean, deviation) = (channels([0.485, 0.456, 0.406]), channels([0.229, 0.224, 0.225]))
        return (image * deviation + mean) * 2 - 1
    }
}
