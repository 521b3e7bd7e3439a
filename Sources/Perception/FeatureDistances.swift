public import Tensors

/// How unlike two sets of images are, by features of a network.
///
/// Features are float64, a row for each image: [N, D] and [M, D].
public enum FeatureDistances {
    /// The Fréchet distance of two sets (FID), as normal distributions; nil where one has less than two images.
    ///
    /// ‖μ₁ - μ₂‖² + tr(Σ₁ + Σ₂ - 2·(Σ₁Σ₂)^½), covariances over n - 1. With P and Q the centred features over √(n - 1),
    /// the trace of the root is the sum of the singular values of P·Qᵀ, which needs no root of a matrix. Heusel and
    /// others, "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", NeurIPS 2017.
    ///
    /// It is biased: few images give large values, whatever they show.
    public static func frechet(_ first: Tensor, _ second: Tensor) -> Double? {
        let (n, m) = (first.shape[0], second.shape[0])
        guard n > 1, m > 1 else { return nil }
        let means = [first, second].map { $0.mean([0], keeping: true) }
        let p = (first - means[0]) / Double(n - 1).squareRoot()
        let q = (second - means[1]) / Double(m - 1).squareRoot()
        let roots = compact(p).matmul(compact(q).transposed(0, 1)).singularValues.sum.item
        return (means[0] - means[1]).squared.sum.item + p.squared.sum.item + q.squared.sum.item - 2 * roots
    }

    /// The kernel distance of two sets (KID): the unbiased squared MMD with the kernel (x·y/D + 1)³ over whole sets.
    ///
    /// Nil where one set has less than two images. Bińkowski and others, "Demystifying MMD GANs", ICLR 2018; Python
    /// packages average over subsets by chance, whose mean this is.
    public static func kernel(_ first: Tensor, _ second: Tensor) -> Double? {
        let (n, m) = (first.shape[0], second.shape[0])
        guard n > 1, m > 1 else { return nil }
        func similarities(_ x: Tensor, _ y: Tensor) -> Tensor {
            (x.matmul(y.transposed(0, 1)) / Double(x.shape[1]) + 1).power(3)
        }
        /// The mean over pairs of different images of one set.
        func within(_ x: Tensor) -> Double {
            let count = Double(x.shape[0])
            let own = (x.squared.sum([1]) / Double(x.shape[1]) + 1).power(3).sum.item
            return (similarities(x, x).sum.item - own) / (count * (count - 1))
        }
        let between = similarities(first, second).sum.item / Double(n * m)
        return within(first) + within(second) - 2 * between
    }

    /// The squared distance of two sets' mean features (the SFID of FlexIT).
    public static func means(_ first: Tensor, _ second: Tensor) -> Double {
        (first.mean([0]) - second.mean([0])).squared.sum.item
    }

    /// The mean over classes of the squared distance of mean features (CSFID); nil without a class.
    ///
    /// No covariance has a part in it, so four images of a class are enough. Couairon and others, "FlexIT: Towards
    /// Flexible Semantic Image Translation", CVPR 2022; DiffEdit takes it over.
    public static func classMeans(_ classes: [(first: Tensor, second: Tensor)]) -> Double? {
        guard !classes.isEmpty else { return nil }
        return classes.reduce(0) { $0 + means($1.first, $1.second) } / Double(classes.count)
    }

    /// A matrix with as few rows as carry the same products of columns.
    private static func compact(_ x: Tensor) -> Tensor { x.shape[0] > x.shape[1] ? x.triangular : x }
}
