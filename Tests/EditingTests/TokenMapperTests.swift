import Tensors
import Testing

@testable import Editing

/// Token alignment against vectors made with the published code; 0 starts a prompt, 9 ends it, 10 columns.
@Suite struct TokenMapperTests {
    struct Case: Sendable {
        let source: [Int]
        let target: [Int]
        /// The source column of every target column; nil for the target's own.
        let columns: [Int?]
    }

    /// The source column that each target column reads alone; nil where it stays its own.
    static func columns(_ mapper: TokenMapper) -> [Int?] {
        let (matrix, gates, length) = (mapper.matrix.floats, mapper.gates.floats, mapper.gates.count)
        return (0..<length).map { column in
            gates[column] == 0 ? nil : (0..<length).first { matrix[$0 * length + column] == 1 }
        }
    }

    /// M[source, target].
    static func entry(_ mapper: TokenMapper, _ source: Int, _ target: Int) -> Float {
        mapper.matrix.floats[source * mapper.gates.count + target]
    }

    @Test(
        "Refining aligns equal tokens as the published code does",
        arguments: [
            Case(
                source: [0, 1, 2, 3, 4, 9], target: [0, 1, 2, 5, 6, 3, 4, 9],
                columns: [0, 1, 2, nil, nil, 3, 4, 5, 8, 9]),
            Case(
                source: [0, 1, 2, 3, 9], target: [0, 1, 5, 3, 9], columns: [0, 1, nil, 3, 4, 5, 6, 7, 8, 9]),
            Case(
                source: [0, 1, 2, 3, 4, 9], target: [0, 1, 4, 9], columns: [0, 1, 4, 5, 4, 5, 6, 7, 8, 9]),
            Case(source: [0, 1, 1, 2, 9], target: [0, 1, 2, 9], columns: [0, 1, 3, 4, 4, 5, 6, 7, 8, 9]),
            Case(source: [0, 1, 2, 9], target: [0, 1, 1, 2, 9], columns: [0, 1, nil, 2, 3, 5, 6, 7, 8, 9]),
            Case(source: [0, 7, 8, 9], target: [0, 8, 7, 9], columns: [0, 2, nil, 3, 4, 5, 6, 7, 8, 9]),
        ])
    func refine(expected: Case) {
        let mapper = TokenMapper.refine(
            source: expected.source, target: expected.target, length: 10, official: true)
        #expect(Self.columns(mapper) == expected.columns)
    }

    @Test(
        "Refining to fewer words reads padding where there is padding, unless the published code is asked for"
    )
    func shorterTarget() {
        let mapper = TokenMapper.refine(source: [0, 1, 2, 3, 4, 9], target: [0, 1, 4, 9], length: 10)
        #expect(Self.columns(mapper) == [0, 1, 4, 5, 6, 6, 6, 7, 8, 9])
    }

