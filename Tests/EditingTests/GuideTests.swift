import Diffusion
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Editing

/// The examples of the guides in Documentation: they compile, they do what the pages say, and the pages show them.
@Suite struct GuideTests {
    /// The Swift of a page that stands in `GuideExamples.swift`, cut at its type.
    static func example(_ type: String) throws -> String {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "GuideExamples.swift")
        let parts = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n\n/// ")
        let part = try #require(parts.first { $0.contains("struct \(type): ") })
        return "/// " + part.trimmingCharacters(in: .newlines)
    }

    @Test(
        "The pages show the examples as they are compiled here",
        arguments: [
            ("write-a-method.md", "Fade"), ("write-a-sampler.md", "Euler"),
        ])
    func pages(page: String, type: String) throws {
        let text = try String(contentsOfFile: Fixtures.package + "/Documentation/" + page, encoding: .utf8)
        #expect(text.contains("```swift\n" + (try Self.example(type)) + "\n```"))
    }

    @Test("The example of a method costs what it says, and with a share of 1 it is DDIM encode–decode")
    func fade() throws {
        let model = LoadedModel(folder: try ModelFolder(path: Fixtures.model("tiny-sd1")), dtype: .float64)
        func edited(_ method: any EditingMethod) throws -> (latent: Tensor, forwards: Int) {
            let context = try context(
                on: model, prompt: "a pear", source: "an apple", steps: 10, strength: 0.6, guidance: 2,
                dtype: .float64)
            let latent = try method.edit(context).latent
            return (latent, context.session.spent.forwards)
        }
        let plain = try edited(DDIMEdit(Options([:], of: DDIMEdit.description)))
        let whole = try edited(Fade(Options(["from": "1"], of: Fade.description)))
        let half = try edited(Fade(Options([:], of: Fade.description)))
        #expect(relativeError(whole.latent, plain.latent) < 1e-10)
        #expect(relativeError(half.latent, plain.latent) > 1e-3)
        // Six of inversion, then three rows a step: both prompts and the negative one, which they share.
        #expect(half.forwards == 6 + 3 * 6)
    }

    @Test("The example of a sampler is DDIM in other words")
    func euler() throws {
        let levels = try tinyModel().schedule.levels(steps: 10)
        let random = RandomGenerator(seed: 4)
        let (latent, noise) = (random.normal([1, 4, 4, 4]), random.normal([1, 4, 4, 4]))
        for k in 1...10 {
            let estimate = Estimate(latent, noise: noise, at: levels[k])
            let (one, other) = (
                Euler().step(estimate, to: levels[k - 1]), DDIM().step(estimate, to: levels[k - 1])
            )
            #expect(relativeError(one, other) < 1e-5)
        }
    }
}
