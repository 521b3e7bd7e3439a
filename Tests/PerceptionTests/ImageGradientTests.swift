import Diffusion
import Imaging
import Perception
import StillLife
import Tensors
import TestSupport
import Testing

/// CLIP's image tower as losses see it: through tensors, with gradients.
@Suite struct ImageGradientTests {
    private static func scorer() throws -> CLIPScorer {
        try CLIPScorer(folder: Fixtures.package + "/Models/still-life-clip")
    }

    @Test("Images as tensors have the embeddings of the images")
    func agrees() throws {
        let (scorer, scene) = (try Self.scorer(), Scene.random(seed: 3))
        let image = scene.render(size: 64)
        let found = withoutGradients { scorer.embed(images: image.tensor()) }
        #expect(relativeError(found, scorer.embed([image])) < 1e-5)
        // Larger ones are brought to size: as bytes by the imaging library, as tensors by libtorch.
        let large = scene.render(size: 128)
        let smooth = withoutGradients { scorer.embed(images: large.tensor()) }
        #expect((smooth * scorer.embed([large])).sum.item > 0.995)
        let rough = withoutGradients { scorer.embed(images: large.tensor(), antialias: false) }
        #expect(!rough.isEqual(to: smooth) && (rough * smooth).sum.item > 0.9)
    }

    // Fails for a middle that is cut from the wrong side, and for a normalisation that is left out of the graph.
    @Test(
        "Gradients of a cosine follow it, at the network's size and through resampling", arguments: [64, 96])
    func gradients(side: Int) throws {
        let scorer = try Self.scorer()
        let image = Scene.random(seed: 5).render(size: side).tensor()
        let text = scorer.embed(["a red apple"])
        let leaf = image.copied.requiringGradient
        let slope = gradient(
            of: withGradients { (scorer.embed(images: leaf) * text).sum }, withRespectTo: leaf)
        let direction = RandomGenerator(seed: 1).normal(image.shape)
        func value(_ share: Double) -> Double {
            withoutGradients { (scorer.embed(images: image + direction * share) * text).sum.item }
        }
        let found = (slope * direction).sum.item
        #expect(abs((value(5e-3) - value(-5e-3)) / 1e-2 - found) < 3e-2 * abs(found) + 1e-4)
    }
}
