import Foundation
import ImageMetrics
import Testing

/// Strengths of things by comparisons, and agreement of those who compare.
@Suite struct PairedPreferenceTests {
    private func votes(_ first: String, _ second: String, _ wins: Int, _ losses: Int)
        -> [PairedPreference.Vote]
    {
        Array(repeating: .init(first, second, share: 1), count: wins)
            + Array(repeating: .init(first, second, share: 0), count: losses)
    }

    // Counting wins alone, or shares, gives other differences: log(3) is the odds, 0.5 the difference of shares.
    @Test("Two things: the difference of strengths is the logarithm of the odds")
    func two() throws {
        let found = PairedPreference.strengths(votes("a", "b", 30, 10), prior: 0)
        let (a, b) = (try #require(found["a"]), try #require(found["b"]))
        #expect(abs(a - b - log(3)) < 1e-9 && abs(a + b) < 1e-9)
        let tied = PairedPreference.strengths(
            votes("a", "b", 2, 2) + [.init("a", "b", share: 0.5)], prior: 0)
        #expect(abs(try #require(tied["a"])) < 1e-9)
    }

    // a beats b, b beats c; shares of wins would put c, which lost to the strong b alone, below a's other loser.
    @Test("Of three things the strengths explain the odds of all pairs that fit a line")
    func three() throws {
        let all = votes("a", "b", 20, 10) + votes("b", "c", 20, 10) + votes("a", "c", 40, 10)
        let found = PairedPreference.strengths(all, prior: 0)
        let (a, b, c) = (try #require(found["a"]), try #require(found["b"]), try #require(found["c"]))
        #expect(abs(a - b - log(2)) < 1e-9 && abs(b - c - log(2)) < 1e-9)
    }

    @Test("Who never lost is strongest, and finitely so")
    func finite() throws {
        let found = PairedPreference.strengths(votes("a", "b", 5, 0))
        #expect(try #require(found["a"]).isFinite && (try #require(found["a"]) > 1))
        #expect(PairedPreference.strengths([]).isEmpty)
    }

    // Fleiss' own table of 10 things and 14 raters has 0.210.
    @Test("Agreement is Fleiss' kappa")
    func kappa() throws {
        let table = [
            [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
            [7, 7, 0, 0, 0],
            [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
        ]
        let ratings = table.map { row in
            Dictionary(uniqueKeysWithValues: row.enumerated().map { ("\($0)", $1) }.filter { $0.1 > 0 })
        }
        #expect(abs(try #require(PairedPreference.kappa(ratings)) - 0.20993) < 1e-5)
        #expect(PairedPreference.kappa([["x": 1]]) == nil && PairedPreference.kappa([["x": 3]]) == nil)
        #expect(PairedPreference.kappa([["x": 2], ["y": 2]]) == 1)
    }
}
