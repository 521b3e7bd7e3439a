import Diffusion
import Tensors
import Testing
import ToyModels

@testable import Editing

/// What guidance leads away from, and what an encoding sees.
@Suite struct NegativePromptTests {
    static func context(negative: String, guidance: Double, source: String? = "cat") throws -> EditContext {
        let model = GaussianModel(
            means: [
                "dog": GaussianModel.mean(side: 16, first: 96, value: 0.8),
                "cat": GaussianModel.mean(side: 16, first: 180, value: -0.5),
                "fog": GaussianModel.mean(side: 16, first: 40, value: 0.6),
            ])
        return try EditingTests.context(
            on: model, prompt: "dog", source: source, negative: negative, steps: 10, strength: 0.6,
            guidance: guidance, seed: 3, dtype: .float64)
    }

    static let names = [
        "sdedit", "ddim", "cyclediffusion", "diffedit", "multidiffusion", "inpaint", "plug-and-play",
    ]

    @Test(
        "Away from a negative prompt goes as far as guidance says, away from the prompt itself nowhere",
        arguments: names)
    func negative(name: String) throws {
        let description = try Registry.method(named: name).description
        // Where a mask is looked for, or another prompt has a share, it is not what this is about.
        var options: [String: String] = [:]
        if name == "diffedit" { options["mask"] = "none" }
        if name == "inpaint" { options["mask-from"] = "all" }
        if name == "plug-and-play" { options["negative-share"] = "0" }
        func latent(_ negative: String, _ guidance: Double) throws -> Tensor {
            try Registry.method(named: name).init(Options(options, of: description))
                .edit(Self.context(negative: negative, guidance: guidance)).latent
        }
        let alone = try latent("", 1)
        #expect((try latent("dog", 6) - alone).absolute.amax().item < 1e-9)
        let (usual, other) = (try latent("", 6), try latent("fog", 6))
        #expect((usual - alone).absolute.amax().item > 1e-2)
        #expect((other - usual).absolute.amax().item > 1e-2)
    }

    @Test("Encode–decode encodes under the source prompt, and under the empty one where there is none")
    func encoding() throws {
        for source in ["cat", nil] {
            let context = try Self.context(negative: "", guidance: 6, source: source)
            let painting = try DDIMEdit(Options([:], of: DDIMEdit.description)).edit(context)
            func climbed(_ prompt: Conditioning) throws -> Tensor {
                try context.session.invert(context.clean, through: context.levels, to: 6, prompt: prompt)[6]
            }
            let (seen, unseen) = (
                context.source ?? context.empty, try context.session.prompt(source == nil ? "cat" : "")
            )
            #expect((painting.inversion[6] - (try climbed(seen))).absolute.amax().item < 1e-12)
            #expect((painting.inversion[6] - (try climbed(unseen))).absolute.amax().item > 1e-2)
        }
    }
}
