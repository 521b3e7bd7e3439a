import Foundation

/// How much of the source path goes into every step of an edit (w).
///
/// Window and length are counted in steps of a trajectory of 50, whatever N is: t_max says where the window begins, T_M
/// how long it is. Steps before it set the layout under the new prompt, steps after it paint details.
struct MDPSchedule {
    /// How the weights fall within the window.
    enum Shape: String, OptionChoice {
        case constant, linear, cosine
        /// e⁰ to e⁻⁵.
        case exponential

        /// The share of the first weight that is left after a part of the window, in 0...1.
        func share(after part: Double) -> Double {
            switch self {
            case .constant: 1
            case .linear: 1 - part
            // A quarter turn, whose cosine is not quite zero in binary.
            case .cosine: part == 1 ? 0 : cos(part * .pi / 2)
            case .exponential: exp(-5 * part)
            }
        }
    }

    /// The trajectory in whose steps the window is written.
    static let countedSteps = 50

    let shape: Shape
    let start: Int
    let length: Int
    let first: Double

    /// The weights of N steps, the noisiest first; zero outside the window.
    func weights(steps: Int) -> [Double] {
        func scaled(_ count: Int) -> Int {
            Int((Double(count * steps) / Double(Self.countedSteps)).rounded())
        }
        let begin = steps - scaled(start)
        let count = min(scaled(length), steps - begin)
        return (0..<steps).map { index in
            guard index >= begin, index < begin + count else { return 0 }
            return first * shape.share(after: count > 1 ? Double(index - begin) / Double(count - 1) : 0)
        }
    }
}
