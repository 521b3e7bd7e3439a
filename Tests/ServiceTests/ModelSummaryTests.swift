import Diffusion
import Service
import TestSupport
import Testing

@Suite struct ModelSummaryTests {
    @Test("A folder in pixel space is told as what it is")
    func pixels() throws {
        let model = try ModelSummary(folder: Fixtures.model("tiny-adm"))
        #expect(model.kind == .pixels && model.learnsVariance && model.channels == [8, 16, 24])
        let lines = model.lines.filter { !["fingerprint", "notice"].contains($0.title) }
        let texts = lines.map { "\($0.title): \($0.text)" }
        let expected = [
            "model: tiny-adm, an unconditional diffusion model in pixel space, without a text encoder",
            "images: 16×16 pixels", "latents: 3 channels, 1 pixel a side", "UNet: channels 8, 16, 24",
            "answers: noise and a learned variance, which is not used",
            "schedule: 1000 timesteps, the noisiest with ᾱ 4e-05",
        ]
        #expect(texts == expected)
        #expect(model.notices.count == 1)
    }

    @Test("So is a latent diffusion model")
    func latent() throws {
        let model = try ModelSummary(folder: Fixtures.model("tiny-sd1"))
        #expect(model.kind == .latent && !model.learnsVariance)
        #expect(model.facts.name == "tiny-sd1" && model.facts.latentChannels == 4)
        #expect(model.timesteps == 1000)
    }
}
