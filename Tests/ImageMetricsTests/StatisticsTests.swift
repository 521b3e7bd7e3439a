import ImageMetrics
import Testing

/// Intervals and tests against what can be worked out by hand.
@Suite struct StatisticsTests {
    @Test("The generator is PCG32: the first numbers of its authors' demonstration")
    func generator() {
        var generator = PCG32(seed: 42, stream: 54)
        let numbers = (0..<6).map { _ in generator.next() }
        #expect(numbers == [0xa15c_02b7, 0x7b47_f409, 0xba1d_3330, 0x83d2_f293, 0xbfa4_784b, 0xcbed_606e])
        let drawn = (0..<1000).map { _ in generator.below(5) }
        #expect(Set(drawn) == [0, 1, 2, 3, 4])
    }

    @Test("Quantiles lie linearly between neighbours")
    func quantiles() {
        #expect(Statistics.quantile(0.25, of: [0, 1, 2, 3, 4]) == 1)
        #expect(Statistics.quantile(0.1, of: [0, 10]) == 1)
        #expect(Statistics.quantile(1, of: [3, 7]) == 7)
    }

    @Test("Means and medians, and shares as people read them")
    func summaries() {
        #expect(Statistics.mean([1, 2, 6]) == 3 && Statistics.mean([]) == nil)
        #expect(Statistics.median([9, 1, 2, 4]) == 3 && Statistics.median([]) == nil)
        #expect("\(Share([true, true, false, true]))" == "75.0 % (30.1–95.4, 3 of 4)")
        #expect("\(Share(right: 0, of: 0))" == "0.0 % (0.0–100.0, 0 of 0)")
    }

    @Test("The bootstrap of equal values is a point, and of 0 and 1 reaches from 0 to 1")
    func bootstrap() throws {
        let equal = try #require(
            Statistics.bootstrap([.init(2, cluster: "a"), .init(2, cluster: "b")], seed: 1))
        #expect(equal == Interval(value: 2, low: 2, high: 2, count: 2))
        let two = try #require(
            Statistics.bootstrap([.init(0, cluster: "a"), .init(1, cluster: "b")], seed: 1))
        #expect(two == Interval(value: 0.5, low: 0, high: 1, count: 2))
        #expect(Statistics.bootstrap([], seed: 1) == nil)
    }

    @Test("The bootstrap's spread is that of the mean, and a seed gives one interval")
    func spread() throws {
        // 100 values of variance 1/12: the mean's standard error is 0.0289.
        let values = (0..<100).map { Observation(Double($0) / 99, cluster: "\($0)") }
        let interval = try #require(Statistics.bootstrap(values, seed: 7))
        #expect(interval == Statistics.bootstrap(values, seed: 7))
        #expect(interval != Statistics.bootstrap(values, seed: 8))
        let width = interval.high - interval.low
        #expect(abs(width - 2 * 1.96 * 0.02915) < 0.006)
        #expect(interval.value == 0.5 || abs(interval.value - 0.5) < 1e-12)
    }

    @Test("Observations of one picture are drawn together: copies of them make nothing surer")
    func clusters() throws {
        let once = (0..<10).map { Observation(Double($0), cluster: "\($0)") }
        let fivefold = (0..<5).flatMap { _ in once }
        let (one, five) = (
            try #require(Statistics.bootstrap(once, seed: 3)),
            try #require(Statistics.bootstrap(fivefold, seed: 3))
        )
        #expect(one.low == five.low && one.high == five.high && five.count == 50)
        let asIfIndependent = (0..<50).map { Observation(Double($0 % 10), cluster: "\($0)") }
        let loose = try #require(Statistics.bootstrap(asIfIndependent, seed: 3))
        #expect(loose.high - loose.low < 0.6 * (five.high - five.low))
    }

    @Test("A constant difference between pairs has no spread, however much the pairs differ")
    func pairs() throws {
        let pairs = (0..<20).map { (first: Double($0 * $0) + 0.5, second: Double($0 * $0), cluster: "\($0)") }
        #expect(
            Statistics.pairedDifference(pairs, seed: 1)
                == Interval(value: 0.5, low: 0.5, high: 0.5, count: 20))
    }

    @Test("Wilson's interval: 0 of 10 and 5 of 10 as in tables, and nothing of nothing")
    func wilson() throws {
        let none = try #require(Statistics.wilson(successes: 0, of: 10))
        #expect(none.low == 0 && abs(none.high - 0.27753) < 1e-5)
        let half = try #require(Statistics.wilson(successes: 5, of: 10))
        #expect(abs(half.low - 0.23659) < 1e-5 && abs(half.high - 0.76341) < 1e-5)
        #expect(Statistics.wilson(successes: 0, of: 0) == nil)
    }

    @Test("Sign flips: all signs are tried where they are few, and many agree with the binomial")
    func signs() throws {
        func observations(_ values: [Double]) -> [Observation] {
            values.enumerated().map { Observation($1, cluster: "\($0)") }
        }
        // Of the eight signs of three equal values only +++ and --- are as extreme.
        #expect(Statistics.signFlip(observations([1, 1, 1]), seed: 1) == 0.25)
        #expect(Statistics.signFlip(observations([1, -1]), seed: 1) == 1)
        // One cluster has one sign: both of its signs are as extreme.
        #expect(Statistics.signFlip([.init(1, cluster: "a"), .init(1, cluster: "a")], seed: 1) == 1)
        let twenty = try #require(
            Statistics.signFlip(observations((0..<20).map { $0 < 15 ? 1 : -1 }), seed: 5))
        // P(at least 15 of 20 or at most 5) = 0.0414.
        #expect(abs(twenty - 0.0414) < 0.01)
    }

    @Test("Holm's adjustment by hand")
    func holm() {
        let adjusted = Statistics.holm([0.01, 0.04, 0.03])
        #expect(zip(adjusted, [0.03, 0.06, 0.06]).allSatisfy { abs($0 - $1) < 1e-12 })
        #expect(Statistics.holm([0.9, 0.8]) == [1, 1])
        #expect(Statistics.holm([]) == [])
    }
}
