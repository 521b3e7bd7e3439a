import Diffusion
import Foundation
import Networks
import Prompts
import Tensors
import TestSupport
import Testing

@testable import Editing

/// Key words found by their maps, and what they do to the attention that follows.
@Suite struct KeyWordsTests {
    @Test("Entropy counts values in 256 steps up to the largest")
    func entropy() {
        #expect(KeyWords.entropy([0, 0, 0, 0]) == 0)
        // One of four at 255, the others at 0: 2 - 3/4·log2 3.
        #expect(abs(KeyWords.entropy([0.2, 0, 0, 0]) - 0.8112781) < 1e-6)
        #expect(abs(KeyWords.entropy([0.1, 0.2, 0.3, 0.4]) - 2) < 1e-9)
        // 0.3900 and 0.3910 of the largest are one step, 99.45 and 99.7; rounding would part them.
        #expect(abs(KeyWords.entropy([1, 1, 0.39, 0.391]) - 1) < 1e-9)
    }

    @Test("The sharpest tokens of a region are taken, commas and words of the global prompt never")
    func selection() throws {
        try withoutGradients {
            let session = DiffusionSession(model: try tinyModel())
            let tokenizer = try session.model.tokenizer()
            let assembled = WholePrompt(
                "a photo", regions: [(0, "a red apple"), (2, "a cup of tea, a")])
            #expect(assembled.text == "a photo, a red apple, a cup of tea, a")
            let prompt = try session.longPrompt(assembled.text)
            let words = prompt.words
            func positions(_ text: String) -> Range<Int> {
                words.first { $0.text.hasPrefix(text) }?.positions ?? 0..<0
            }
            let key = KeyWords.Prompt(prompt: prompt, owners: assembled.owners)
            var found = KeyWords(Sides(key, key), most: 2, tokenizer)
            // Only the columns of "apple" and "tea" are sharp; all others differ in all places.
            let (length, places) = (prompt.ids.count, 16)
            let values = (0..<(places * length)).map { index -> Float in
                let (place, column) = (index / length, index % length)
                let isSharp = ["apple", "tea"].contains { positions($0).contains(column) }
                return isSharp ? (place == 3 ? 1 : 0) : Float(place + 1) / 16
            }
            let map = Tensor(values, shape: [1, 1, places, length])
            found.observe([Sides(map, map * 2), Sides(map * 3, map)])
            let source = found.positions(.source)
            #expect(Set(source.keys) == [0, 2] && source.values.allSatisfy { $0.count == 2 })
            #expect(found.word(at: try #require(source[0]?.first), .source) == "apple")
            #expect(found.word(at: try #require(source[2]?.first), .source) == "tea")
            var all = KeyWords(Sides(key, key), most: 100, tokenizer)
            all.observe([Sides(map, map)])
            let commas = Set(
                prompt.ids.indices.filter { tokenizer.token(of: prompt.ids[$0])?.hasPrefix(",") == true })
            let taken = Set(all.positions(.target).values.flatMap(\.self))
            #expect(taken.isDisjoint(with: commas) && !commas.isEmpty)
            // "a" stands in the global prompt.
            let articles = prompt.ids.indices.filter { prompt.word(at: $0) == "a" }
            #expect(articles.count == 4 && taken.isDisjoint(with: articles))
        }
    }

    @Test("A text of any length is read in parts between words, and says where each word went")
    func longPrompts() throws {
        try withoutGradients {
            let session = DiffusionSession(model: try tinyModel())
            let length = try session.model.tokenizer().encode("").ids.count
            let short = try session.longPrompt("a red apple")
            #expect(short.prompt === (try session.prompt("a red apple")) && short.parts.count == 1)
            let text = Array(repeating: "a red apple on a table,", count: length / 3).joined(separator: " ")
            let long = try session.longPrompt(text)
            #expect(long.parts.count > 1 && long.ids.count == long.parts.count * length)
            #expect(long.prompt.embedding.shape[1] == long.ids.count && session.warnings.isEmpty)
            #expect(long.words.map(\.text) == text.split(separator: " ").map(String.init))
            for (word, positions) in long.words {
                for position in positions where !word.hasSuffix(",") {
                    #expect(long.word(at: position) == word)
                }
            }
            #expect(long.word(at: 0) == nil && long.word(at: length) == nil)
            #expect(long.prompt === (try session.longPrompt(text)).prompt)
            // Padded with empty prompts where another row is longer; such rows go into one pass with others of their
            // length alone.
            let padded = try session.longPrompt("a red apple", parts: 2)
            #expect(padded.ids.count == 2 * length)
            let latent = RandomGenerator(seed: 1).normal([1, 4, 8, 8])
            let level = try session.schedule.levels(steps: 4)[3]
            let noises = try session.predict([
                Query(latent, at: level, prompt: padded.prompt),
                Query(latent, at: level, prompt: short.prompt),
            ])
            #expect(noises.allSatisfy(\.isFinite) && distance(noises[0], noises[1]) > 1e-6)
        }
    }

