import Foundation
import Imaging
import Tensors

/// The box of cells in which a region is painted, on the grid of a latent or of an image.
struct Tile {
    /// The first row.
    let top: Int
    /// The first column.
    let left: Int
    /// Rows.
    let height: Int
    /// Columns.
    let width: Int
    /// Size of the whole grid.
    let grid: (height: Int, width: Int)
    /// The region's own cells within the box; all of them unless it is a mask.
    private let own: [Bool]

    /// The tile of a region: from ⌊x·W⌋ on ⌈w·W⌉ columns, cut at the grid's edge, and rows alike; of a mask the box
    /// around the cells that it covers by half.
    init(of place: Region.Place, height: Int, width: Int) {
        grid = (height, width)
        switch place {
        case .box(let box):
            (top, self.height) = Self.span(box.y, box.height, of: height)
            (left, self.width) = Self.span(box.x, box.width, of: width)
            own = Array(repeating: true, count: self.height * self.width)
        case .mask(let mask):
            let cells = mask.cells(width: width, height: height, from: 0.5).values.map { $0 > 0 }
            let rows = (0..<height).filter { y in (0..<width).contains { cells[y * width + $0] } }
            let columns = (0..<width).filter { x in (0..<height).contains { cells[$0 * width + x] } }
            let (top, left) = (rows.first ?? 0, columns.first ?? 0)
            let (bottom, right) = ((rows.last ?? 0) + 1, (columns.last ?? 0) + 1)
            (self.top, self.left, self.height, self.width) = (top, left, bottom - top, right - left)
            own = (top..<bottom).flatMap { y in (left..<right).map { cells[y * width + $0] } }
        }
    }

    /// Where a share of an axis begins, and how many cells it takes; products are rounded to 1e-9 first.
    private static func span(_ start: Double, _ length: Double, of count: Int) -> (first: Int, count: Int) {
        func product(_ share: Double) -> Double { (share * Double(count) * 1e9).rounded() / 1e9 }
        let first = min(Int(product(start).rounded(.down)), count - 1)
        return (first, max(min(Int(product(length).rounded(.up)), count - first), 1))
    }

    /// Whether it is the whole grid.
    var isWhole: Bool { height == grid.height && width == grid.width }

    /// What it shows of a canvas [1, C, H, W].
    func crop(_ canvas: Tensor) -> Tensor {
        guard !isWhole else { return canvas }
        return canvas.narrowed(2, from: top, count: height).narrowed(3, from: left, count: width).contiguous
    }

    /// A tile's image on an empty canvas.
    func place(_ tile: Tensor) -> Tensor {
        guard !isWhole else { return tile }
        return tile.padded([left, grid.width - left - width, top, grid.height - top - height])
    }

    /// 1 in the region's own cells, [1, 1, height, width].
    var cells: Tensor { tensor(own.map { $0 ? 1 : 0 }) }

    /// 1 in the region's own cells and 0 elsewhere on the whole grid, [1, 1, H, W].
    var box: Tensor { place(cells) }

    /// How much of the region counts against what is behind it, [1, 1, height, width]: nothing at its border, and more
    /// as the square of the distance from it, up to all.
    ///
    /// (d/r)² for d < r and else 1, with d in cells, 0 in those at the border, and r = ⌊s·⌊short side/2⌋⌋.
    /// - Parameters:
    ///   - share: of half the short side (s).
    ///   - ridge: the published code's first defect: the middle row and column of boxes of odd sides count whole up to
    ///     the border.
    func feather(_ share: Double, ridge: Bool = false) -> Tensor {
        let radius = Int(Double(min(width / 2, height / 2)) * share)
        let distances = distances()
        let values = (0..<(height * width)).map { index -> Float in
            guard own[index] else { return 0 }
            let (y, x) = (index / width, index % width)
            let isRidge =
                ridge && (height % 2 == 1 && y == height / 2 || width % 2 == 1 && x == width / 2)
            let distance = distances[index]
            guard distance < radius, !isRidge else { return 1 }
            return Float(distance * distance) / Float(radius * radius)
        }
        return tensor(values)
    }

    /// Steps, also across corners, from each cell to the nearest one at the region's border.
    private func distances() -> [Int] {
        var distances = own.map { $0 ? Int.max / 2 : -1 }
        func at(_ y: Int, _ x: Int) -> Int {
            (0..<height).contains(y) && (0..<width).contains(x) ? distances[y * width + x] : -1
        }
        /// Takes over what the neighbours on one side allow; two such passes are exact.
        func pass(_ indices: some Sequence<Int>, _ sign: Int) {
            for index in indices where own[index] {
                let (y, x) = (index / width, index % width)
                let near = [(sign, -1), (sign, 0), (sign, 1), (0, sign)].map { at(y + $0.0, x + $0.1) }
                distances[index] = min(distances[index], (near.min() ?? -1) + 1)
            }
        }
        pass(0..<own.count, -1)
        pass((0..<own.count).reversed(), 1)
        return distances
    }

    private func tensor(_ values: [Float]) -> Tensor { Tensor(values, shape: [1, 1, height, width]) }
}
