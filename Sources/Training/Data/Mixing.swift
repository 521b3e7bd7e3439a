import Foundation
import Tensors

/// Each image of a batch mixed with the one as far from the batch's end, and its labels likewise.
///
/// One image in two gets a share of all the other's pixels (mixup, Zhang and others 2018), one a rectangle of the other's
/// (CutMix, Yun and others 2019).
struct Mixing {
    /// How much of each image, and of what it is labelled with, comes from the other one.
    private(set) var shares: [Double]
    /// What comes from the other one in each pixel alike.
    private var everywhere: [Float]
    /// What comes from the other one wholly.
    private var pasted: [Rectangle?]

    /// No mixing.
    init(count: Int) {
        shares = Array(repeating: 0, count: count)
        everywhere = Array(repeating: 0, count: count)
        pasted = Array(repeating: nil, count: count)
    }

    /// Given shares of all pixels, one for each image.
    init(everywhere shares: [Float]) {
        self.init(count: shares.count)
        everywhere = shares
        self.shares = shares.map(Double.init)
    }

    /// Given rectangles of images of a side; nil for none.
    init(pasted rectangles: [Rectangle?], side: Int) {
        self.init(count: rectangles.count)
        pasted = rectangles
        shares = rectangles.map { rectangle in
            guard let pixels = rectangle?.pixels(side: side) else { return 0 }
            return Double(pixels.columns.count * pixels.rows.count) / Double(side * side)
        }
    }

    /// Shares by Beta(alpha, alpha), and for each image one of the two ways; nothing where alpha is 0.
    init(count: Int, alpha: Double, side: Int, draws: inout Draws) {
        guard alpha > 0 else {
            self.init(count: count)
            return
        }
        var (even, rectangles): ([Float], [Rectangle?]) = ([], [])
        for _ in 0..<count {
            let share = Self.beta(alpha, draws: &draws)
            let isPasted = draws.unit() < 0.5
            even.append(isPasted ? 0 : Float(share))
            // Less than nothing has no logarithm, and a pixel is the least that shows.
            let area = max(share, 1e-6)
            rectangles.append(isPasted ? Rectangle(area: area...area, aspect: 1, draws: &draws) : nil)
        }
        self.init(pasted: rectangles, side: side)
        everywhere = even
        for (index, share) in even.enumerated() where rectangles[index] == nil {
            shares[index] = Double(share)
        }
    }

    /// Images [B, C, side, side], mixed.
    func callAsFunction(_ images: Tensor) -> Tensor {
        guard shares.contains(where: { $0 > 0 }) else { return images }
        let even = Tensor(everywhere, shape: [shares.count, 1, 1, 1]).to(device: images.device)
        let other = even + Rectangle.mask(pasted, side: images.shape[3], device: images.device)
        return images + (images.flipped(0) - images) * other
    }

    /// What a softmax over a group's labels is to answer for each image, [images × labels]; zeros where there is no label.
    /// - Parameters:
    ///   - labels: the label of each image; nil where the group has none for it.
    ///   - smoothing: how much of each answer is shared out evenly (Szegedy and others 2016).
    func targets(_ labels: [Int?], of count: Int, smoothing: Double) -> [Float] {
        var wanted = [Double](repeating: 0, count: labels.count * count)
        for row in labels.indices {
            let sources = [(labels[row], 1 - shares[row]), (labels[labels.count - 1 - row], shares[row])]
            for case (let label?, let weight) in sources {
                let own = row * count
                for place in own..<(own + count) { wanted[place] += weight * smoothing / Double(count) }
                wanted[own + label] += weight * (1 - smoothing)
            }
        }
        return wanted.map(Float.init)
    }

    /// A number in 0…1 by Beta(alpha, alpha), for an alpha of 1 at most (Jöhnk 1964); in logarithms, as powers vanish.
    static func beta(_ alpha: Double, draws: inout Draws) -> Double {
        while true {
            let (first, second) = (log(1 - draws.unit()) / alpha, log(1 - draws.unit()) / alpha)
            guard exp(first) + exp(second) <= 1 else { continue }
            return 1 / (1 + exp(second - first))
        }
    }
}
