import Diffusion
import Imaging
import Networks
import Prompts
import Tensors

/// Finds things that a prompt names in an image, by the cross-attention of their nouns in the noised image.
///
/// One pass over n noises under the source prompt records the cross-attention maps. That a word's map lights up says
/// nothing of whether its thing is there; that the network predicts the noise worse without the word does
/// (`evidence(of:without:)`).
///
/// Draws 6 noises of the latent's shape, and 4 more where evidence is asked. Cost: 6 forwards, and 4 for each prompt
/// that evidence compares.
final class ThingFinder {
    /// Noises that maps are averaged over.
    static let mapNoises = 6
    /// Noises that errors are averaged over.
    static let evidenceNoises = 4
    /// Where maps are recorded, as a share of the trajectory.
    static let mapStrength = 0.2
    /// Where errors are compared, as a share of the trajectory.
    static let evidenceStrength = 0.4

    /// The source prompt's phrases.
    let phrases: PromptPhrases
    /// The image, at the working size.
    let image: FloatImage
    private let session: DiffusionSession
    private let levels: Trajectory
    private let clean: Tensor
    private let random: RandomGenerator
    private let source: Conditioning
    /// What attention gives to the noun of each phrase, [1, 1, h, w].
    private let attention: [PromptPhrases.Phrase: Tensor]
    private let segmenter: Segmenter

    /// Looks at an image.
    /// - Parameters:
    ///   - clean: the image's latent.
    ///   - threshold: where a scaled map is so low that its thing is surely not there.
    /// - Throws: `EditingError` for a prompt that is no text, `TokenizerError` for a noun that was cut off.
    init(
        _ session: DiffusionSession, levels: Trajectory, image: FloatImage, clean: Tensor,
        source: Conditioning,
        threshold: Float, random: RandomGenerator
    ) throws {
        guard let tokens = source.tokens, let text = source.text else {
            throw EditingError.missing(.textPrompts, method: "finding things by words")
        }
        (self.session, self.levels, self.image, self.clean) = (session, levels, image, clean)
        (self.source, self.random) = (source, random)
        phrases = PromptPhrases(text)
        segmenter = Segmenter(image, threshold: threshold)

        let sites = Self.sites(
            among: try session.model.sites,
            side: session.model.facts.imageSide / session.model.facts.latentFactor)
        let level = levels[max(levels.stepCount(strength: Self.mapStrength), 1)]
        let recordings = (0..<Self.mapNoises).map { _ in Recording(sites, averagingHeads: true) }
        let latents = recordings.map { _ in
            DDIM.addNoise(clean, random.normal(clean.shape).like(clean), to: level)
        }
        for _ in session.steps("finding the words", 0..<1) {
            _ = try session.predict(
                zip(latents, recordings).map {
                    Query($0, at: level, prompt: source, plan: .recording(into: $1))
                })
        }
        let tokenizer = try session.model.tokenizer()
        var attention: [PromptPhrases.Phrase: Tensor] = [:]
        for phrase in phrases.phrases {
            let occurrence = phrases.tokens[..<phrase.nounIndex].count { $0 == phrase.noun }
            let found = try tokenizer.wordTokens(phrase.noun, in: tokens)
            guard occurrence < found.count else { continue }
            attention[phrase] = Self.mean(recordings, sites, found[occurrence], clean)
        }
        self.attention = attention
    }

    /// The cross-attention maps that tell things apart: of half the latent's side, or 16 cells where that is less.
    ///
    /// At half the side (the small models here) those of the way down alone, at a quarter (Stable Diffusion) both ways, as
    /// MasaCtrl takes them. The next coarser maps of a model of flowers lit up on everything but the flower.
    static func sites(among all: [Site], side: Int) -> [Site] {
        func isDown(_ site: Site) -> Bool { if case .down = site.stage { true } else { false } }
        let maps = all.filter { $0.isCrossAttentionMap && $0.stage != .middle }
        let down = maps.filter(isDown)
        let least = min(side / 2, 16)
        guard let scale = down.map(\.scale).filter({ side / $0 >= least }).max() ?? maps.map(\.scale).min()
        else { return [] }
        let chosen = maps.filter { $0.scale == scale }
        let coarse = chosen.filter(isDown)
        return scale <= 2 && !coarse.isEmpty ? coarse : chosen
    }

