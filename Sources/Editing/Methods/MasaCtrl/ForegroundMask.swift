import Diffusion
import Networks
import Prompts
import Tensors

/// MasaCtrl's masks: where source and target show a thing, by what their attention gives to its words.
///
/// Prompt maps of one size (in Stable Diffusion those of 16×16) are averaged over layers and heads, summed
/// over the word's tokens and scaled to 0...1. Where the target shows the thing it looks only at the source's
/// thing, elsewhere only at the rest. Every step makes its masks anew, from the layers that the pass has
/// already come by.
struct ForegroundMask {
    /// How the target's mask is used; the source's is always cut.
    enum Edge: String, CaseIterable {
        /// Cut at the threshold.
        case cut
        /// As it is, as the published code does: what things and what the rest look like are mixed.
        case soft
    }

    static let options: [OptionDescription] = [
        .init(
            "foreground", .text, .text(""),
            help: "words of the prompt for the thing; it and the rest then keep apart"),
        .init(
            "source-foreground", .text, .text(""),
            help: "the words for it in the source prompt; the same where empty"),
        .init(
            "mask-threshold", .number(0...1), .number(0.1),
            help: "where the words' scaled attention is cut"),
        .init(
            "target-mask", .choice(Edge.allCases.map(\.rawValue)), .text("cut"),
            presets: [.official: .text("soft")], help: "soft: the target's mask is not cut"),
    ]

    /// What the options say.
    struct Request {
        let target: String
        let source: String
        let threshold: Double
        let edge: Edge

        init(_ options: Options) {
            target = options.text("foreground")
            let source = options.text("source-foreground")
            self.source = source.isEmpty ? target : source
            threshold = options.number("mask-threshold")
            edge = options.choice("target-mask", as: Edge.self)
        }
    }

    /// The prompt maps that masks are made of, in the order of a pass.
    let maps: [Site]
    private let request: Request
    private let sourceColumns: [Int]
    private let targetColumns: [Int]
    private let mapScale: Int
    private let latentSize: (height: Int, width: Int)
    /// The own maps to restrict, each with the prompt maps that come before it.
    private let layers: [Site: [Site]]

    /// The mask's makings; nil where no thing is named.
    /// - Throws: `EditingError` for a prompt that is missing, `TokenizerError` for words that are not in it.
    init?(_ request: Request, on canvas: Canvas, layers: [Site], among all: [Site]) throws {
        guard !request.target.isEmpty || !request.source.isEmpty, !layers.isEmpty else { return nil }
        guard !request.target.isEmpty else {
            throw EditingError.missing(what: "option foreground beside source-foreground", method: "masactrl")
        }
        guard let source = canvas.source else {
            throw EditingError.missing(
                what: "a prompt that says what the picture shows now (--source) for option foreground",
                method: "masactrl")
        }
        self.request = request
        let tokenizer = try canvas.studio.model.tokenizer()
        func columns(of phrase: String, in prompt: Prompt) throws -> [Int] {
            let text = tokenizer.encode(prompt.text ?? "")
            return try tokenizer.wordTokens(phrase, in: text).flatMap { Array($0) }
        }
        targetColumns = try columns(of: request.target, in: canvas.prompt)
        sourceColumns = try columns(of: request.source, in: source)
        let (_, _, height, width) = canvas.clean.shape4
        latentSize = (height, width)

        // The smallest maps of the way up: 16×16 in Stable Diffusion, whose 8×8 ones are the middle's.
        let upward = all.filter { if case .up = $0.stage { $0.isPromptMap } else { false } }
        mapScale = upward.map(\.scale).max() ?? 1
        maps = all.filter { [mapScale] in $0.isPromptMap && $0.scale == mapScale }
        var earlier: [Site] = []
        var restricted: [Site: [Site]] = [:]
        for site in all {
            if maps.contains(site) { earlier.append(site) }
            let isControlled = layers.contains { $0.stage == site.stage && $0.layer == site.layer }
            if site.isOwnMap, isControlled, !earlier.isEmpty { restricted[site] = earlier }
        }
        self.layers = restricted
    }

    /// Restricts the target's attention by masks from what source and target record in the same step.
    func plan(source: Recording, target: Recording) -> Plan {
        .editing(layers.keys) { site, map in
            guard let maps = layers[site] else { return map }
            let seen = resized(attention(maps.map { source[$0] }, sourceColumns), to: site.scale)
            let own = resized(attention(maps.map { target[$0] }, targetColumns), to: site.scale)
            return Self.restricted(
                map, source: cut(seen).reshaped([1, 1, 1, -1]),
                target: (request.edge == .cut ? cut(own) : own).reshaped([1, 1, -1, 1]))
        }
    }

    /// What words get, [tokens], from nought to 1, of maps [1, 1, tokens, L].
    private func attention(_ maps: [Tensor], _ columns: [Int]) -> Tensor {
        let mean = Tensor.concatenated(maps).mean([0, 1])  // [tokens, L]
        let sum = Tensor.stacked(columns.map { mean.selected(1, at: $0) }).sum([0])
        let (lowest, highest) = (sum.smallest(), sum.largest())
        return (sum - lowest) / (highest - lowest).clamped(1e-12, nil)
    }

    private func cut(_ mask: Tensor) -> Tensor { 1 - (mask < request.threshold).to(dtype: mask.dtype) }

    /// A mask over the places of the prompt maps, at another scale.
    private func resized(_ mask: Tensor, to scale: Int) -> Tensor {
        func size(_ scale: Int) -> (height: Int, width: Int) {
            ((latentSize.height + scale - 1) / scale, (latentSize.width + scale - 1) / scale)
        }
        let (start, end) = (size(mapScale), size(scale))
        return mask.reshaped([1, 1, start.height, start.width])
            .upsampledNearest(height: end.height, width: end.width)
    }

    /// Attention [1, heads, N, L] of the thing's queries to the thing's places, and of the rest's to the
    /// rest.
    ///
    /// Taking places away after the softmax and scaling each row to sum 1 is the softmax over the places
    /// left. A query that nothing is left to keeps its row.
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
