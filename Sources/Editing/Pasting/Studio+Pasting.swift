import Diffusion
import Imaging
import Tensors

extension Paste {
    /// What `auto` comes to for a pair of prompts: residual where they differ in colours alone, replace where things
    /// change, or where nobody said what the picture shows.
    ///
    /// Prompts decide, because pictures do not tell: on 48 edits of still lifes the share of a change that no local
    /// function of the photo's colours explains was 0.16 to 0.68 for new colours and 0.24 to 0.67 for new things, and
    /// an apple that became a pear had 0.29, one that became a lemon 0.21. Colours gain by the residual (0.70 of the
    /// way to the true picture instead of 0.51), while a new thing added to the photo keeps the old one's outline.
    func taken(from source: String?, to prompt: String) -> Paste {
        guard self == .auto else { return self }
        guard let source else { return .replace }
        return ColourWords.areAllThatDiffers(between: source, and: prompt) ? .residual : .replace
    }

    /// Squares in which the change is a linear function reach this share of a latent cell to each side.
    static func radius(factor: Int) -> Int { max((3 * factor + 2) / 4, 2) }
}

extension Studio {
    /// What was made of the picture, what was laid over it, and what the account says of both.
    struct Pasted {
        var picture: Picture
        var layer: PasteLayer?
        var account: PasteAccount
    }

    /// Brings what was painted into the request's picture.
    /// - Parameters:
    ///   - working: the picture at the size that was worked at.
    ///   - clean: its latent.
    ///   - found: the mask that the method found, at the latent's size.
    ///   - soft: the map that it was cut from.
    func paste(
        _ painted: Picture, of request: EditRequest, working: Picture, clean: Tensor, found: Mask?,
        soft: Mask?
    ) throws -> Pasted {
        let photo = request.picture
        let hasMask = request.mask != nil || found != nil
        func whole() -> Pasted {
            var picture = painted.resized(width: photo.width, height: photo.height)
            picture.profile = photo.profile
            return Pasted(
                picture: picture,
                account: PasteAccount(
                    asked: request.paste, took: request.paste == .none ? .none : .replace))
        }
        let took = request.paste.taken(from: request.source, to: request.prompt)
        guard took != .none, hasMask || took == .residual else { return whole() }

        var unexplained: Double?
        var content = PasteLayer.Content.replacement
        if took == .residual {
            let base = try decode(clean)
            let radius = Paste.radius(factor: model.facts.latentFactor)
            let area = (request.mask ?? found)?.resized(width: painted.width, height: painted.height)
            content = .difference(base: base, guide: working, radius: radius)
            unexplained = PasteLayer(painted, as: content, coverage: nil).unexplained(within: area)
        }

        let enlargement = max(Double(photo.width) / Double(painted.width), 1)
        let feather = hasMask ? request.feather ?? 2 * enlargement : nil
        var coverage: Coverage?
        if let mask = request.mask {
            coverage = Coverage(given: mask, width: photo.width, height: photo.height, feather: feather ?? 0)
        } else if let found {
            coverage = Coverage(
                found: found, soft: soft, width: photo.width, height: photo.height, feather: feather ?? 0)
        }
        let layer = PasteLayer(painted, as: content, coverage: coverage)
        var picture = photo
        let paster = Paster(layer, width: photo.width, height: photo.height)
        for rows in steps("pasting", paster.parts) {
            try checkCancellation()
            paster.paste(onto: &picture, rows: rows)
        }
        return Pasted(
            picture: picture, layer: layer,
            account: PasteAccount(
                asked: request.paste, took: took, unexplained: unexplained, feather: feather))
    }
}
