import Tensors
import TestSupport
import Testing

@testable import Diffusion
@testable import Editing

/// CycleDiffusion against diffusers' pipeline on the same weights and noise.
///
/// The other side is `Scripts/fixtures/make_noise_reuse.py`.
@Suite struct NoiseReuseParityTests {
    static let tolerance = 1e-3

    @Test("CycleDiffusion ends where diffusers' pipeline does")
    func cycleDiffusion() throws {
        let expected = try Fixtures.tensors("noise_reuse.safetensors")
        let context = try context(
            on: tinyModel(), prompt: "a green pear", source: "a red apple", steps: 20, strength: 0.8,
            guidance: 7.5, seed: 5, clean: expected.tensor("clean"))
        let painting = try CycleDiffusion(Options([:], of: CycleDiffusion.description)).edit(context)
        #expect(
            relativeError(painting.latent, try expected.tensor("cyclediffusion.latent")) < Self.tolerance)
    }
}
