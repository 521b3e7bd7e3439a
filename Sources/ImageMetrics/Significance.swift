extension Statistics {
    /// The p-value of a mean difference under random signs, one sign for each cluster; nil of nothing.
    ///
    /// All signs are tried where they are no more than `flips`; else `flips` of them are drawn (one bit of `PCG32`
    /// each) and p is (1 + as extreme) / (1 + flips). Two-sided.
    public static func signFlip(_ differences: [Observation], seed: UInt64, flips: Int = draws) -> Double? {
        guard !differences.isEmpty else { return nil }
        // Only sums matter: all signs share the count.
        let sums = clusterSums(differences).map(\.sum)
        let observed = abs(sums.reduce(0, +))
        // Sums in another order differ in their last bits.
        let bound = observed - 1e-12 * sums.reduce(0) { $0 + abs($1) }
        if sums.count < 63, 1 << sums.count <= flips {
            let all = 1 << sums.count
            let extreme = (0..<all).reduce(0) { count, signs in
                let sum = sums.indices.reduce(0.0) { $0 + (signs >> $1 & 1 == 0 ? sums[$1] : -sums[$1]) }
                return count + (abs(sum) >= bound ? 1 : 0)
            }
            return Double(extreme) / Double(all)
        }
        var generator = PCG32(seed: seed)
        var extreme = 0
        for _ in 0..<flips {
            let sum = sums.reduce(0.0) { $0 + (generator.next() >> 31 == 0 ? $1 : -$1) }
            if abs(sum) >= bound { extreme += 1 }
        }
        return Double(1 + extreme) / Double(1 + flips)
    }

    /// p-values of a family of tests as Holm (1979) adjusts them, in the order given.
    public static func holm(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var adjusted = values
        var largest = 0.0
        for (rank, index) in order.enumerated() {
            largest = max(largest, min(Double(values.count - rank) * values[index], 1))
            adjusted[index] = largest
        }
        return adjusted
    }
}
