import StillLife
import Tensors

/// Binary cross-entropy of every pixel, and a share of the Dice loss.
///
/// Milletari, Navab and Ahmadi, "V-Net", 3DV 2016, for the second; with one pixel more in both counts, so that a text
/// that nothing shows has a loss as well.
struct SegmentationLoss {
    let diceWeight: Double

    /// The loss of logits [N, H, W] where the truth of each pixel is 0 or 1.
    func callAsFunction(_ logits: Tensor, _ truth: Tensor) -> Tensor {
        let entropy = logits.binaryEntropy(of: truth).mean
        let found = logits.sigmoid
        let both = (found * truth).sum([1, 2])
        let dice = (both * 2 + 1) / (found.sum([1, 2]) + truth.sum([1, 2]) + 1)
        return entropy + (1 - dice).mean * diceWeight
    }
}

/// Cross-entropy of what patches show, over all patches and once more over what objects cover of them.
///
/// Kinds of object are what a segmentation learns last from texts alone; told of every patch, the image's tower comes to
/// know them earlier.
struct PatchLoss {
    /// The loss of logits [B, patches, classes] under the true shares [B, classes, rows, columns], kinds of object first.
    func callAsFunction(_ logits: Tensor, _ shares: Tensor) -> Tensor {
        let (batch, classes, rows, columns) = shares.shape4
        let truth = shares.reshaped([batch, classes, rows * columns]).transposed(1, 2)
        let likelihood = logits.logSoftmax(-1) * truth
        let count = ObjectKind.allCases.count
        let objects = likelihood.narrowed(2, from: 0, count: count).sum
        let covered = truth.narrowed(2, from: 0, count: count).sum.clamped(1, nil)
        return likelihood.sum * (-1 / Double(batch * rows * columns)) - objects / covered
    }
}

extension Tensor {
    /// Binary cross-entropy of logits, each against a truth in 0…1.
    func binaryEntropy(of truth: Tensor) -> Tensor {
        // ln(1 + exp(-|x|)) + max(x, 0) - x·y, which never overflows.
        ((absolute * -1).exp + 1).logarithm + relu - self * truth
    }

    /// Images, or others in their place for a share of the rows.
    func mixed(with others: Tensor?, share: Double, draws: inout Draws) -> Tensor {
        guard let others else { return self }
        let marks = (0..<shape[0]).map { _ -> Float in draws.unit() < share ? 1 : 0 }
        let mark = Tensor(marks, shape: [shape[0], 1, 1, 1]).to(device: device)
        return self + (others - self) * mark
    }
}
