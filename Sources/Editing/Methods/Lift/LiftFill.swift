import Diffusion
import Imaging
import Networks
import Tensors

/// Paints the ground where a thing stood, by sampling from a part of the noise without letting it look at the hole.
///
/// Rows interpolated between the hole's sides are noised, then sampled under the prompt without the thing. No
/// self-attention may look at cells of the hole, so that nothing but the surroundings is continued; outside the hole the
/// image's own latent, noised alike, is put back at every level.
struct LiftFill {
    let context: EditContext
    /// The noise of all fillings of a job, of the latent's shape.
    let noise: Tensor

    /// What the model paints in the whole frame, and how much of it each pixel takes.
    struct Painted {
        let image: FloatImage
        let hole: Mask
    }

    /// Fills a hole of an image, both at the working size.
    ///
    /// Cost: K forwards, twice that with guidance.
    func fill(_ hole: Mask, of image: FloatImage, without prompt: Conditioning, stage: String) throws
        -> Painted
    {
        let session = context.session
        let (_, _, height, width) = context.clean.shape4
        let cells = hole.touching(width: width, height: height)
        let inside = Tensor(cells.values, shape: [1, 1, height, width]).like(context.clean)
        let source = try session.encode(image.image)
        let base = try session.encode(image.interpolatingRows(where: hole).image)
        let start = EditContext.blend(base, over: source, mask: inside)
        let plan = try Self.plan(hiding: cells, among: session.model.sites)
        let latent = try session.sample(
            DDIM.addNoise(start, noise, to: context.levels[context.startStep]), from: context.startStep,
            of: context.levels, stage: stage,
            predicting: { latent, level in
                let query = Query(
                    latent, at: level, prompt: prompt, guidance: context.away(plan: plan), plan: plan)
                return try session.predict([query])[0]
            },
            each: { index, latent in
                let kept = index == 0 ? source : DDIM.addNoise(source, noise, to: context.levels[index])
                return EditContext.blend(latent, over: kept, mask: inside)
            })
        return Painted(image: FloatImage(try session.decode(latent)), hole: hole)
    }

    /// A plan by which no self-attention looks at some cells; none where there are none.
    static func plan(hiding cells: Mask, among all: [Site]) -> Plan {
        guard cells.values.contains(where: { $0 > 0 }) else { return .none }
        return .editing(all.filter(\.isSelfAttentionMap)) { site, map in
            hiding(
                cells, from: map, height: (cells.height + site.scale - 1) / site.scale,
                width: (cells.width + site.scale - 1) / site.scale)
        }
    }

    /// A self-attention map [1, heads, N, N] of height × width places without what it gives to some cells.
    ///
    /// Rows sum to 1 again; one that nothing is left to stays as it is.
    static func hiding(_ cells: Mask, from map: Tensor, height: Int, width: Int) -> Tensor {
        let shown = cells.touching(width: width, height: height).inverted()
        return ForegroundMask.restricted(
            map, source: Tensor(shown.values, shape: [1, 1, 1, width * height]).like(map),
            target: Tensor.ones([1, 1, width * height, 1]).like(map))
    }
}

extension LiftFill.Painted {
    /// The image with its hole filled, at its own size: a hole that was drawn at another size is enlarged.
    func pasted(into image: FloatImage) -> FloatImage {
        let unit = image.unit
        let share = hole.enlarged(like: image).grown(by: max(Int(unit.rounded()), 1)).blurred(
            radius: 0.7 * unit)
        return self.image.resized(width: image.width, height: image.height).blended(over: image, by: share)
    }
}

extension Mask {
    /// 1 for each cell of a grid that the mask touches at all, 0 elsewhere.
    func touching(width newWidth: Int, height newHeight: Int) -> Mask {
        var cells = Mask(width: newWidth, height: newHeight, filledWith: 0)
        for y in 0..<height {
            for x in 0..<width where values[y * width + x] > 0 {
                let column = min(x * newWidth / width, newWidth - 1)
                cells.values[min(y * newHeight / height, newHeight - 1) * newWidth + column] = 1
            }
        }
        return cells
    }

    /// A mask of zeros and ones at an image's size.
    func enlarged(like image: FloatImage) -> Mask {
        (width, height) == (image.width, image.height)
            ? self : resized(width: image.width, height: image.height).thresholded()
    }
}
