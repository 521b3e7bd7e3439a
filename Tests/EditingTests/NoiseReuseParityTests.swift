import Tensors
import TestSupport
import Testing

@testable import Diffusion
@testable import Editing

/// CycleDiffusion and LEDITS++ against diffusers' pipelines on the same weights and noise.
///
/// The other side is `Scripts/fixtures/make_noise_reuse.py`.
@Suite struct NoiseReuseParityTests {
    static let tolerance = 1e-3

    @Test("CycleDiffusion ends where diffusers' pipeline does")
    func cycleDiffusion() throws {
        let expected = try Fixtures.tensors("noise_reuse.safetensors")
        let canvas = try canvas(
            on: tinyModel(), prompt: "a green pear", source: "a red apple", steps: 20, strength: 0.8,
            guidance: 7.5, seed: 5, clean: expected.tensor("clean"))
        let painting = try CycleDiffusion(Options([:], of: CycleDiffusion.description)).edit(canvas)
        #expect(
            relativeError(painting.latent, try expected.tensor("cyclediffusion.latent")) < Self.tolerance)
    }

    @Test("LEDITS++ with two edits ends where diffusers' pipeline does", arguments: ["ddim", "dpm-solver"])
    func ledits(solver: String) throws {
        let expected = try Fixtures.tensors("noise_reuse.safetensors")
        let name = solver == "ddim" ? "ledits-ddim" : "ledits-dpm"
        let alphaBars = try expected.tensor(name + ".alpha_bars").scalars(as: Double.self)
        let timesteps = [0] + (try expected.tensor(name + ".timesteps").scalars(as: Int64.self).map(Int.init))
        let usual = try canvas(
            on: tinyModel(), prompt: "unused", guidance: 5, seed: 5, clean: expected.tensor("clean"))
        let canvas = Canvas(
            studio: usual.studio,
            levels: Levels(
                zip(timesteps, alphaBars).enumerated().map {
                    Level(index: $0, timestep: $1.0, alphaBar: $1.1)
                }),
            top: timesteps.count - 1, clean: usual.clean, prompt: usual.prompt, source: nil,
            negative: usual.negative, empty: usual.empty, guidance: 5, mask: nil, inversion: .ddim,
            random: usual.random)
        let edits = "green pear; -red apple, scale=3, threshold=0.7, warm-up=2, cool-down=13"
        let painting = try LEDITSPlusPlus(
            Options(["solver": solver, "edits": edits], of: LEDITSPlusPlus.description)
        ).edit(canvas)
        let wanted = try expected.tensor(name + ".latent")
        // Masks are cut at a quantile: rounding may carry a pixel across it, and that pixel alone then
        // differs.
        let errors = (painting.latent - wanted).absolute.largest([1]).floats
        let limit = Float(Self.tolerance * wanted.absolute.largest().item)
        #expect(errors.count == 256)
        #expect(errors.count { !($0 <= limit) } <= 1)
    }
}
