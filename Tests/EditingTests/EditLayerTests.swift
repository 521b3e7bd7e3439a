import Diffusion
import Foundation
import Imaging
import Layers
import Networks
import Perception
import Tensors
import TestSupport
import Testing

@testable import Editing

/// The parts of Text2LIVE: layers, the generator, what it sees and what it is judged by.
@Suite struct EditLayerTests {
    static func noise(_ shape: [Int], seed: UInt64 = 3) -> Tensor {
        RandomGenerator(seed: seed).uniform(shape)
    }

    static func pair() throws -> CLIPScorer {
        try CLIPScorer(folder: Fixtures.package + "/Models/still-life-clip")
    }

    static func losses(_ clip: CLIPScorer, region: String = "") -> LayerLosses {
        LayerLosses(
            clip: clip,
            texts: LayerTexts(
                composition: "a green apple on a table", source: "a red apple on a table",
                screen: "green apple", areSentences: true, clip: clip),
            views: LayerViews(side: clip.imageSide, count: 3), distance: .spherical,
            weights: .init(opacity: 0.06, sparsity: 0.06), region: region)
    }

    @Test(
        "A layer that is nowhere leaves the picture to the bit and green alone; an opaque one is all there is"
    )
    func composition() {
        let (image, colour) = (Self.noise([1, 3, 5, 7]), Self.noise([1, 3, 5, 7], seed: 4))
        let none = EditLayer(colour: colour, alpha: .zeros([1, 1, 5, 7]))
        #expect(none.over(image).isEqual(to: image))
        let green = none.overGreen.permuted(0, 2, 3, 1).reshaped([35, 3])
        for row in green.separateRows {
            for (found, wanted) in zip(row.floats, [0, 0.694118, 0.250980] as [Float]) {
                #expect(abs(found - wanted) < 1e-6)
            }
        }
        #expect(EditLayer(colour: colour, alpha: .ones([1, 1, 5, 7])).over(image).isEqual(to: colour))
    }

    @Test("What is transparent leaves a photo's bytes, and half opaque half of the way")
    func pasted() {
        let photo = Image(width: 2, height: 1, pixels: [10, 20, 30, 200, 100, 0])
        let finished = EditOutput.Finished(
            image: Image(width: 2, height: 1, pixels: [255, 255, 255, 0, 0, 100]),
            reach: Mask(width: 2, height: 1, values: [0, 0.5]))
        let request = EditRequest(image: photo, prompt: "x")
        let pasted = finished.pasted(into: request, at: nil, within: nil)
        #expect(pasted.image.pixels == [10, 20, 30, 100, 50, 50])
        #expect(pasted.layer?.image(width: 2, height: 1)?.alpha == [0, 128])
        let shut = finished.pasted(into: request, at: nil, within: Mask(width: 2, height: 1, filledWith: 0))
        #expect(shut.image.pixels == photo.pixels)
    }

    @Test("Colours are decorrelated as published, and the first channel is light in all three")
    func decorrelation() {
        let channels = Tensor([Float(1), 0, 0, -2], shape: [1, 4, 1, 1])
        let layer = EditLayer(channels: channels)
        let wanted = [0.5628, 0.5845, 0.5845].map { 1 / (1 + exp(-$0)) }
        for (found, value) in zip(layer.colour.scalars(as: Double.self), wanted) {
            #expect(abs(found - value) < 1e-6)
        }
        #expect(abs(layer.alpha.item - 1 / (1 + exp(2))) < 1e-6)
        // Fails for the transposed matrix.
        let second = EditLayer(channels: Tensor([Float(0), 1, 0, 0], shape: [1, 4, 1, 1])).colour
        #expect(abs(second.scalars(as: Double.self)[1] - 0.5) < 1e-6)
    }

    @Test("The generator has the paper's size", arguments: [(128, 3_115_548)])
    func size(width: Int, count: Int) throws {
        let store = WeightStore(initializing: 0)
        _ = try LayerGenerator(store.weights, width: width)
        #expect(store.parameters.reduce(0) { $0 + $1.tensor.count } == count)
    }

    @Test(
        "A layer has its picture's size, whatever that is, and values from 0 to 1",
        arguments: [(129, 200), (250, 224), (256, 256)])
    func anySize(height: Int, width: Int) throws {
        let generator = try LayerGenerator(WeightStore(initializing: 1).weights, width: 4)
        let layer = withoutGradients { generator(Self.noise([1, 3, height, width])) }
        #expect(layer.colour.shape == [1, 3, height, width] && layer.alpha.shape == [1, 1, height, width])
        #expect(layer.tensor.smallest().item > 0 && layer.tensor.amax().item < 1)
        #expect(layer.alpha.amax().item - layer.alpha.smallest().item > 0.01)
    }

    // Fails for a generator whose norms keep running means: then an image twice as bright is another layer's.
    @Test(
        "Normalisation is by the picture's own numbers: its brightness and contrast make no difference inside"
    )
    func normalised() throws {
        let generator = try LayerGenerator(WeightStore(initializing: 1).weights, width: 4)
        let image = Self.noise([1, 3, 129, 129])
        let (one, other) = withoutGradients { (generator(image).alpha, generator(image * 0.5 + 0.2).alpha) }
        #expect(relativeError(one, other) < 0.02)
    }

