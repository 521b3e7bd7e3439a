import Diffusion
import Foundation
import Networks
import Prompts
import Tensors

/// Finds which words of the whole picture's prompts name the regions' things, by how sharp their maps are.
///
/// The maps of the whole picture's prompt are summed over its steps, layers and heads. A token whose map lies in few places
/// has many values near zero, and so a histogram of low entropy.
struct KeyWords {
    /// What one picture reads as a whole, and whose every word is.
    struct Prompt {
        let prompt: LongPrompt
        let owners: [Int?]
    }

    /// The tokens of a region that are taken at most.
    let most: Int
    private let prompts: Sides<Prompt>
    private let tokenizer: Tokenizer
    private var sums = Sides<Tensor?>(nil, nil)

    init(_ prompts: Sides<Prompt>, most: Int, _ tokenizer: Tokenizer) {
        (self.prompts, self.most, self.tokenizer) = (prompts, most, tokenizer)
    }

    /// Adds the maps of a step, [1, heads, N, L] each.
    mutating func observe(_ maps: [Sides<Tensor>]) {
        for pair in maps {
            for side in PairSide.allCases {
                let seen = pair[side].mean([1]).to(dtype: .float32)  // [1, N, L]
                sums[side] = sums[side].map { $0 + seen } ?? seen
            }
        }
    }

    /// The positions of the sharpest tokens of every region of a picture, by its place in the request's list.
    func positions(_ side: PairSide) -> [Int: [Int]] {
        guard let sum = sums[side] else { return [:] }
        let columns = sum.shape[2]
        let values = sum.floats
        let places = values.count / columns
        var entropies: [Int: [(position: Int, entropy: Double)]] = [:]
        for (position, region) in candidates(prompts[side]) {
            let column = (0..<places).map { values[$0 * columns + position] }
            entropies[region, default: []].append((position, Self.entropy(column)))
        }
        return entropies.mapValues { found in
            found.sorted { ($0.entropy, $0.position) < ($1.entropy, $1.position) }.prefix(most).map(
                \.position)
        }
    }

    /// The word of a picture's prompt that a position belongs to.
    func word(at position: Int, _ side: PairSide) -> String? { prompts[side].prompt.word(at: position) }

    /// Tokens that may be key words, with their regions: none of the global prompt's, and no commas.
    private func candidates(_ prompt: Prompt) -> [(position: Int, region: Int)] {
        let ids = prompt.prompt.ids
        let words = zip(prompt.prompt.words, prompt.owners)
        let common = Set(words.filter { $1 == nil }.flatMap { word, _ in word.positions.map { ids[$0] } })
        return words.flatMap { word, owner in
            owner.map { region in
                word.positions.filter { !common.contains(ids[$0]) && !isComma(ids[$0]) }.map { ($0, region) }
            } ?? []
        }
    }

    private func isComma(_ id: Int) -> Bool {
        tokenizer.token(of: id).map { $0.prefix { $0 != "<" }.allSatisfy { $0 == "," } } ?? false
    }

    /// The Shannon entropy, in bits, of the histogram of values in 256 steps up to their largest.
    static func entropy(_ values: [Float]) -> Double {
        let most = values.max() ?? 0
        guard most > 0 else { return 0 }
        var counts = [Int](repeating: 0, count: 256)
        for value in values { counts[Int(min(max(value / most * 255, 0), 255))] += 1 }
        return counts.filter { $0 > 0 }.reduce(0) { sum, count in
            let share = Double(count) / Double(values.count)
            return sum - share * log2(share)
        }
    }
}
