import Tensors

/// How like maps are to shifted copies of themselves (L_ac of Pix2Pix-Zero), and the gradient of that.
///
/// Every channel counts by itself, at its own size and at halves of it down to 8. In matrices: the map's rows against
/// each other give all correlations along an axis at once, and the slope is the map times a circulant matrix of them.
struct Autocorrelation {
    /// The smaller side of each size: the maps themselves, and their halves down to 8.
    let sides: [Int]
    /// For every size and both axes of length n, which pairs of places are a shift apart, [shifts, n·n].
    private let tables: [(rows: Tensor, columns: Tensor)]

    /// For maps like these, [1, C, h, w].
    init(of maps: Tensor) {
        let sides = Self.sides(of: maps)
        self.sides = sides
        tables = sides.indices.map { size in
            let count = max(Self.range(of: sides[size], from: 0).count, 2)
            return (
                Self.table(of: maps.shape[2] >> size, shifts: count).like(maps),
                Self.table(of: maps.shape[3] >> size, shifts: count).like(maps)
            )
        }
    }

    /// The smaller side of each map of the pyramid.
    static func sides(of maps: Tensor) -> [Int] {
        var sides = [min(maps.shape[2], maps.shape[3])]
        while let last = sides.last, last > 8 { sides.append(last / 2) }
        return sides
    }

    /// The shifts that may be drawn at a side; 1 alone where it is too small to choose.
    static func range(of side: Int, from least: Int) -> Range<Int> { least..<max(side / 2, least + 1) }

    /// Half a one wherever two of n places are a shift apart, in either direction around.
    private static func table(of count: Int, shifts: Int) -> Tensor {
        var table = [Float](repeating: 0, count: shifts * count * count)
        for shift in 0..<shifts {
            for place in 0..<count {
                let other = (place + shift) % count
                table[(shift * count + place) * count + other] += 0.5
                table[(shift * count + other) * count + place] += 0.5
            }
        }
        return Tensor(table, shape: [shifts, count * count])
    }

    /// How much each shift counts, for every size as [channels, shifts].
    /// - Parameter shifts: by channel (or one for all) and size; those of a list count alike, one in all.
    func shares(_ shifts: [[[Int]]], like maps: Tensor) -> [Tensor] {
        sides.indices.map { size in
            let count = tables[size].rows.shape[0]
            var shares = [Double](repeating: 0, count: shifts.count * count)
            for (channel, lists) in shifts.enumerated() {
                for shift in lists[size] { shares[channel * count + shift] += 1 / Double(lists[size].count) }
            }
            return Tensor(shares, shape: [shifts.count, count]).like(maps)
        }
    }

    /// The maps, averaged over squares of 2, 4, 8, … elements.
    private func pyramid(_ maps: Tensor) -> [Tensor] {
        sides.dropFirst().reduce(into: [maps]) { sizes, _ in
            sizes.append(sizes[sizes.count - 1].averagePooled(2))
        }
    }

    /// The matrices [C, length, other] whose rows lie along each axis, with their table.
    private func axes(_ map: Tensor, _ size: Int) -> [(matrix: Tensor, table: Tensor)] {
        let matrix = map.reshaped(Array(map.shape.dropFirst()))
        return [(matrix, tables[size].rows), (matrix.transposed(1, 2), tables[size].columns)]
    }

    /// m = mean(η·roll(η, s)) of every channel and shift, [C, shifts].
    private func means(_ matrix: Tensor, _ table: Tensor) -> Tensor {
        let length = matrix.shape[1]
        let products = matrix.matmul(matrix.transposed(1, 2)).reshaped([matrix.shape[0], length * length])
        return products.matmul(table.transposed(0, 1)) / Double(length * matrix.shape[2])
    }

    /// Σ over channels, sizes, axes and shifts of share·mean(η·roll(η, s))².
    func callAsFunction(_ maps: Tensor, shares: [Tensor]) -> Tensor {
        pyramid(maps).enumerated().reduce(Tensor.zeros([]).like(maps)) { sum, level in
            axes(level.element, level.offset).reduce(sum) { sum, axis in
                sum + (means(axis.matrix, axis.table).squared * shares[level.offset]).sum
            }
        }
    }

    /// The gradient, from ∂/∂η mean(η·roll(η, s))² = 2m·(roll(η, s) + roll(η, -s))/n.
    func slope(_ maps: Tensor, shares: [Tensor]) -> Tensor {
        let sizes = pyramid(maps)
        let slopes = sizes.enumerated().map { size, map in
            let axes = axes(map, size).map { matrix, table in
                let length = matrix.shape[1]
                let weights = means(matrix, table) * shares[size] * (4 / Double(length * matrix.shape[2]))
                return weights.matmul(table).reshaped([matrix.shape[0], length, length]).matmul(matrix)
            }
            return (axes[0] + axes[1].transposed(1, 2)).reshaped(map.shape)
        }
        // From the smallest map upwards: every element of a square had a quarter's share in its mean.
        return zip(slopes, sizes).dropLast().reversed().reduce(slopes[slopes.count - 1]) { smaller, level in
            let (own, map) = level
            let (height, width) = (smaller.shape[2] * 2, smaller.shape[3] * 2)
            let spread = smaller.upsampledNearest(height: height, width: width) / 4
            // A last row or column of an odd side is in no square.
            return own + spread.padded([0, map.shape[3] - width, 0, map.shape[2] - height])
        }
    }
}
