import Diffusion
import Imaging
import Tensors

extension Paste {
    /// What `auto` comes to for a pair of prompts: residual where they differ in colours alone, replace where things
    /// change, or where nobody said what the image shows.
    ///
    /// Prompts decide, because images do not tell: on 48 edits of still lifes the share of a change that no local
    /// function of the photo's colours explains was 0.16 to 0.68 for new colours and 0.24 to 0.67 for new things, and
    /// an apple that became a pear had 0.29, one that became a lemon 0.21. Colours gain by the residual (0.70 of the
    /// way to the true image instead of 0.51), while a new thing added to the photo keeps the old one's outline.
    ///
    /// Methods that paint the whole image anew from what they learnt replace: their images have other outlines everywhere.
    func taken(from source: String?, to prompt: String, repainted: Bool = false) -> Paste {
        guard self == .auto else { return self }
        guard !repainted, let source else { return .replace }
        return ColourWords.areAllThatDiffers(between: source, and: prompt) ? .residual : .replace
    }

    /// Squares in which the change is a linear function reach this share of a latent cell to each side.
    static func radius(factor: Int) -> Int { max((3 * factor + 2) / 4, 2) }
}

extension EditOutput.Finished {
    /// The image as the result of a request: laid over the request's own as far as it reaches.
    /// - Parameters:
    ///   - window: the part of the request's image that it is of; nil is all of it.
    ///   - mask: what may change of that part; all where nil.
    func pasted(into request: EditRequest, at window: PixelBox?, within mask: Mask?)
        -> DiffusionSession.Pasted
    {
        let open = mask.map {
            Coverage(given: $0, width: reach.width, height: reach.height, feather: request.feather ?? 2)
        }
        let coverage = Coverage(
            width: reach.width, height: reach.height,
            values: reach.values.enumerated().map { place, share in
                UInt8(min(max(share, 0), 1) * Float(open?.values[place] ?? 255) + 0.5)
            })
        var layer = PasteLayer(image, coverage: coverage)
        let photo = request.image
        if let window { layer = layer.placed(at: window, width: photo.width, height: photo.height) }
        return DiffusionSession.Pasted(
            image: layer.pasted(into: photo), layer: layer,
            account: PasteRecord(asked: request.paste, took: .replace))
    }
}

extension DiffusionSession {
    /// What was made of the image, what was laid over it, and what the account says of both.
    struct Pasted {
        var image: Image
        var layer: PasteLayer?
        var account: PasteRecord
    }

    /// Brings what was painted into the request's image.
    /// - Parameters:
    ///   - window: the part of the request's image that was worked on; nil is all of it.
    ///   - opened: what the request's mask is of that part.
    ///   - working: that part at the size that was worked at.
    ///   - clean: its latent.
    ///   - found: the mask that the method found, at the latent's size.
    ///   - soft: the map that it was cut from.
    ///   - repainted: whether the method paints the whole image anew from what it learnt.
    func paste(
        _ painted: Image, of request: EditRequest, at window: PixelBox?, opened: Mask?, working: Image,
        clean: Tensor, found: Mask?, soft: Mask?, repainted: Bool
    ) throws -> Pasted {
        let photo = request.image
        let hasMask = request.mask != nil || found != nil
        func whole() -> Pasted {
            var image = PasteLayer(painted, coverage: nil, window: window).whole(over: photo)
            image.profile = photo.profile
            return Pasted(
                image: image,
                account: PasteRecord(
                    asked: request.paste, took: request.paste == .none ? .none : .replace))
        }
        let took = request.paste.taken(
            from: request.source, to: request.prompt, repainted: repainted)
        guard took != .none, hasMask || took == .residual else { return whole() }

        var unexplained: Double?
        var content = PasteLayer.Content.replacement
        if took == .residual {
            let base = try decode(clean)
            let radius = Paste.radius(factor: model.facts.latentFactor)
            let area = (opened ?? found)?.resized(width: painted.width, height: painted.height)
            content = .difference(base: base, guide: working, radius: radius)
            unexplained = PasteLayer(painted, as: content, coverage: nil).unexplained(within: area)
        }

        let enlargement = max(Double(window?.width ?? photo.width) / Double(painted.width), 1)
        let feather = hasMask ? request.feather ?? 2 * enlargement : nil
        var coverage: Coverage?
        if let mask = request.mask {
            coverage = Coverage(given: mask, width: photo.width, height: photo.height, feather: feather ?? 0)
        } else if let found {
            coverage = Coverage(
                found: found, soft: soft, width: photo.width, height: photo.height, feather: feather ?? 0)
        }
        let layer = PasteLayer(painted, as: content, coverage: coverage, window: window)
        var image = photo
        let paster = Paster(layer, width: photo.width, height: photo.height)
        for rows in steps("pasting", paster.parts) {
            try checkCancellation()
            paster.paste(onto: &image, rows: rows)
        }
        return Pasted(
            image: image, layer: layer,
            account: PasteRecord(
                asked: request.paste, took: took, unexplained: unexplained, feather: feather))
    }
}