    @Test(
        "The half of the places with the largest logits of key tokens count more, and only after such a layer"
    )
    func boost() throws {
        let queries = Tensor([Float(1), 0, 2, 0, -1, 0, 0.5, 3], shape: [1, 1, 4, 2])
        let keys = Tensor([Float(9), 9, 1, 0, 2, 0], shape: [1, 1, 3, 2])
        // Tokens 1 and 2 sum to (3, 0): 3, 6, -3, 1.5 over √2.
        let sums = AttentionBoost.sums(queries, keys, [1, 2])
        #expect(relativeError(sums * 2.0.squareRoot(), Tensor([Float(3), 6, -3, 1.5])) < 1e-6)
        let boost = AttentionBoost(factor: 1.5, rows: .target, sites: [])
        let own = Tensor.ones([1, 2, 4, 3])
        let boosted = boost.boosted(own, by: sums)
        let factors: [Double] = (0..<4).map { boosted.narrowed(2, from: $0, count: 1).mean.item }
        #expect(factors == [1.5, 1.5, 1, 1])
        let three = boost.boosted(own.narrowed(2, from: 0, count: 3), by: Tensor([Float(1), 1, 1]))
        #expect(three.floats.count { $0 > 1 } == 6)
    }

    @Test(
        "A boost changes the target alone, or both where that is asked for, from the second layer of a stage on"
    )
    func boostedRows() throws {
        try withoutGradients {
            let model = try WatchedModel("tiny-sd1")
            let sites = try model.sites
            model.watched = Set(sites.filter { $0.attention == .selfAttention && $0.value == .map })
            let session = DiffusionSession(model: model, limits: BatchLimits(rows: 2))
            let level = try session.schedule.levels(steps: 4)[3]
            let side = model.facts.imageSide / model.facts.latentFactor
            let latent = RandomGenerator(seed: 1).normal([1, model.facts.latentChannels, side, side])
            let prompt = try session.prompt("a red apple")
            func maps(_ rows: AttentionBoost.Rows, factor: Double = 1.5) throws -> [Sides<[Site: Tensor]>] {
                let plans = AttentionBoost(factor: factor, rows: rows, sites: sites)
                    .plans(Sides([2, 3], [2, 3]))
                let first = model.rows.count
                _ = try session.predict([
                    Query(
                        latent, at: level, prompt: prompt,
                        plan: plans.source.then(.recording(into: Recording([])))),
                    Query(latent.copied, at: level, prompt: prompt, plan: plans.target),
                ])
                let seen = model.rows[first...].map(\.seen)
                let found = seen.map { row in
                    model.watched.reduce(into: [Site: Tensor]()) { $0[$1] = row[$1] }
                }
                return [Sides(found[0], found[1])]
            }
            let plain = try maps(.target, factor: 1)[0]
            let (one, both) = (try maps(.target)[0], try maps(.both)[0])
            let firsts = model.watched.filter { $0.layer == 0 && $0.stage == .down(0) }
            let later = model.watched.filter { if case .down = $0.stage { $0.layer > 0 } else { false } }
            try #require(!firsts.isEmpty && !later.isEmpty)
            func equal(_ one: [Site: Tensor], _ other: [Site: Tensor], _ site: Site) -> Bool? {
                one[site].flatMap { value in other[site].map { value.isEqual(to: $0) } }
            }
            for site in model.watched { #expect(equal(one.source, plain.source, site) == true) }
            for site in firsts { #expect(equal(one.target, plain.target, site) == true) }
            for site in later {
                #expect(equal(one.target, plain.target, site) == false)
                #expect(equal(both.source, plain.source, site) == false)
            }
        }
    }
}
