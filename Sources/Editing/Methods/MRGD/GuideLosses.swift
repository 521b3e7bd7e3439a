import Tensors

/// Where the regions of one picture are seen in it: relevance in 0...1, and whose it is.
struct RelevanceMaps {
    /// The regions' places in the request's list.
    let regions: [Int]
    /// [R, h, w]; nil where there are none.
    let maps: Tensor?

    /// Those of some regions alone.
    func only(_ isWanted: (Int) -> Bool) -> RelevanceMaps {
        let places = regions.indices.filter { isWanted(regions[$0]) }
        guard let maps, !places.isEmpty else { return RelevanceMaps(regions: [], maps: nil) }
        return RelevanceMaps(
            regions: places.map { regions[$0] },
            maps: .concatenated(places.map { maps.rows($0..<($0 + 1)) }))
    }
}

/// The losses of multi-region guidance, as functions of maps, images and latents.
enum GuideLosses {
    /// L_RS: what is seen of regions outside their boxes, Σ_i mean(s_i·(1 - box_i)).
    ///
    /// - `maps`: s, [R, h, w].
    /// - `boxes`: 1 inside, [R, h, w].
    static func leakage(_ maps: Tensor, boxes: Tensor) -> Tensor { (maps * (1 - boxes)).mean([1, 2]).sum }

    /// L_IS: regions of one picture must be told from the other regions of the other picture.
    ///
    /// G = q·vᵀ of the flattened maps, its rows divided by their sums, and the cross-entropy of their softmax to the region's
    /// own column; the mean over the rows. q are the maps of the picture with fewer of them, the target's where both have as
    /// many; a picture without any is compared with what the other shows now.
    /// - Parameter byPosition: pairs maps by their places among the maps, as the published code does, and not by
    ///   region.
    /// - Returns: nil where no region is in both.
    static func contrast(_ maps: Sides<RelevanceMaps>, byPosition: Bool = false) -> Tensor? {
        var (q, v) =
            maps.source.regions.count < maps.target.regions.count
            ? (maps.source, maps.target) : (maps.target, maps.source)
        if q.regions.isEmpty { q = RelevanceMaps(regions: v.regions, maps: v.maps?.detached) }
        let labels = q.regions.indices.map { place in
            byPosition ? place : v.regions.firstIndex(of: q.regions[place])
        }
        let rows = labels.indices.filter { labels[$0] != nil }
        guard let one = q.maps, let other = v.maps, !rows.isEmpty else { return nil }
        func flat(_ maps: Tensor) -> Tensor { maps.reshaped([maps.shape[0], -1]) }
        let products = flat(one).matmul(flat(other).transposed(0, 1))
        let shares = products / products.sum([1], keeping: true).clamped(1e-12, nil)
        let columns = v.regions.count
        let wanted = labels.flatMap { label in (0..<columns).map { $0 == label ? Float(1) : 0 } }
        let own = Tensor(wanted, shape: [labels.count, columns]).like(shares)
        return -(shares.logSoftmax(1) * own).sum / Double(rows.count)
    }

    /// L_IP: what is not edited stays, mean((I_S·m - I_T·m)²) in images and the same in latents.
    static func preservation(
        images: Sides<Tensor>, latents: Sides<Tensor>, imageMask: Tensor, latentMask: Tensor
    ) -> Tensor {
        func distance(_ pair: Sides<Tensor>, _ mask: Tensor) -> Tensor {
            ((pair.source - pair.target) * mask.like(pair.source)).squared.mean
        }
        return distance(images, imageMask) + distance(latents, latentMask)
    }

    /// Where both pictures must agree (m), [1, 1, H, W]: everywhere but at the seams of inherent things and in what is
    /// edited.
    ///
    /// Boxes of inherent things have their feather, so that seams are free; then the feathers of edited, added and removed
    /// ones are taken away, and what is below 0 is 0.
    /// - Parameter inListOrder: one after the other as they are listed, as in the published code, where an inherent thing
    ///   that is listed after an edited one makes what they share fixed again.
    static func kept(_ regions: [Region], height: Int, width: Int, inListOrder: Bool = false) -> Tensor {
        let isInherent = { (region: Region) in region.effectiveRole == .inherent }
        let things = regions.filter { $0.effectiveRole != .background }
        let ordered =
            inListOrder ? things : things.filter(isInherent) + things.filter { !isInherent($0) }
        var mask = Tensor.ones([1, 1, height, width])
        for region in ordered {
            let tile = Tile(of: region.place, height: height, width: width)
            let feather = tile.place(tile.feather(0.2))
            mask = isInherent(region) ? mask * (1 - tile.box) + feather : mask - feather
        }
        return mask.clamped(0, nil)
    }
}