    @Test("Distances on the sphere are those of the paper's code: none, a right angle, and the opposite")
    func distances() {
        let x = Tensor([Float(3), 0], shape: [1, 2])
        for (other, wanted) in [([2, 0], 0), ([0, 5], 1.233701), ([-1, 0], 4.934802)] as [([Float], Double)] {
            let found = LayerLosses.Distance.spherical.mean(x, Tensor(other, shape: [1, 2])).item
            #expect(abs(found - wanted) < 1e-5)
        }
        #expect(
            abs(LayerLosses.Distance.cosine.mean(x, Tensor([Float(0), 5], shape: [1, 2])).item - 1) < 1e-6)
    }

    @Test("An unchanged picture has no loss of structure, and regularisation is as published")
    func structure() throws {
        let losses = Self.losses(try Self.pair())
        let image = Self.noise([1, 3, 80, 100])
        #expect(losses.structure(image, image).item == 0)
        #expect(losses.structure(image.flipped(3), image).item > 1e-4)
        func cost(_ value: Double) -> Double {
            LayerLosses.regularisation(.full([1, 1, 4, 4], value), opacity: 0.06, sparsity: 0.06).item
        }
        #expect(abs(cost(1) - 0.119197) < 1e-6 && cost(0) == 0)
    }

    // Fails where the region counts in its last step, or is counted from 1.
    @Test(
        "The region's say, the learning rate and the looks at the whole picture follow the published schedule"
    )
    func schedules() throws {
        let method = Text2LIVE(try Options(["region": "x"], of: Text2LIVE.description))
        #expect(abs(method.regionWeight(at: 0) - 9.99) < 1e-9)
        #expect(method.regionWeight(at: 999) == 0 && method.regionWeight(at: 2000) == 0)
        #expect(abs(method.learningRate(at: 1) - 2.5e-3 * 0.99) < 1e-12)
        #expect(method.learningRate(at: 549) > 1e-5 && method.learningRate(at: 550) == 1e-5)
        #expect((0...150).filter(Text2LIVE.looksAtWhole) == [0, 75, 150])
    }

    @Test(
        "Gradients reach the layer where it counts: opacity where colours are not green, colours where opaque"
    )
    func slopes() throws {
        let losses = Self.losses(try Self.pair())
        let half = Tensor((0..<4096).map { $0 % 64 < 32 ? Float(1) : 0 }, shape: [1, 1, 64, 64])
        let green = Tensor(EditLayer.green, shape: [1, 3, 1, 1])
        let colour = (green * half + Self.noise([1, 3, 64, 64]) * (1 - half)).requiringGradient
        let alpha = Tensor.full([1, 1, 64, 64], 0.5).requiringGradient
        let screen = withGradients {
            losses.screen(EditLayer(colour: colour, alpha: alpha), LayerDice(seed: 1, step: 0))
        }
        let slope = gradient(of: screen, withRespectTo: alpha).absolute
        #expect((slope * half).amax().item < 1e-9 && (slope * (1 - half)).amax().item > 1e-6)
        let image = Self.noise([1, 3, 64, 64], seed: 8)
        let whole = withGradients {
            losses(
                EditLayer(colour: colour, alpha: half), over: LayerCrop(image, mask: nil), step: 0,
                LayerDice(seed: 1, step: 0))
        }
        let pull = gradient(of: whole, withRespectTo: colour).absolute
        #expect((pull * (1 - half)).amax().item == 0 && (pull * half).amax().item > 1e-6)
    }

    @Test("The loss of a step is the sum of its parts, the region's while it counts")
    func parts() throws {
        let clip = try Self.pair()
        let plain = Self.losses(clip)
        let image = Self.noise([1, 3, 64, 64], seed: 8)
        let layer = EditLayer(colour: Self.noise([1, 3, 64, 64]), alpha: .full([1, 1, 64, 64], 0.25))
        func value(_ losses: LayerLosses, step: Int) -> Double {
            losses(layer, over: LayerCrop(image, mask: nil), step: step, LayerDice(seed: 5, step: 2)).item
        }
        let whole = value(plain, step: 0)
        // The region's part draws nothing.
        let weights = LayerLosses.Weights(
            screen: 1, structure: 2, opacity: 0.06, sparsity: 0.06, region: { $0 == 0 ? 3 : 0 })
        let guided = LayerLosses(
            clip: clip, texts: plain.texts, views: plain.views, distance: .spherical, weights: weights,
            region: "apple")
        #expect(
            abs(value(guided, step: 0) - whole - 3 * guided.bootstrap(layer.alpha, over: image).item) < 1e-5)
        #expect(abs(value(guided, step: 1) - whole) < 1e-6)
        let bare = LayerLosses(
            clip: clip, texts: plain.texts, views: plain.views, distance: .spherical,
            weights: .init(screen: 1, structure: 0, opacity: 0, sparsity: 0), region: "")
        let structure = plain.structure(layer.over(image), image).item
        let regular = LayerLosses.regularisation(layer.alpha, opacity: 0.06, sparsity: 0.06).item
        #expect(abs(whole - value(bare, step: 0) - 2 * structure - regular) < 1e-5)
    }
}
