import Foundation
import Tensors
import Testing
import ToyModels

@testable import Diffusion

/// Where a sampler ends on a toy network in so many steps, as diffusers 0.42.1 computes it.
struct Golden: Sendable, CustomTestStringConvertible {
    let name: String
    let steps: Int
    let spacing: NoiseSchedule.Spacing
    let sampler: @Sendable (NoiseSchedule) -> any Sampler
    let end: [Double]
    var isVelocity = false

    init(
        _ name: String, _ steps: Int, _ spacing: NoiseSchedule.Spacing,
        _ sampler: @escaping @Sendable (NoiseSchedule) -> any Sampler, _ end: [Double],
        isVelocity: Bool = false
    ) {
        self.name = name
        self.steps = steps
        self.spacing = spacing
        self.sampler = sampler
        self.end = end
        self.isVelocity = isVelocity
    }

    var testDescription: String { "\(name), \(steps) steps" }
}

/// The answers of diffusers' schedulers; what each row would catch is beside the tests.
let goldens: [Golden] = [
    Golden("Euler", 5, .leading, { Euler(along: $0) }, [-0.9860009, -0.3347831, 0.7637916, 1.2977987]),
    Golden("Euler", 10, .leading, { Euler(along: $0) }, [-1.0693852, -0.4212886, 0.8808516, 1.3882715]),
    Golden(
        "Euler linspace", 5, .linspace, { Euler(along: $0) }, [-0.9183338, -0.2394311, 0.7255443, 1.2563088]),
    Golden(
        "Euler linspace", 10, .linspace, { Euler(along: $0) }, [-1.0484304, -0.4019992, 0.8849865, 1.3802660]),
    Golden(
        "Euler trailing", 5, .trailing, { Euler(along: $0) }, [-0.9552678, -0.3064755, 0.7962605, 1.2960878]),
    Golden(
        "Euler trailing", 10, .trailing, { Euler(along: $0) }, [-1.0504793, -0.4199782, 0.9007285, 1.3835683]),
    Golden(
        "Euler ancestral", 5, .leading, { _ in EulerAncestral() },
        [-0.3069934, 0.2490254, 0.4979618, 0.6570621]),
    Golden(
        "Euler ancestral", 10, .leading, { _ in EulerAncestral() },
        [-0.2882561, 0.3027782, 0.5972742, 0.6666700]),
    Golden(
        "DPM-Solver++", 5, .leading, { _ in DPMSolver() }, [-1.0716394, -0.4517384, 0.8934071, 1.3923823]),
    Golden(
        "DPM-Solver++", 10, .leading, { _ in DPMSolver() }, [-1.1256620, -0.5146211, 0.9708604, 1.4469649]),
    Golden(
        "DPM-Solver++ linspace", 5, .linspace, { _ in DPMSolver() },
        [-1.0302245, -0.3731467, 0.8675267, 1.3704496]),
    Golden(
        "DPM-Solver++ linspace", 10, .linspace, { _ in DPMSolver() },
        [-1.1159642, -0.5002623, 0.9797386, 1.4493467]),
    Golden(
        "DPM-Solver++ Karras", 5, .leading, { _ in DPMSolver(isKarras: true) },
        [-1.3688194, -0.4412294, 0.9426002, 1.6661896]),
    Golden(
        "DPM-Solver++ Karras", 10, .leading, { _ in DPMSolver(isKarras: true) },
        [-1.2514146, -0.4975939, 0.9869391, 1.5672858]),
    Golden(
        "DPM-Solver++ Karras velocity", 5, .leading, { _ in DPMSolver(isKarras: true) },
        [-1.3681438, -0.4411283, 0.9420143, 1.6651881], isVelocity: true),
    Golden(
        "DPM-Solver++ Karras velocity", 10, .leading, { _ in DPMSolver(isKarras: true) },
        [-1.2515484, -0.4976931, 0.9869347, 1.5673935], isVelocity: true),
    Golden(
        "DPM-Solver++ SDE Karras", 5, .leading, { _ in DPMSolver(isStochastic: true, isKarras: true) },
        [-0.9172550, 0.0161052, 1.0762553, 1.3285348]),
    Golden(
        "DPM-Solver++ SDE Karras", 10, .leading, { _ in DPMSolver(isStochastic: true, isKarras: true) },
        [-0.4556957, 0.2496540, 0.7748426, 0.8535952]),
    Golden("UniPC", 5, .leading, { _ in UniPC() }, [-1.0882780, -0.4749541, 0.9166522, 1.4104099]),
    Golden("UniPC", 10, .leading, { _ in UniPC() }, [-1.1260263, -0.5233217, 0.9782048, 1.4471950]),
    Golden("UniPC linspace", 5, .linspace, { _ in UniPC() }, [-1.0525001, -0.3966918, 0.8920767, 1.3931685]),
    Golden(
        "UniPC linspace", 10, .linspace, { _ in UniPC() }, [-1.1171707, -0.5119779, 0.9897534, 1.4506855]),
    Golden("LCM", 1, .leading, { _ in LCM() }, [0.0963628, 0.1731704, 0.2330459, 0.2928002]),
    Golden("LCM", 4, .leading, { _ in LCM() }, [-0.0981565, -0.4467463, -0.2392443, 0.3985337]),
    Golden("LCM", 8, .leading, { _ in LCM() }, [0.3471936, 0.3077145, 0.3403092, 0.0666263]),
    Golden("TCD", 1, .leading, { TCD(along: $0) }, [0.0610617, 0.1639843, 0.2441713, 0.3242372]),
    Golden("TCD", 4, .leading, { TCD(along: $0) }, [-0.2046779, 0.2554640, 0.4764580, 0.5834148]),
]

