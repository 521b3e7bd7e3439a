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

    /// The sampler.
    /// - Parameter eta: DDIM's share of fresh noise (η); nothing to the others.
    public func sampler(eta: Double = 0) -> any Sampler {
        switch self {
        case .ddim: DDIM(eta: eta)
        case .dpmSolver: DPMSolver()
        case .dpmSolverSDE: DPMSolver(isStochastic: true)
        case .eulerAncestral: EulerAncestral()
        }
    }
}
