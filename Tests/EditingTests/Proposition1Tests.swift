import Diffusion
import Foundation
import Tensors
import Testing

@testable import Editing

@Suite struct Proposition1Tests {
    @Test("With the paper's constants the printed bounds cross at τ = 3.50")
    func crossing() {
        let paper = Proposition1.measured
        #expect(paper.diffEditAsPrinted(at: 3.49) < paper.sdedit(at: 3.49))
        #expect(paper.diffEditAsPrinted(at: 3.51) > paper.sdedit(at: 3.51))
    }

    @Test(
        "The sharp bound overtakes the printed one where the specification says",
        arguments: [
            (3.0, 3.66), (2, 2.47), (1.5, 1.81),
        ])
    func overtaking(smoothness: Double, ratio: Double) {
        let bounds = Proposition1(noiseBound: 1, smoothness: smoothness, promptEffect: 1)
        #expect(bounds.diffEdit(at: ratio - 0.01) < bounds.diffEditAsPrinted(at: ratio - 0.01))
        #expect(bounds.diffEdit(at: ratio + 0.01) > bounds.diffEditAsPrinted(at: ratio + 0.01))
    }

    @Test("At τ = 10 and K₁ = 3 the two are 20300 and 8020")
    func values() {
        let bounds = Proposition1(noiseBound: 1, smoothness: 3, promptEffect: 1)
        #expect(abs(bounds.diffEdit(at: 10) - 20300) < 50)
        #expect(abs(bounds.diffEditAsPrinted(at: 10) - 8020) < 10)
        let gentle = Proposition1(noiseBound: 1, smoothness: 1, promptEffect: 1)
        let width = asinh(2.0)
        #expect(abs(gentle.diffEdit(at: 2) - 0.5 * ((exp(2 * width) - 1) / 2 + width)) < 1e-12)
    }

    @Test("O8: the linear worst case attains the discrete bound", arguments: [0.5, 1, 2])
    func discrete(smoothness: Double) throws {
        // In u = x/√ᾱ, ε(x, ∅) = -K₁·x and ε(x, Q) = -K₁·x - K₂.
        let levels = try NoiseSchedule.stableDiffusion.levels(steps: 50)
        let effect = 0.02
        var (prompted, unprompted) = (Tensor([0.3]), Tensor([0.3]))
        for k in (1...40).reversed() {
            prompted = DDIM.step(
                prompted, prompted * -smoothness - effect, from: levels[k], to: levels[k - 1])
            unprompted = DDIM.step(unprompted, unprompted * -smoothness, from: levels[k], to: levels[k - 1])
        }
        let gap = (prompted - unprompted).absolute.item / levels[0].sqrtAlphaBar
        let bounds = Proposition1(noiseBound: 1, smoothness: smoothness, promptEffect: effect)
        let bound = bounds.discreteGap(levels.prefix(41).map(\.sigma))
        #expect(abs(gap - bound) < 1e-9 * bound)
    }

    @Test("On Gaussian data a real decode stays below the discrete bound")
    func gaussian() throws {
        let levels = try NoiseSchedule.stableDiffusion.levels(steps: 50)
        let (deviation, mean) = (0.5, 0.4)
        func noise(_ x: Tensor, _ level: NoiseLevel, _ mean: Double) -> Tensor {
            let variance = level.alphaBar * deviation * deviation + 1 - level.alphaBar
            return (x - level.sqrtAlphaBar * mean) * (level.sqrtOneMinusAlphaBar / variance)
        }
        let slopes = levels.prefix(41).dropFirst().map {
            $0.sqrtOneMinusAlphaBar / ($0.alphaBar * deviation * deviation + 1 - $0.alphaBar)
        }
        let effects = levels.prefix(41).dropFirst().map {
            $0.sqrtOneMinusAlphaBar * $0.sqrtAlphaBar * mean
                / ($0.alphaBar * deviation * deviation + 1 - $0.alphaBar)
        }
        let bounds = Proposition1(
            noiseBound: 1, smoothness: slopes.max() ?? 0, promptEffect: effects.max() ?? 0)
        var (prompted, unprompted) = (Tensor([0.3]), Tensor([0.3]))
        for k in (1...40).reversed() {
            let (from, to) = (levels[k], levels[k - 1])
            prompted = DDIM.step(prompted, noise(prompted, from, mean), from: from, to: to)
            unprompted = DDIM.step(unprompted, noise(unprompted, from, 0), from: from, to: to)
        }
        let gap = (prompted - unprompted).absolute.item / levels[0].sqrtAlphaBar
        #expect(gap > 0)
        #expect(gap <= bounds.discreteGap(levels.prefix(41).map(\.sigma)))
    }
}