/// Samplers against diffusers' own, on data of two peaks whose noise is known exactly.
@Suite struct SamplerGoldenTests {
    private static let schedule = NoiseSchedule.stableDiffusion

    /// σ at a time between two timesteps, ln σ taken evenly between them.
    private static func sigma(_ time: Double) -> Double {
        let logs = schedule.alphaBars.map { 0.5 * log(1 / $0 - 1) }
        let whole = min(Int(time), logs.count - 2)
        let share = time - Double(whole)
        return exp(logs[whole] * (1 - share) + logs[whole + 1] * share)
    }

    /// The noise in x at a time: half of the data about c + m, half about c - m.
    static func noise(in x: [Double], time: Double) -> [Double] {
        let (c, m, s) = (0.2, 1.0, 0.5)
        let sigma = sigma(time)
        let bar = 1 / (1 + sigma * sigma)
        return x.map { x in
            let v = bar * s * s + 1 - bar
            let y = x - bar.squareRoot() * c
            let clean =
                c + s * s * bar.squareRoot() * y / v + ((1 - bar) * m / v)
                * tanh(bar.squareRoot() * m * y / v)
            return (x - bar.squareRoot() * clean) / (1 - bar).squareRoot()
        }
    }

    @Test("The toy network is the one of the answers")
    func toy() {
        let found = Self.noise(in: [-1.2, -0.3, 0.4, 1.1], time: 500)
        let wanted = [-1.0061903, -0.2867458, 0.2075049, 0.7414368]
        #expect(zip(found, wanted).allSatisfy { abs($0 - $1) < 1e-7 })
    }

    // Wrong samplers that miss these by far more: UniPC that corrects with the estimate of the corrected latent, or whose
    // ρ are those of a third order; Karras's levels between the spaced ends; times that are not rounded while σ stays;
    // Euler on whole timesteps where the spacing is even; TCD that jumps below the level it comes from; a second order
    // in the last step.
    @Test("Every sampler ends where diffusers' ends", arguments: goldens)
    func ends(golden: Golden) throws {
        let schedule = Self.schedule.with(spacing: golden.spacing)
        let sampler = golden.sampler(schedule)
        let levels = try sampler.levels(of: schedule, steps: golden.steps)
        func draw(_ k: Int) -> Tensor {
            Tensor((0..<4).map { 1.3 * sin(Double(1 + 4 * k + $0)) }, shape: [1, 4, 1, 1])
        }
        let first = Tensor([-1.2, -0.3, 0.4, 1.1] as [Double], shape: [1, 4, 1, 1])
        let session = DiffusionSession(model: GaussianModel(side: 4))
        let end = try session.sample(
            [sampler.start(first, at: levels[golden.steps])], from: golden.steps, of: levels, by: sampler,
            fresh: { draw(golden.steps - $0) },
            predicting: { latents, level in
                let x = latents[0].scalars(as: Double.self)
                let time = Double(level.timestep) + level.fraction
                let noise = Self.noise(in: x, time: time)
                guard golden.isVelocity else { return [Tensor(noise, shape: [1, 4, 1, 1])] }
                // The network's velocity is of its own time; what noise it means is of the level.
                let sigma = Self.sigma(time)
                let (a, b) = (1 / (1 + sigma * sigma).squareRoot(), sigma / (1 + sigma * sigma).squareRoot())
                let velocity = zip(x, noise).map { x, noise in a * noise - b * (x - b * noise) / a }
                return [
                    Prediction.velocity.noise(
                        in: Tensor(velocity, shape: [1, 4, 1, 1]), latent: latents[0], at: level)
                ]
            })[0].scalars(as: Double.self)
        let error = zip(end, golden.end).map { abs($0 - $1) }.max() ?? .infinity
        #expect(error < (golden.name.contains("Karras") ? 2e-5 : 3e-6), "\(end)")
    }

