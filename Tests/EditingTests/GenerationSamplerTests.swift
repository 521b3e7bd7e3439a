import Diffusion
import Tensors
import Testing
import ToyModels

@testable import Editing

@Suite struct GenerationSamplerTests {
    /// A latent of Gaussian data, made by a sampler.
    static func latent(_ sampler: SamplerKind?, steps: Int = 20, eta: Double = 0) throws -> (
        Tensor, DiffusionSession
    ) {
        let model = GaussianModel(
            side: 8, deviation: 0.2, means: ["left": GaussianModel.mean(side: 8, first: 32, value: 0.8)])
        let session = DiffusionSession(model: model)
        let request = GenerationRequest(
            prompt: "left", seed: 4, steps: steps, guidance: 1, sampler: sampler, eta: eta)
        return (try session.generatedLatent(request), session)
    }

    @Test("Every sampler paints the prompt, at one forward a step, and each in its own way")
    func all() throws {
        var seen: [Tensor] = []
        for kind in SamplerKind.allCases {
            let (latent, session) = try Self.latent(kind)
            #expect(session.spent.forwards == 20)
            #expect(session.warnings.isEmpty)
            // The mean of 96 elements of deviation 0.2 about 0.8, and of as many about 0.
            let half = latent.reshaped([3, 64])
            #expect(abs(half.narrowed(1, from: 0, count: 32).mean.item - 0.8) < 0.1, "\(kind)")
            #expect(abs(half.narrowed(1, from: 32, count: 32).mean.item) < 0.1, "\(kind)")
            #expect(!seen.contains { $0.isEqual(to: latent) })
            #expect(try Self.latent(kind).0.isEqual(to: latent))
            seen.append(latent)
        }
    }

    @Test("Without a word it is DDIM, whose η counts")
    func usual() throws {
        let usual = try Self.latent(nil).0
        #expect(usual.isEqual(to: try Self.latent(.ddim).0))
        #expect(!usual.isEqual(to: try Self.latent(nil, eta: 0.5).0))
        #expect(DDIM().name == "DDIM")
        #expect(DDIM(eta: 0.5).name == "DDIM, η 0.5")
    }

    @Test("Steps that begin well below pure noise are told of")
    func low() throws {
        #expect(
            try Self.latent(.dpmSolver, steps: 250).1.warnings == [
                "250 steps of this sampler begin at timestep 751 of 1000, where a picture is no pure noise yet; take a "
                    + "number of steps that divides 1000 better"
            ])
        #expect(try Self.latent(.ddim, steps: 250).1.warnings.isEmpty)
    }
}
