import Imaging
import Tensors
import TestSupport
import Testing
import ToyModels

@testable import Diffusion

/// What a job shows of what it is painting.
@Suite struct PreviewTests {
    private static func samples(_ settings: PreviewSettings?) throws -> (
        latent: Tensor, shown: [Preview], decoded: Int
    ) {
        let model = GaussianModel(
            side: 8, means: ["left": GaussianModel.mean(side: 8, first: 20, value: 0.5)])
        nonisolated(unsafe) var shown: [Preview] = []
        let session = DiffusionSession(
            model: model, notify: { if case .preview(let preview) = $0 { shown.append(preview) } })
        session.showPreviews(settings)
        let levels = try model.schedule.levels(steps: 10)
        let latent = try session.sample(
            RandomGenerator(seed: 1).normal([1, 3, 8, 8]), from: 10, of: levels,
            prompt: session.prompt("left"))
        return (latent, shown, model.decoded)
    }

    /// Fails where the noisy latent is shown, which is far from the result in the first steps.
    @Test(
        "Every step that is due shows the predicted clean latent, and what is painted does not depend on it")
    func steps() throws {
        let plain = try Self.samples(nil)
        let shown = try Self.samples(PreviewSettings(interval: 0, share: 1))
        #expect(plain.shown.isEmpty)
        #expect(shown.latent.isEqual(to: plain.latent))
        #expect(shown.shown.map(\.step) == Array(1...10))
        #expect(shown.shown.allSatisfy { $0.of == 10 && $0.stage == "decoding" })
        let end = Image(plain.latent)
        let apart = shown.shown.map { preview in
            zip(preview.image.pixels, end.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
        }
        #expect(apart[0] < 200 && apart[9] <= 4 && apart[0] > apart[9], "\(apart)")
    }

    @Test("A job that is done before the first preview is due shows none")
    func none() throws {
        #expect(try Self.samples(PreviewSettings(interval: 60)).shown.isEmpty)
    }

    /// Fails for channels or sides exchanged, and for a constant that is left out.
    @Test("Colours that are a linear function of the latent are found, whatever their shape")
    func colours() {
        let (width, height, factor) = (6, 4, 8)
        var image = Image(width: width * factor, height: height * factor, red: 0, green: 0, blue: 0)
        for y in 0..<(height * factor) {
            for x in 0..<(width * factor) {
                let from = image.offset(x: x, y: y)
                image.pixels[from] = UInt8(20 + x / factor * 40)
                image.pixels[from + 1] = UInt8(30 + y / factor * 60)
                image.pixels[from + 2] = UInt8(200 - x / factor * 10 - y / factor * 20)
            }
        }
        let colours = image.tensor().averagePooled(factor)
        let latent = Tensor.concatenated(
            [
                colours.narrowed(1, from: 1, count: 1) * 3 + 0.5, colours.narrowed(1, from: 0, count: 1) * -2,
                RandomGenerator(seed: 1).normal([1, 1, height, width]),
                colours.narrowed(1, from: 2, count: 1) + 1,
            ], along: 1)
        let shown = LatentColours(of: latent, shownBy: image).image(of: latent)
        #expect((shown.width, shown.height) == (width, height))
        for y in 0..<height {
            for x in 0..<width {
                for channel in 0..<3 {
                    let found = Int(shown.pixels[shown.offset(x: x, y: y) + channel])
                    let wanted = Int(image.pixels[image.offset(x: x * factor, y: y * factor) + channel])
                    #expect(abs(found - wanted) <= 1)
                }
            }
        }
    }

    @Test(
        "A latent too large to be decoded is shown by the colours of the photo, in a pixel for each element")
    func large() throws {
        let model = GaussianModel(side: 264)
        nonisolated(unsafe) var shown: [Image] = []
        let session = DiffusionSession(
            model: model, notify: { if case .preview(let preview) = $0 { shown.append(preview.image) } })
        session.showPreviews(PreviewSettings(interval: 0, share: 1))
        let levels = try model.schedule.levels(steps: 2)
        let photo = Image(width: 264, height: 264, red: 40, green: 120, blue: 200)
        let start = RandomGenerator(seed: 1).normal([1, 3, 264, 264])
        _ = try session.sample(start, from: 2, of: levels, prompt: session.prompt(""))
        // Nothing was encoded yet that colours could be fitted to.
        #expect(shown.isEmpty)
        _ = try session.encode(photo)
        _ = try session.sample(start, from: 2, of: levels, prompt: session.prompt(""))
        #expect(shown.count == 2 && shown.allSatisfy { $0.width == 264 && $0.height == 264 })
        #expect(model.decoded == 0)
    }
}