    @Test("Levels lie where diffusers' samplers halt")
    func grids() throws {
        func times(_ sampler: any Sampler, _ steps: Int, _ schedule: NoiseSchedule) throws -> [Int] {
            try sampler.levels(of: schedule, steps: steps).dropFirst().reversed().map(\.timestep)
        }
        let even = Self.schedule.with(spacing: .linspace)
        #expect(try times(DPMSolver(isKarras: true), 5, even) == [999, 786, 427, 59, 0])
        #expect(
            try times(DPMSolver(isKarras: true), 10, even) == [999, 916, 815, 687, 523, 327, 146, 41, 7, 0])
        let euler = try Euler(along: even).levels(of: even, steps: 5)
        #expect(
            euler.reversed().dropLast().map { Double($0.timestep) + $0.fraction }
                == [999, 749.25, 499.5, 249.75, 0])
        let sigmas = [14.614647, 4.086090, 1.615583, 0.695151, 0.029168, 0]
        #expect(zip(euler.reversed(), sigmas).allSatisfy { abs($0.sigma - $1) < 1e-5 })
        #expect(try times(LCM(), 1, even) == [999])
        #expect(try times(LCM(), 3, even) == [999, 679, 339])
        #expect(try times(TCD(), 8, even) == [999, 879, 759, 639, 499, 379, 259, 139])
        #expect(throws: DiffusionError.badSteps(steps: 51, most: 50)) { try times(LCM(), 51, even) }
        #expect(throws: DiffusionError.badSteps(steps: 1001, most: 1000)) {
            try times(DPMSolver(isKarras: true), 1001, even)
        }
    }

    @Test("A file that says nothing of the spacing leaves it to the sampler, as diffusers reads it")
    func silentSpacing() throws {
        let json = Data(
            #"{"_class_name": "PNDMScheduler", "beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012, "steps_offset": 1, "set_alpha_to_one": false, "skip_prk_steps": true}"#
                .utf8)
        let schedule = try NoiseSchedule(json: json)
        let euler = try Euler(along: schedule).levels(of: schedule, steps: 5)
        #expect(euler[5].timestep == 999 && euler[2].fraction == 0.75)
        #expect(Euler(along: schedule).startsAtSigma && !Euler().startsAtSigma)
        #expect(try UniPC().levels(of: schedule, steps: 5)[5].timestep == 999)
        // The samplers that were here before take what DDIM takes.
        #expect(try DPMSolver().levels(of: schedule, steps: 5)[5].timestep == 831)
        #expect(try DDIM().levels(of: schedule, steps: 5)[5].timestep == 801)
    }

    @Test("A latent that is changed between steps has no past to lead on from")
    func changedLatents() throws {
        let session = DiffusionSession(model: GaussianModel(side: 4))
        let levels = try Self.schedule.solverLevels(steps: 4)
        let start = RandomGenerator(seed: 3).normal([1, 3, 4, 4])
        func sampled(_ change: (Int, [Tensor]) -> [Tensor], by sampler: any Sampler) throws -> Tensor {
            try session.sample(
                [start], from: 4, of: levels, by: sampler,
                predicting: { latents, level in [latents[0] * level.sigma.squareRoot() * 0.1] }, each: change)[
                    0]
        }
        // Every latent is another object of the same numbers: each step is then of first order, which is DDIM's.
        let renewed = try sampled({ $1.map { $0 + 0 } }, by: DPMSolver())
        let first = try sampled({ $1 }, by: DDIM())
        #expect((renewed - first).absolute.amax().item < 1e-5)
        #expect((try sampled({ $1 }, by: DPMSolver()) - first).absolute.amax().item > 1e-3)
    }
}