    @Test("A replaced word of three tokens shares the map of one, and later words follow the shift")
    func replacingOneByThree() {
        // a cat on a mat: s2 becomes t2…t4.
        let mapper = TokenMapper.replace([(2..<3, 2..<5)], length: 12)
        for target in 2..<5 { #expect(abs(Self.entry(mapper, 2, target) - 1 / 3) < 1e-6) }
        #expect(Array(Self.columns(mapper)[5...]) == [3, 4, 5, 6, 7, 8, 9])
        #expect(mapper.gates.floats.allSatisfy { $0 == 1 })
        let official = TokenMapper.replace([(2..<3, 2..<5)], length: 12, official: true)
        #expect(Array(Self.columns(official)[5...]) == [5, 6, 7, 8, 9, 10, 11])
        #expect((0..<12).allSatisfy { Self.entry(official, 3, $0) == 0 && Self.entry(official, 4, $0) == 0 })
    }

    @Test("A word in place of three tokens gets all of their map; what has no counterpart stays its own")
    func replacingThreeByOne() {
        let mapper = TokenMapper.replace([(2..<5, 2..<3)], length: 12)
        for source in 2..<5 { #expect(Self.entry(mapper, source, 2) == 1) }
        #expect(Array(Self.columns(mapper)[3...]) == [5, 6, 7, 8, 9, 10, 11, nil, nil])
        let official = TokenMapper.replace([(2..<5, 2..<3)], length: 12, official: true)
        #expect(Array(Self.columns(official)[3..<10]) == [3, 4, 5, 6, 7, 8, 9])
        // The published code leaves the last columns without any map.
        #expect(official.gates.floats.allSatisfy { $0 == 1 })
        for target in 10..<12 { #expect((0..<12).allSatisfy { Self.entry(official, $0, target) == 0 }) }
    }

    @Test("Tokens between two replaced words are right in both versions, later ones only in ours")
    func replacingTwoWords() {
        let pairs = [(source: 2..<3, target: 2..<5), (source: 6..<7, target: 8..<9)]
        let columns = Self.columns(.replace(pairs, length: 12))
        let official = Self.columns(.replace(pairs, length: 12, official: true))
        #expect(Array(columns[5...]) == [3, 4, 5, 6, 7, 8, 9])
        #expect(Array(official[5...8]) == [3, 4, 5, 6])
        #expect(Array(official[9...]) == [9, 10, 11])
        // The same with no second word: the defect starts at once.
        #expect(Self.columns(.replace([pairs[0]], length: 12, official: true))[8] == 8)
    }

    @Test("With equal token counts the mapped rows still sum to 1")
    func rowsSum() {
        let map = RandomGenerator(seed: 1).normal([1, 2, 4, 12]).softmax(-1)
        for mapper in [
            TokenMapper.replace([(2..<4, 2..<4), (6..<7, 6..<7)], length: 12), .identity(length: 12),
        ] {
            #expect((mapper.apply(map, map.zerosLike).sum([-1]) - 1).absolute.amax().item < 1e-6)
        }
    }

    @Test("Refining without a new token is replacing without a different word")
    func refiningNothing() {
        let ids = [0, 4, 5, 6, 9]
        let refined = TokenMapper.refine(source: ids, target: ids, length: 10)
        let replaced = TokenMapper.replace([], length: 10)
        #expect(refined.matrix.isEqual(to: replaced.matrix) && refined.gates.isEqual(to: replaced.gates))
        #expect(refined.matrix.isEqual(to: TokenMapper.identity(length: 10).matrix))
    }

    @Test("Bounds are a share, or two with a dash")
    func bounds() {
        #expect(StepBounds("0.8") == StepBounds(0, 0.8))
        #expect(StepBounds("0.2-0.75") == StepBounds(0.2, 0.75))
        for text in ["", "-", "1.1", "0.5-0.2", "-0.5", "0.1-0.2-0.3", "nan", "0.2-nan", "half"] {
            #expect(StepBounds(text) == nil, "\(text)")
        }
    }

    @Test(
        "A schedule's edges are those of the published code where it is asked for, else shares of the steps")
    func schedules() {
        func count(_ steps: Int, _ share: Double, official: Bool) -> Int {
            let schedule = AttentionSchedule(
                steps: steps, length: 3, usual: StepBounds(0, share), official: official)
            return (0..<steps).filter { schedule.isActive(at: $0) }.count
        }
        #expect(count(50, 0.8, official: true) == 40 && count(50, 0.8, official: false) == 40)
        // ⌊0.98·51⌋ and ⌊0.98·50⌋; ⌊0.4·21⌋ and ⌊0.4·20⌋
        #expect(count(50, 0.99, official: true) == 50 && count(50, 0.99, official: false) == 49)
        #expect(count(20, 0.4, official: true) == 8 && count(20, 0.4, official: false) == 8)
        #expect(count(50, 1, official: true) == 50 && count(50, 0, official: true) == 0)
        #expect(StepBounds(0, 0.58).steps(of: 50) == 0..<29)
        #expect(StepBounds(0.2, 0.5).steps(of: 20) == 4..<10)
    }

    @Test("A word's own bounds count for its tokens, and of two the later")
    func wordSchedules() {
        let schedule = AttentionSchedule(
            steps: 10, length: 4, usual: StepBounds(0, 0.5),
            words: [([1..<3], StepBounds(0, 1)), ([2..<3], StepBounds(0.8, 0.9))])
        let columns = (0..<4).map { column in (0..<10).filter { schedule.weights[$0][column] == 1 } }
        #expect(columns == [Array(0..<5), Array(0..<10), [8], Array(0..<5)])
    }
}