    /// The mean over sites and rows of the sum of some columns, [1, 1, h, w].
    private static func mean(
        _ recordings: [Recording], _ sites: [Site], _ columns: Range<Int>, _ clean: Tensor
    ) -> Tensor {
        let (_, _, height, width) = clean.shape4
        let scale = sites[0].scale
        let (rows, across) = ((height + scale - 1) / scale, (width + scale - 1) / scale)
        let maps = recordings.flatMap { recording in
            sites.map { recording[$0].narrowed(3, from: columns.lowerBound, count: columns.count).sum([3]) }
        }
        return Tensor.concatenated(maps).to(dtype: .float32).mean([0, 1]).reshaped([1, 1, rows, across])
    }

    /// A map scaled to 0...1 at a size; 0 everywhere where it is flat.
    static func scaled(_ map: Tensor, height: Int, width: Int) -> Tensor {
        let large = map.resampledBilinear(height: height, width: width)
        let lowest = large.smallest()
        return (large - lowest) / (large.amax() - lowest).clamped(1e-9, nil)
    }

    /// The scaled map of some phrases together, at the image's size.
    private func map(of phrases: [PromptPhrases.Phrase]) -> Mask? {
        let maps = phrases.compactMap { attention[$0] }
        guard !maps.isEmpty else { return nil }
        return Mask(
            Self.scaled(
                Tensor.concatenated(maps).mean([0], keeping: true), height: image.height, width: image.width))
    }

    /// How much worse the network predicts noise where the word's map is, without the word: (e(P') - e(P))/e(P).
    ///
    /// e(P) is the squared error of the noise under a prompt, averaged by the map; P' is the prompt without the thing.
    /// Of several things of one name a prompt that has one of them counts too, since a model may never have read of two.
    func evidence(of things: [Found]) throws -> [Double] {
        let level = levels[max(levels.stepCount(strength: Self.evidenceStrength), 1)]
        let (_, _, height, width) = clean.shape4
        let noises = (0..<Self.evidenceNoises).map { _ in random.normal(clean.shape).like(clean) }
        func prompt(without gone: [PromptPhrases.Phrase]) throws -> Conditioning {
            try session.prompt(phrases.without(gone), as: "source prompt")
        }
        let without = try things.map { try prompt(without: $0.phrases) }
        let alone = try things.map { thing in
            thing.phrases.count > 1
                ? try thing.phrases.map { own in try prompt(without: thing.phrases.filter { $0 != own }) }
                : []
        }
        let prompts = [source] + without + alone.joined()
        var answers: [Tensor] = []
        for _ in session.steps("looking whether it is there", 0..<1) {
            answers = try session.predict(
                noises.flatMap { noise in
                    let latent = DDIM.addNoise(clean, noise, to: level)
                    return prompts.map { Query(latent, at: level, prompt: $0) }
                })
        }
        return things.enumerated().map { index, thing in
            let maps = thing.phrases.compactMap { attention[$0] }
            guard !maps.isEmpty else { return 0 }
            let mean = Tensor.concatenated(maps).mean([0], keeping: true)
            let weights = Self.scaled(mean, height: height, width: width).like(clean)
            func error(_ prompt: Int) -> Double {
                let total = noises.indices.reduce(0.0) { sum, noise in
                    let apart = noises[noise] - answers[noise * prompts.count + prompt]
                    return sum + (apart.squared * weights).sum.item
                }
                return total / (weights.sum.item * Double(clean.shape[1] * noises.count))
            }
            let first = 1 + without.count + alone[..<index].joined().count
            let usual = ([0] + alone[index].indices.map { first + $0 }).map(error).min() ?? 0
            return usual > 0 ? (error(index + 1) - usual) / usual : 0
        }
    }
}

