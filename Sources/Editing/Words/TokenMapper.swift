public import Tensors

/// Which columns of the source prompt's attention maps become which columns of the target's.
///
/// Column n of the target's map becomes g_n·Σ_w S[w]·M[w, n] + (1 - g_n)·T[n], where S and T are the two rows' own
/// maps. Positions are those of `TokenizedPrompt.ids`, start, end and padding included.
public struct TokenMapper {
    /// How much of each source column (row of M) goes into each target column, [L, L].
    public let matrix: Tensor
    /// Which target columns are taken over at all (g), [L]; the others stay the target's own.
    public let gates: Tensor

    /// A mapper from its entries.
    /// - Parameters:
    ///   - length: columns of a map (L).
    ///   - entries: source column, target column and weight; a target column named by none stays its own.
    ///   - emptyCounts: whether target columns named by no entry become zero instead (a published defect).
    init(length: Int, entries: [(source: Int, target: Int, weight: Double)], emptyCounts: Bool = false) {
        var matrix = [Float](repeating: 0, count: length * length)
        var gates = [Float](repeating: emptyCounts ? 1 : 0, count: length)
        for (source, target, weight) in entries {
            matrix[source * length + target] = Float(weight)
            gates[target] = 1
        }
        self.matrix = Tensor(matrix, shape: [length, length])
        self.gates = Tensor(gates, shape: [length])
    }

    /// Every column to itself, as for reweighting alone.
    public static func identity(length: Int) -> TokenMapper {
        TokenMapper(length: length, entries: (0..<length).map { ($0, $0, 1) })
    }

    /// The mapped columns: E(S, T), [1, heads, N, L].
    public func apply(_ source: Tensor, _ target: Tensor) -> Tensor {
        let (matrix, gates) = (matrix.like(target), gates.like(target))
        return source.matmul(matrix) * gates + target * (1 - gates)
    }
}

extension TokenMapper {
    /// Word swap: each pair of differing words hands over its map, everything else goes to its counterpart.
    ///
    /// A pair with as many tokens is mapped one to one; otherwise every target token gets an equal share of all source
    /// tokens, so that the word as a whole keeps the attention it had. Columns at the end that have no counterpart,
    /// because the target is the shorter one, stay the target's own.
    /// - Parameters:
    ///   - pairs: positions of differing words, in order.
    ///   - official: the published code's defect: after the last differing word it counts with the target's index on
    ///     both sides, so later words get the map of a wrong word where token counts differ.
    static func replace(
        _ pairs: [(source: Range<Int>, target: Range<Int>)], length: Int, official: Bool = false
    ) -> TokenMapper {
        var entries: [(source: Int, target: Int, weight: Double)] = []
        var (i, j) = (0, 0)
        for (source, target) in pairs {
            while i < source.lowerBound, j < target.lowerBound {
                entries.append((i, j, 1))
                (i, j) = (i + 1, j + 1)
            }
            for (column, place) in target.enumerated() {
                for (row, origin) in source.enumerated() {
                    if source.count != target.count {
                        entries.append((origin, place, 1 / Double(target.count)))
                    } else if row == column {
                        entries.append((origin, place, 1))
                    }
                }
            }
            (i, j) = (source.upperBound, target.upperBound)
        }
        while i < length, j < length {
            entries.append((official ? j : i, j, 1))
            (i, j) = (i + 1, j + 1)
        }
        return TokenMapper(length: length, entries: entries, emptyCounts: official)
    }

    /// Words added or left out: equal tokens of the two prompts are aligned and hand over their maps, new ones keep
    /// their own.
    ///
    /// Needleman and Wunsch's alignment with match 1, mismatch -1 and gaps for nothing, so that different tokens are
    /// never aligned; of equal scores an insertion counts first, then a deletion.
    /// - Parameters:
    ///   - source: ids of the source prompt with start and end, without padding.
    ///   - target: the target prompt's.
    ///   - official: padding of a shorter target reads whatever stands there in the source, words included, as in the
    ///     published code; else it reads padding.
    static func refine(source: [Int], target: [Int], length: Int, official: Bool = false) -> TokenMapper {
        let aligned = alignment(source, target)
        var entries = target.indices.compactMap { column in
            aligned[column].map { (source: $0, target: column, weight: 1.0) }
        }
        for column in target.count..<max(length, target.count) {
            let origin = official ? column : max(column, source.count)
            if origin < length { entries.append((origin, column, 1)) }
        }
        return TokenMapper(length: length, entries: entries)
    }

    /// The source token that each target token is aligned with; nil for new ones.
    static func alignment(_ source: [Int], _ target: [Int]) -> [Int?] {
        enum Move { case insertion, deletion, diagonal }
        let (rows, columns) = (source.count, target.count)
        var scores = [[Int]](repeating: [Int](repeating: 0, count: columns + 1), count: rows + 1)
        var moves = [[Move]](repeating: [Move](repeating: .insertion, count: columns + 1), count: rows + 1)
        for i in 0...rows {
            moves[i][0] = .deletion
            guard i > 0, columns > 0 else { continue }
            for j in 1...columns {
                let insertion = scores[i][j - 1]
                let deletion = scores[i - 1][j]
                let diagonal = scores[i - 1][j - 1] + (source[i - 1] == target[j - 1] ? 1 : -1)
                let best = max(insertion, deletion, diagonal)
                scores[i][j] = best
                moves[i][j] = best == insertion ? .insertion : best == deletion ? .deletion : .diagonal
            }
        }
        var aligned = [Int?](repeating: nil, count: columns)
        var (i, j) = (rows, columns)
        while i > 0 || j > 0 {
            switch moves[i][j] {
            case .insertion: j -= 1
            case .deletion: i -= 1
            case .diagonal:
                (i, j) = (i - 1, j - 1)
                aligned[j] = i
            }
        }
        return aligned
    }
}
