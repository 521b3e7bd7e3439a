import Diffusion
import Imaging
import StillLife
import TestSupport
import Testing

@testable import Editing

/// Pix2Pix-Zero's direction on the model in the repository: it must reach whatever thing it is about.
@Suite struct SecondThingTests {
    /// Two plain things in a photo.
    static func scene(_ seed: UInt64) -> Scene {
        var choices = SceneChoices(objects: 2...2)
        choices.surfaces = [.plain]
        choices.styles = [.photo]
        return Scene.random(seed: seed, from: choices)
    }

    @Test("The edited thing changes more than the other one, though the prompt names it second")
    func second() throws {
        let folder = try ModelFolder(path: Fixtures.package + "/Models/still-life")
        let model = LoadedModel(folder: folder)
        var (edited, other) = (0.0, 0.0)
        for seed in Self.seeds {
            let scene = Self.scene(seed)
            let right = try #require(scene.objects.indices.max { scene.objects[$0].x < scene.objects[$1].x })
            let colour = try #require(
                ObjectColour.allCases.first { colour in !scene.objects.contains { $0.colour == colour } })
            let pair = try EditedPair(source: scene, edit: .colour(object: right, to: colour), size: 64)
            // The caption goes from left to right.
            let kind = scene.objects[right].kind.rawValue
            #expect(pair.sourcePrompt.contains("and") && pair.sourcePrompt.contains("\(kind) on"))
            let request = EditRequest(
                image: pair.sourceImage, prompt: pair.targetPrompt, source: pair.sourcePrompt,
                method: "pix2pix-zero"
            ) {
                $0.options = ["sentences": "100"]
                $0.seed = 1
                $0.steps = 10
            }
            let result = try DiffusionSession(model: model).edit(request)
            let rendering = scene.rendering(size: 64)
            func change(_ object: Int) -> Double {
                let mask = rendering.mask(of: object).values
                var (sum, count) = (0.0, 0.0)
                for pixel in mask.indices where mask[pixel] > 0.5 {
                    for channel in (pixel * 3)..<(pixel * 3 + 3) {
                        sum += abs(
                            Double(result.image.pixels[channel])
                                - Double(pair.sourceImage.pixels[channel]))
                        count += 1
                    }
                }
                return count > 0 ? sum / count : 0
            }
            edited += change(right)
            other += change(1 - right)
        }
        #expect(edited > other * 1.2, "\(edited / 4) of 255 against \(other / 4)")
    }

    static let seeds: [UInt64] = [3, 4, 5, 6]
}
