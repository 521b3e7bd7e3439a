import Imaging
import Layers
import Networks
import StillLife
import Tensors
import Testing

@testable import StillLifeStudy

@Suite struct VerdictTests {
    static func seen(
        _ objects: [(ObjectKind, ObjectColour)], count: Int? = nil, table: Table = .wood, wall: Wall = .cream
    ) -> ImageAttributes {
        ImageAttributes(
            objects: objects.map {
                .init(
                    kind: $0.0, colour: $0.1, surface: .plain, state: $0.0.states[0], probability: 0.9,
                    colourProbability: 0.9)
            }, count: count ?? objects.count, table: table, wall: wall, style: .photo, probabilities: [:])
    }

    @Test("A lone object must be the surest one and have its colour")
    func one() {
        let wanted = WantedScene(objects: [.init(kind: .pear, colour: .green)], table: .wood)
        #expect(Verdict(Self.seen([(.pear, .green)]), wanted: wanted).colours)
        let beside = Verdict(Self.seen([(.pear, .green), (.mug, .red)]), wanted: wanted)
        #expect(beside.kinds && beside.colours && !beside.nothingElse && !beside.count)
        #expect(!Verdict(Self.seen([(.mug, .red), (.pear, .green)]), wanted: wanted).kinds)
        let red = Verdict(Self.seen([(.pear, .red)], table: .slate), wanted: wanted)
        #expect(red.kinds && !red.colours && red.table == false && red.wall == nil)
    }

    @Test("Of two objects each must have its own colour, not the other's")
    func two() {
        let wanted = WantedScene(objects: [
            .init(kind: .apple, colour: .red), .init(kind: .mug, colour: .blue),
        ])
        #expect(Verdict(Self.seen([(.mug, .blue), (.apple, .red)]), wanted: wanted).colours)
        let swapped = Verdict(Self.seen([(.apple, .blue), (.mug, .red)]), wanted: wanted)
        #expect(swapped.kinds && !swapped.colours)
        #expect(!Verdict(Self.seen([(.apple, .red)]), wanted: wanted).kinds)
    }

    @Test("A state is asked of kinds that have several")
    func states() {
        let candle = WantedScene(objects: [.init(kind: .candle, state: .lit)])
        #expect(Verdict(Self.seen([(.candle, .white)]), wanted: candle).states == false)
        let cube = WantedScene(objects: [.init(kind: .cube, state: .whole)])
        #expect(Verdict(Self.seen([(.cube, .red)]), wanted: cube).states == nil)
    }

    @Test("A prompt in any training phrasing asks for what its scene holds", arguments: 0..<40)
    func prompts(seed: UInt64) throws {
        let scene = Scene.random(seed: seed, objects: 1...2)
        for caption in scene.captions(split: .training) {
            let wanted = try #require(WantedScene(prompt: caption), "\(caption)")
            #expect(
                Set(wanted.objects) == Set(WantedScene(scene).objects) && wanted.style == scene.style,
                "\(caption)")
            #expect(wanted.table == nil || wanted.table == scene.table, "\(caption)")
            #expect(wanted.wall == nil || wanted.wall == scene.wall, "\(caption)")
        }
        #expect(WantedScene(prompt: scene.caption)?.table == scene.table)
    }

    @Test("A prompt without objects of the world asks for nothing")
    func noPrompt() {
        #expect(WantedScene(prompt: "a photo of a dog in the snow") == nil)
        #expect(WantedScene(prompt: "a red apple and a green apple") == nil)
    }
}

@Suite struct JudgeTests {
    static func network(_ change: (inout AttributeNetworkConfiguration) -> Void = { _ in }) throws -> Judge {
        var shape = AttributeNetworkConfiguration.stillLife(side: 16)
        (shape.channels, shape.normGroups) = ([4, 8, 8, 8], 2)
        change(&shape)
        let network = try withoutGradients {
            try AttributeNetwork(WeightStore(initializing: 3).weights, shape)
        }
        return try Judge(network, device: .cpu, name: "tiny")
    }

    @Test("Pictures judged together are judged as each alone, at any size")
    func batches() throws {
        let judge = try Self.network()
        let scenes = (0..<3).map { Scene.random(seed: $0) }
        let images = scenes.map { $0.render(size: 16) } + [scenes[0].render(size: 40)]
        let together = judge.attributes(of: images)
        for (image, seen) in zip(images, together) {
            let alone = judge.attributes(of: [image])[0]
            #expect(alone.objects.map(\.kind) == seen.objects.map(\.kind) && alone.table == seen.table)
        }
        #expect(together.allSatisfy { !$0.objects.isEmpty && (1...3).contains($0.count) })
    }

    @Test("A network that knows another world is refused")
    func otherWorld() {
        #expect(throws: JudgingError.self) { try Self.network { $0.colours = ["mauve"] } }
    }

    @Test("Only the cells within a box say what fills it")
    func box() throws {
        let judge = try Self.network()
        let scene = Scene.random(seed: 5, objects: 2...2)
        let rendering = scene.rendering(size: 16)
        let box = try #require(rendering.box(of: 0))
        let whole = judge.object(
            in: Box(x: 0, y: 0, width: 16, height: 16), of: rendering.image)
        #expect(whole.kind == judge.attributes(of: [rendering.image])[0].objects[0].kind)
        let part = judge.object(in: box, of: rendering.image)
        #expect(part.probability != whole.probability)
    }
}
