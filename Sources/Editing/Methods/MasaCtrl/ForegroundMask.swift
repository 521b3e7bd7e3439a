import Diffusion
import Imaging
import Networks
import Prompts
import Tensors

/// MasaCtrl's masks: where source and target show a thing.
///
/// Where the target shows the thing it looks only at the source's thing, elsewhere only at the rest. The masks are made
/// of words, anew in every step, from the layers that the pass has already come by, see `WordAttention`; or they are
/// given as images, and are the same in every step.
struct ForegroundMask {
    static let foreground = TypedOption<String>(
        "foreground", "", help: "words of the prompt for the thing; it and the rest then keep apart")
    static let sourceForeground = TypedOption<String>(
        "source-foreground", "", help: "the words for it in the source prompt; the same where empty")
    static let maskThreshold = TypedOption<Double>(
        "mask-threshold", in: 0...1, 0.1, help: "where the words' scaled attention is cut")
    static let sourceMask = TypedOption<String>(
        "source-mask", "",
        help: "file of a mask: where the picture shows the thing (white), instead of foreground's words")
    static let targetMask = TypedOption<String>(
        "target-mask", "",
        help: "file of a mask: where the painting shall show the thing (white); source-mask's where empty")

    static let options: [OptionDescription] = [
        foreground.description, sourceForeground.description, maskThreshold.description,
        sourceMask.description, targetMask.description,
    ]

    /// What the options say.
    struct Request {
        let target: String
        let source: String
        let threshold: Double
        /// Whether masks are given.
        let gives: (source: Bool, target: Bool)

        /// Whether masks are made of words.
        var needsWords: Bool { !gives.source && !source.isEmpty }

        init(_ options: Options) {
            target = options[ForegroundMask.foreground]
            let source = options[ForegroundMask.sourceForeground]
            self.source = source.isEmpty ? target : source
            threshold = options[ForegroundMask.maskThreshold]
            gives = (
                !options[ForegroundMask.sourceMask].isEmpty, !options[ForegroundMask.targetMask].isEmpty
            )
        }
    }

    /// The prompt maps that masks are made of, in the order of a pass; none for given masks.
    let maps: [Site]
    /// The own maps to restrict.
    private let restricted: [Site]
    /// The masks for the layer of a site from what source and target recorded, [1, 1, h, w] of zeros and ones.
    private let masks: (Site, Recording, Recording) -> (source: Tensor, target: Tensor)

    /// The mask's makings; nil where no thing is named.
    /// - Throws: `EditingError` for a prompt or mask that is missing, `TokenizerError` for words that are not in a prompt.
    init?(_ request: Request, on context: EditContext, layers: [Site], among all: [Site]) throws {
        if request.gives.target, !request.gives.source {
            throw EditingError.missing(.option("source-mask", beside: "target-mask"), method: "masactrl")
        }
        guard !layers.isEmpty else { return nil }
        let controlled = all.filter { site in
            site.isSelfAttentionMap && layers.contains { $0.stage == site.stage && $0.layer == site.layer }
        }
        if request.gives.source {
            func mask(_ option: TypedOption<String>) throws(EditingError) -> Mask {
                guard case .mask(let mask)? = context.files[option.name] else {
                    throw .unread(option, method: "masactrl")
                }
                return mask
            }
            let given = (
                source: try mask(Self.sourceMask),
                target: try mask(request.gives.target ? Self.targetMask : Self.sourceMask)
            )
            (maps, restricted) = ([], controlled)
            masks = { site, _, _ in
                let size = context.size(at: site.scale)
                func cells(_ mask: Mask) -> Tensor {
                    let small = mask.nearest(width: size.width, height: size.height)
                    return Tensor(
                        small.values.map { $0 >= 0.5 ? 1 : 0 }, shape: [1, 1, size.height, size.width]
                    )
                    .like(context.clean)
                }
                return (cells(given.source), cells(given.target))
            }
        } else if request.needsWords {
            let words = try WordAttention(request, on: context, among: all)
            let earlier = words.earlierMaps(of: controlled, among: all)
            maps = words.maps
            restricted = controlled.filter { earlier[$0]?.isEmpty == false }
            masks = { site, source, target in
                let maps = earlier[site] ?? []
                return (
                    words.mask(maps.map { source[$0] }, words.sourceColumns, at: site.scale),
                    words.mask(maps.map { target[$0] }, words.targetColumns, at: site.scale)
                )
            }
        } else {
            return nil
        }
    }

    /// Restricts the target's attention by masks from what source and target record in the same step.
    func plan(source: Recording, target: Recording) -> Plan {
        .editing(restricted) { site, map in
            let masks = masks(site, source, target)
            return Self.restricted(
                map, source: masks.source.reshaped([1, 1, 1, -1]),
                target: masks.target.reshaped([1, 1, -1, 1]))
        }
    }

    /// Attention [1, heads, N, L] of the thing's queries to the thing's places, and of the rest's to the rest.
    ///
    /// Taking places away after the softmax and scaling each row to sum 1 is the softmax over the places left. A query
    /// that nothing is left to keeps its row.
    /// - Parameters:
    ///   - source: which places show the thing, [1, 1, 1, L], each 0 or 1.
    ///   - target: how much a query belongs to the thing, [1, 1, N, 1].
    static func restricted(_ map: Tensor, source: Tensor, target: Tensor) -> Tensor {
        func kept(_ part: Tensor) -> Tensor {
            let left = map * part
            let sum = left.sum([-1], keeping: true)
            let isEmpty = sum < 1e-12
            return map.choosing(where: isEmpty, else: left / sum.clamped(1e-12, nil))
        }
        return kept(source) * target + kept(1 - source) * (1 - target)
    }
}