/// Which pixels are a thing's.
extension ThingFinder {
    /// What was found of one thing.
    struct Found {
        /// What messages call it.
        let noun: String
        /// The phrases whose map it is: all of its name, where things of one name were told apart.
        let phrases: [PromptPhrases.Phrase]
        /// The one phrase that names it.
        var phrase: PromptPhrases.Phrase
        /// The scaled map (P).
        var map: Mask
        /// How surely each pixel is the thing's, by map and colours (q).
        var soft: Mask
        /// The pixels that are the thing's, 0 or 1.
        var core: Mask
        /// Cores of other things of its name.
        var siblings: [Mask] = []
    }

    /// A thing of an instruction.
    /// - Throws: `LiftError` where things of one name cannot be told apart.
    func found(_ thing: LiftInstruction.Thing) throws -> Found {
        let fitting = try phrases.phrases(for: thing)
        let named = phrases.phrases.filter { PromptPhrases.isSame($0.noun, thing.noun) }
        let isPlural = named.contains { PromptPhrases.isPlural($0.noun, of: thing) }
        guard named.count > 1 || (isPlural && thing.place != nil) else {
            return segmented(fitting, thing.noun)
        }
        let all = segmented(named, thing.noun)
        let wanted = named.count > 1 ? named.count : thing.place == .middle ? 3 : 2
        let masks = parts(of: all, named, count: wanted, more: isPlural)
        guard masks.count >= wanted else {
            throw LiftError.fewerParts(thing.noun, found: masks.count, wanted: wanted)
        }
        let chosen = try chosen(thing, fitting, named, among: masks)
        var found = part(chosen.part, of: masks, all)
        found.phrase = chosen.phrase
        return found
    }

    /// The parts that several things of one name are, the heaviest first.
    ///
    /// The connected ones of what was found; where those are fewer than are named, those of what colours alone say,
    /// and then what is found once the parts so far are taken off the map, which one thing may dominate.
    private func parts(
        of all: Found, _ named: [PromptPhrases.Phrase], count: Int, more: Bool
    ) -> [Mask] {
        func parts(_ mask: Mask) -> [Mask] {
            mask.keepingParts(above: Segmenter.leastPart, by: all.map).parts().map { part in
                (part: part, mass: part.reduce(Float(0)) { $0 + all.map.values[$1] })
            }.sorted { $0.mass > $1.mass }.map { mask.marking($0.part) }
        }
        var found = parts(all.core)
        if found.count < count {
            let apart = parts(all.soft.strictly(above: 0.5))
            if apart.count > found.count { found = apart }
        }
        var rest = all.map
        while found.count < count {
            let taken = found.reduce(rest) {
                $0.without($1.grown(by: max(Int((2 * image.unit).rounded()), 1)))
            }
            for place in rest.values.indices where taken.values[place] == 0 { rest.values[place] = 0 }
            let highest = rest.values.max() ?? 0
            guard highest > Segmenter.leastSibling else { break }
            rest.values = rest.values.map { $0 / highest }
            let (_, _, core) = segmenter.segment(rest, rivals: [])
            guard let next = parts(found.reduce(core) { $0.without($1) }).first else { break }
            found.append(next)
        }
        return Array(found.prefix(more ? found.count : count))
    }

    /// A thing that stays where it is.
    struct Other {
        /// The phrase that names it.
        let phrase: PromptPhrases.Phrase
        /// Its pixels, 0 or 1.
        let core: Mask

        /// Where it is, as a share of the width; nil where it was not found.
        var middle: Double? { core.box().map { ($0.middle + 0.5) / Double(core.width) } }
    }

