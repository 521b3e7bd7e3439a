import Testing

@testable import StillLife

@Suite struct SceneTests {
    @Test("a seed gives the same scene and the same picture every time, another seed another scene")
    func determinism() {
        let one = Scene.random(seed: 41), two = Scene.random(seed: 41)
        #expect(one == two)
        #expect(one.render(size: 32) == two.render(size: 32))
        #expect(one != Scene.random(seed: 42))
        #expect(one.render(size: 32) != Scene.random(seed: 42).render(size: 32))
    }

    @Test("the generator draws the sequence that its algorithm is published with")
    func generatorReference() {
        var generator = SeededGenerator(seed: 1_234_567)
        #expect(generator.next() == 6_457_827_717_110_365_317)
        #expect(generator.next() == 3_203_168_211_198_807_973)
    }

    @Test("numbers drawn below a bound stay below it and reach both ends")
    func bounds() {
        var generator = SeededGenerator(seed: 5)
        let drawn = Set((0..<400).map { _ in generator.below(7) })
        #expect(drawn == Set(0..<7))
    }

    @Test("every kind, colour, surface, state, table, wall and style turns up")
    func everythingIsReachable() {
        let scenes = (0..<1500).map { Scene.random(seed: $0) }
        let objects = scenes.flatMap(\.objects)
        #expect(Set(objects.map(\.kind)) == Set(ObjectKind.allCases))
        #expect(Set(objects.map(\.colour)) == Set(ObjectColour.allCases))
        #expect(Set(objects.map(\.surface)) == Set(Surface.allCases))
        #expect(Set(objects.map(\.state)) == Set(ObjectState.allCases))
        #expect(Set(scenes.map(\.table)) == Set(Table.allCases))
        #expect(Set(scenes.map(\.wall)) == Set(Wall.allCases))
        #expect(Set(scenes.map(\.style)) == Set(Style.allCases))
        #expect(Set(scenes.map(\.objects.count)) == [1, 2, 3])
    }

    @Test("choices bind every object, and kinds and colours differ within a scene")
    func choicesBind() {
        let choices = SceneChoices(
            objects: 2...2, kinds: [.apple, .mug, .cone], colours: [.red, .blue], surfaces: [.striped],
            tables: [.slate], walls: [.brick], styles: [.pencil])
        for seed in 0..<40 {
            let scene = Scene.random(seed: UInt64(seed), from: choices)
            #expect(scene.objects.count == 2)
            #expect(scene.objects.allSatisfy { choices.kinds.contains($0.kind) && $0.surface == .striped })
            #expect(Set(scene.objects.map(\.colour)) == [.red, .blue])
            #expect(Set(scene.objects.map(\.kind)).count == 2)
            #expect(scene.table == .slate && scene.wall == .brick && scene.style == .pencil)
        }
    }

    @Test("objects stay within the frame and hardly hide each other")
    func composition() {
        #expect((0..<3000).allSatisfy { Scene.random(seed: $0).isComposed })
    }

    @Test("an object out of the frame or inside another is noticed")
    func badComposition() {
        let apple = SceneObject(kind: .apple, colour: .red), mug = SceneObject(kind: .mug, colour: .blue)
        #expect(Scene(objects: [apple]).isComposed)
        #expect(!Scene(objects: [apple, mug]).isComposed)
        var far = apple
        far.x = 1.4
        #expect(!Scene(objects: [far]).isComposed)
    }
}
