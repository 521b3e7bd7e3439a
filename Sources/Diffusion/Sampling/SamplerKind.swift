/// The samplers that can be chosen by name.
public enum SamplerKind: String, Sendable, Codable, CaseIterable {
    /// DDIM; with η above 0 it adds fresh noise, as much as DDPM with 1.
    case ddim
    /// DPM-Solver++ of second order with two estimates (2M), on levels of its own.
    case dpmSolver = "dpm-solver"
    /// The same as a stochastic differential equation, with fresh noise in every step.
    case dpmSolverSDE = "dpm-solver-sde"
    /// Euler's rule with ancestral noise.
    case eulerAncestral = "euler-ancestral"

    /// DPM-Solver++ 2M on Karras's levels.
    case dpmSolverKarras = "dpm-solver-karras"
    /// The same as a stochastic differential equation.
    case dpmSolverSDEKarras = "dpm-solver-sde-karras"
    /// Euler's rule without fresh noise.
    case euler
    /// UniPC of second order: a predictor and a corrector.
    case uniPC = "unipc"
    /// For latent consistency models, in a few steps.
    case lcm
    /// For models of trajectory consistency distillation, in a few steps.
    case tcd

    /// The sampler along a schedule.
    /// - Parameter eta: DDIM's share of fresh noise (η); nothing to the others.
    public func sampler(eta: Double = 0, along schedule: NoiseSchedule = .stableDiffusion) -> any Sampler {
        switch self {
        case .ddim: DDIM(eta: eta)
        case .dpmSolver: DPMSolver()
        case .dpmSolverSDE: DPMSolver(isStochastic: true)
        case .eulerAncestral: EulerAncestral()
        case .dpmSolverKarras: DPMSolver(isKarras: true)
        case .dpmSolverSDEKarras: DPMSolver(isStochastic: true, isKarras: true)
        case .euler: Euler(along: schedule)
        case .uniPC: UniPC()
        case .lcm: LCM()
        case .tcd: TCD(along: schedule)
        }
    }
}