    /// The things that are not among some, which a hole must leave alone.
    func others(than found: [Found]) -> [Other] {
        let taken = Set(found.flatMap(\.phrases))
        let rest = phrases.things.filter { !taken.contains($0) && attention[$0] != nil }
        return rest.map { Other(phrase: $0, core: segmented([$0], $0.noun).core) }
            + found.flatMap { one in one.siblings.map { Other(phrase: one.phrase, core: $0) } }
    }

    /// A thing by the map of some phrases, where no other thing's is higher.
    private func segmented(_ chosen: [PromptPhrases.Phrase], _ noun: String) -> Found {
        let empty = Mask(width: image.width, height: image.height, filledWith: 0)
        guard let map = map(of: chosen) else {
            return Found(
                noun: noun, phrases: chosen, phrase: chosen[0], map: empty, soft: empty, core: empty)
        }
        let rivals = phrases.things.filter { !chosen.contains($0) }.compactMap { self.map(of: [$0]) }
        let (own, soft, core) = segmenter.segment(map, rivals: rivals)
        return Found(noun: noun, phrases: chosen, phrase: chosen[0], map: own, soft: soft, core: core)
    }

    /// The index of the part that a thing is, and the phrase that names it.
    private func chosen(
        _ thing: LiftInstruction.Thing, _ fitting: [PromptPhrases.Phrase], _ named: [PromptPhrases.Phrase],
        among parts: [Mask]
    ) throws -> (part: Int, phrase: PromptPhrases.Phrase) {
        // Which phrase each part is: the one whose noun looks at it most.
        var candidates = Array(parts.indices)
        var owners = parts.map { _ in fitting[0] }
        if named.count == parts.count {
            let maps = named.map { map(of: [$0]) }
            let scores = parts.map { part in
                maps.map { map -> Float in
                    let values = map?.values ?? []
                    let inside = zip(values, part.values).reduce(Float(0)) { $0 + $1.0 * $1.1 }
                    return inside / max(part.values.reduce(0, +), 1)
                }
            }
            let order = Self.assignment(scores)
            owners = order.map { named[$0] }
            candidates = parts.indices.filter { fitting.contains(owners[$0]) }
        }
        let sorted = candidates.sorted { Self.centre(parts[$0]) < Self.centre(parts[$1]) }
        let part =
            switch thing.place {
            case .left, .first, nil: sorted[0]
            case .right, .last: sorted[sorted.count - 1]
            case .middle: sorted[sorted.count / 2]
            }
        return (part, owners[part])
    }

    /// For each part the phrase that it is, so that the scores' sum is the largest.
    static func assignment(_ scores: [[Float]]) -> [Int] {
        var best: (order: [Int], sum: Float) = (Array(scores.indices), -.infinity)
        func extend(_ order: [Int], _ sum: Float) {
            guard order.count < scores.count else {
                if sum > best.sum { best = (order, sum) }
                return
            }
            for phrase in scores[order.count].indices where !order.contains(phrase) {
                extend(order + [phrase], sum + scores[order.count][phrase])
            }
        }
        extend([], 0)
        return best.order
    }

    private static func centre(_ part: Mask) -> Double {
        let columns = part.values.indices.filter { part.values[$0] > 0.5 }.map { Double($0 % part.width) }
        return columns.reduce(0, +) / Double(max(columns.count, 1))
    }

    /// What of all parts' finding belongs to one of them: what is nearer to it than to any other.
    private func part(_ index: Int, of parts: [Mask], _ all: Found) -> Found {
        let distances = parts.map { $0.distances { $0 > 0.5 } }
        var found = all
        for place in found.map.values.indices {
            let own = distances[index][place]
            guard distances.contains(where: { $0[place] < own }) else { continue }
            found.map.values[place] = 0
            found.soft.values[place] = 0
        }
        found.core = parts[index]
        found.siblings = parts.indices.filter { $0 != index }.map { parts[$0] }
        return found
    }
}
