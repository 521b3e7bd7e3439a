import Diffusion
import Imaging
import Tensors
import TestSupport
import Testing

@testable import Editing

/// Prompt-to-Prompt, MasaCtrl and MDP against their formulas on diffusers' networks, on latents wider than high.
///
/// The other side is `Scripts/fixtures/make_attention_edits.py`.
@Suite struct AttentionEditsParityTests {
    static let source = "a red apple on a table"
    static let target = "a green pear on a table"
    static let tolerance = 1e-6

    let expected: SafetensorsFile

    init() throws { expected = try Fixtures.tensors("attention_edits.safetensors") }

    static func model(_ name: String) throws -> LoadedModel {
        LoadedModel(folder: try tinyModel(name).folder, dtype: .float64)
    }

    /// The latent that the fixtures are made from.
    static func drawn(_ height: Int, _ width: Int) -> Tensor {
        RandomGenerator(seed: 99).normal([1, 4, height, width]).to(dtype: .float64) * 0.5
    }

    /// Both images from one noise in five steps.
    static func pair(
        _ name: String, _ height: Int, _ width: Int, to target: String, preset: Preset,
        _ options: [String: String] = [:]
    ) throws -> (source: Tensor, target: Tensor) {
        let session = DiffusionSession(model: try model(name))
        return try PromptToPrompt(Options(options, of: PromptToPrompt.description, preset: preset)).generate(
            from: drawn(height, width) * 2, source: source, target: target,
            levels: try session.schedule.levels(steps: 5), in: session)
    }

    @Test(
        "Prompt-to-Prompt: words of other token counts replaced, words added, weights, blends, as two repositories do it",
        arguments: [
            ("p2p.replace", Preset.paper, target), ("p2p.google", .google, target),
            ("p2p.google", .official, target),
            ("p2p.pnp-inversion", .pnpInversion, "a red apple with a pear on a table"),
        ])
    func promptToPrompt(name: String, preset: Preset, target: String) throws {
        // Maps of 4×6 places are to the latent what 16×16 are to Stable Diffusion's.
        let found = try Self.pair("tiny-sd1", 16, 24, to: target, preset: preset, ["blend-side": "4"])
        #expect(relativeError(found.source, try expected.tensor(name + ".source")) < Self.tolerance)
        #expect(relativeError(found.target, try expected.tensor(name)) < Self.tolerance)
    }

    @Test("Prompt-to-Prompt with a network that answers velocities")
    func promptToPromptVelocity() throws {
        let found = try Self.pair("tiny-sd2", 8, 12, to: Self.target, preset: .paper)
        #expect(relativeError(found.source, try expected.tensor("p2p.velocity.source")) < Self.tolerance)
        #expect(relativeError(found.target, try expected.tensor("p2p.velocity")) < Self.tolerance)
    }

    static func masactrl(
        _ name: String, _ height: Int, _ width: Int, _ options: [String: String] = [:],
        masks: [String: Mask] = [:]
    ) throws -> Tensor {
        var context = try context(
            on: model(name), prompt: "a green pear", source: "a red apple", steps: 5, inversion: .direct,
            clean: drawn(height, width), dtype: .float64)
        context.files = masks.mapValues { .mask($0) }
        let all = options.merging(masks.mapValues { _ in "mask.png" }) { $1 }
            .merging(["start-step": "0.2"]) { $1 }
        return try MasaCtrl(Options(all, of: MasaCtrl.description)).edit(context).latent
    }

    static let words = ["foreground": "pear", "source-foreground": "apple", "mask-threshold": "0.5"]

    @Test("MasaCtrl: things look at things and the rest at the rest, by words, for noise and for velocities")
    func masactrlWords() throws {
        let wide = try Self.masactrl("tiny-sd1", 16, 24, Self.words)
        #expect(relativeError(wide, try expected.tensor("masactrl.words")) < Self.tolerance)
        let velocity = try Self.masactrl("tiny-sd2", 8, 12, Self.words)
        #expect(relativeError(velocity, try expected.tensor("masactrl.velocity")) < Self.tolerance)
    }

    @Test("MasaCtrl: things look at things by masks that are given, of any size")
    func masactrlGiven() throws {
        /// A white rectangle in the upper left of 48×32 pixels.
        func mask(width: Int, height: Int) -> Mask {
            Mask(
                width: 48, height: 32,
                values: (0..<(48 * 32)).map { $0 % 48 < width && $0 / 48 < height ? 1 : 0 })
        }
        let found = try Self.masactrl(
            "tiny-sd1", 16, 24,
            masks: [
                "source-mask": mask(width: 18, height: 32), "target-mask": mask(width: 48, height: 12),
            ])
        #expect(relativeError(found, try expected.tensor("masactrl.given")) < Self.tolerance)
    }

    @Test("MDP: noise mixed by a falling line, with a network that answers velocities")
    func mdp() throws {
        let context = try context(
            on: Self.model("tiny-sd2"), prompt: "a green pear", source: "a red apple", steps: 10,
            inversion: .direct, clean: Self.drawn(8, 12), dtype: .float64)
        // Ten steps: the window begins with 8 left and lasts 6.
        let options = ["schedule": "linear", "window-start": "40", "window-length": "30"]
        let painting = try MDP(Options(options, of: MDP.description)).edit(context)
        #expect(relativeError(painting.latent, try expected.tensor("mdp.velocity")) < Self.tolerance)
    }
}
