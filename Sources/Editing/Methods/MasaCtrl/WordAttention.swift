import Diffusion
import Networks
import Prompts
import Tensors

/// Where a thing is, by what the attention of source and target gives to its words.
///
/// Prompt maps of one size (in Stable Diffusion those of 16×16) are averaged over layers and heads, summed over the
/// word's tokens, scaled to 0...1 and cut.
struct WordAttention {
    /// The prompt maps that are looked at, in the order of a pass.
    let maps: [Site]
    /// The thing's columns in the source's maps.
    let sourceColumns: [Int]
    /// The thing's columns in the target's maps.
    let targetColumns: [Int]
    private let threshold: Double
    private let mapScale: Int
    private let context: EditContext

    /// What is needed to look for a thing.
    /// - Throws: `EditingError` for a prompt that is missing, `TokenizerError` for words that are not in it.
    init(_ request: ForegroundMask.Request, on context: EditContext, among all: [Site]) throws {
        guard !request.target.isEmpty else {
            throw EditingError.missing(.option("foreground", beside: "source-foreground"), method: "masactrl")
        }
        guard let source = context.source else {
            throw EditingError.missing(.source(option: "option foreground"), method: "masactrl")
        }
        let tokenizer = try context.session.model.tokenizer()
        func columns(of phrase: String, in prompt: Conditioning) throws -> [Int] {
            guard let tokens = prompt.tokens else {
                throw EditingError.missing(.textPrompts, method: "masactrl")
            }
            return try tokenizer.wordTokens(phrase, in: tokens).flatMap { Array($0) }
        }
        targetColumns = try columns(of: request.target, in: context.prompt)
        sourceColumns = try columns(of: request.source, in: source)
        threshold = request.threshold
        self.context = context

        // The smallest maps of the way up: 16×16 in Stable Diffusion, whose 8×8 ones are the middle's.
        let upward = all.filter { if case .up = $0.stage { $0.isCrossAttentionMap } else { false } }
        let scale = upward.map(\.scale).max() ?? 1
        mapScale = scale
        maps = all.filter { $0.isCrossAttentionMap && $0.scale == scale }
    }

    /// For each of some own maps, the prompt maps that a pass comes by before it.
    func earlierMaps(of sites: [Site], among all: [Site]) -> [Site: [Site]] {
        var earlier: [Site] = []
        var found: [Site: [Site]] = [:]
        for site in all {
            if maps.contains(site) { earlier.append(site) }
            if sites.contains(site) { found[site] = earlier }
        }
        return found
    }

    /// Where maps [1, 1, tokens, L] give much to some of their columns, [1, 1, h, w] of zeros and ones at a scale.
    func mask(_ maps: [Tensor], _ columns: [Int], at scale: Int) -> Tensor {
        let mean = Tensor.concatenated(maps).mean([0, 1])  // [tokens, L]
        let sum = Tensor.stacked(columns.map { mean.selected(1, at: $0) }).sum([0])
        let (lowest, highest) = (sum.smallest(), sum.amax())
        let scaled = (sum - lowest) / (highest - lowest).clamped(1e-12, nil)
        let (start, end) = (context.size(at: mapScale), context.size(at: scale))
        let large = scaled.reshaped([1, 1, start.height, start.width])
            .upsampledNearest(height: end.height, width: end.width)
        return 1 - (large < threshold).to(dtype: large.dtype)
    }
}

extension EditContext {
    /// How many places a layer's maps have at a scale; strided convolutions round sides up.
    func size(at scale: Int) -> (height: Int, width: Int) {
        let (_, _, height, width) = clean.shape4
        return ((height + scale - 1) / scale, (width + scale - 1) / scale)
    }
}
