import Diffusion
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Editing

/// LEDITS++ against diffusers' pipeline with its own scheduler, on levels that we cut ourselves.
///
/// The other side is `Scripts/fixtures/make_ledits.py`.
@Suite struct LEDITSParityTests {
    static let tolerance = 1e-3
    /// The second edit waits 2 of 16 steps and ends before the 14th.
    static let edits = "green pear; -red apple, scale=3, threshold=0.7, warm-up=0.125, cool-down=0.8125"

    @Test(
        "Two edits end where diffusers' pipeline does: either solver, a source prompt, a velocity, latents wider than high",
        arguments: [
            ("ddim", "tiny-sd1", "ddim", nil), ("dpm", "tiny-sd1", "dpm-solver", nil),
            ("source", "tiny-sd1", "dpm-solver", "a blue table"), ("velocity", "tiny-sd2", "dpm-solver", nil),
        ] as [(String, String, String, String?)])
    func parity(name: String, model: String, solver: String, source: String?) throws {
        let expected = try Fixtures.tensors("ledits.safetensors")
        let method = LEDITSPlusPlus(
            try Options(
                ["solver": solver, "edits": Self.edits], of: LEDITSPlusPlus.description, preset: .official))
        // 16 of 18 steps.
        let context = try context(
            on: tinyModel(model), prompt: "unused", source: source, steps: 18, strength: 0.89, guidance: 5,
            seed: 5, clean: expected.tensor(name + ".clean"), method: method)
        #expect(context.startStep == 16)
        let painting = try method.edit(context)
        let wanted = try expected.tensor(name + ".latent")
        // Masks are cut at a quantile: rounding may carry a pixel across it, and that pixel alone then
        // differs.
        let errors = (painting.latent - wanted).absolute.amax([1]).floats
        let limit = Float(Self.tolerance * wanted.absolute.amax().item)
        #expect(errors.count == wanted.shape[2] * wanted.shape[3])
        #expect(errors.count { !($0 <= limit) } <= 1)
    }
}

/// The levels of DPM-Solver++ and the size of its steps.
@Suite struct SolverLevelsTests {
    static let betas = NoiseSchedule.betas(.scaledLinear, from: 0.00085, to: 0.012, count: 1000)

    @Test("They are diffusers': a part more than steps, the offset added, and no noise at the end")
    func levels() throws {
        let leading = try NoiseSchedule(betas: Self.betas).solverLevels(steps: 34)
        #expect(leading.map(\.timestep) == [0] + (1...34).map { $0 * 28 + 1 })
        #expect(leading[0].alphaBar == 1)
        #expect(leading[34].alphaBar == NoiseSchedule(betas: Self.betas).alphaBars[953])
        let shifted = try NoiseSchedule(betas: Self.betas, offset: 0).solverLevels(steps: 4)
        #expect(shifted.map(\.timestep) == [0, 200, 400, 600, 800])
        let even = try NoiseSchedule(betas: Self.betas, spacing: .linspace).solverLevels(steps: 4)
        #expect(even.map(\.timestep) == [0, 250, 500, 749, 999])
        let trailing = try NoiseSchedule(betas: Self.betas, spacing: .trailing).solverLevels(steps: 4)
        #expect(trailing.map(\.timestep) == [0, 249, 499, 749, 999])
        #expect(throws: DiffusionError.badSteps(steps: 999, most: 998)) {
            try NoiseSchedule(betas: Self.betas).solverLevels(steps: 999)
        }
        #expect(try NoiseSchedule(betas: Self.betas).solverLevels(steps: 998)[998].timestep == 999)
    }

    @Test(
        "No step is led on by more than the last change itself, which on DDIM's levels it would be",
        arguments: [NoiseSchedule.Spacing.leading, .linspace, .trailing])
    func leads(spacing: NoiseSchedule.Spacing) throws {
        /// ½h/h₀ in λ = log(√ᾱ/√(1-ᾱ)), for all steps but the first and the last, which are of first order.
        func largest(_ levels: Trajectory) -> Double {
            let lambdas: [Double] = levels.dropFirst().map { -log($0.sigma) }
            var largest = 0.0
            for k in 1..<(lambdas.count - 1) {
                let (step, before) = (lambdas[k - 1] - lambdas[k], lambdas[k] - lambdas[k + 1])
                largest = max(largest, 0.5 * step / before)
            }
            return largest
        }
        for offset in [0, 1] {
            let schedule = NoiseSchedule(betas: Self.betas, spacing: spacing, offset: offset)
            for steps in [3, 4, 10, 17, 20, 34, 50, 100, 250] {
                let levels = try schedule.solverLevels(steps: steps)
                let lead = largest(levels)
                #expect(lead > 0.3 && lead <= 1, "\(steps) steps")
                for k in 2..<steps {
                    let ours = DPMSolver.lead(from: levels[k + 1], over: levels[k], to: levels[k - 1])
                    #expect(ours <= lead + 1e-12)
                }
                #expect(DPMSolver.lead(from: levels[2], over: levels[1], to: levels[0]) == 0)
            }
        }
        let usual = try NoiseSchedule.stableDiffusion.levels(steps: 34)
        #expect(abs(largest(usual) - 1.88) < 0.01)
    }
}
