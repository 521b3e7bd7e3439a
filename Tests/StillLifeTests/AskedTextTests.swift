import Imaging
import Testing

@testable import StillLife

@Suite struct AskedTextTests {
    @Test("An object has its kind, its colour and all that captions say of it for names")
    func names() {
        let object = SceneObject(kind: .apple, colour: .orange, surface: .striped, state: .bitten)
        #expect(
            object.names == [
                "apple", "an apple", "the apple", "orange apple", "an orange apple", "the orange apple",
                "bitten striped orange apple", "a bitten striped orange apple",
                "the bitten striped orange apple", "bitten striped apple", "a bitten striped apple",
                "the bitten striped apple", "apple, orange",
            ])
    }

    @Test("What shows a text agrees with the scene, and what is not there is shown by nothing")
    func truth() {
        var generator = SeededGenerator(seed: 4)
        var (there, gone) = (0, 0)
        for seed in 0..<400 {
            let scene = Scene.random(seed: UInt64(seed))
            let asked = scene.askedText(with: &generator)
            if asked.objects.isEmpty && !asked.showsTable && !asked.showsWall {
                gone += 1
                // No object's own name, and neither of the phrases of its table and its wall.
                #expect(!scene.objects.contains { $0.names.contains(asked.text) })
                #expect(!(scene.table.phrases + scene.wall.phrases).contains(asked.text))
            } else {
                there += 1
                for index in asked.objects { #expect(scene.objects[index].names.contains(asked.text)) }
            }
        }
        #expect(there > 250 && gone > 80)
    }

    @Test("The mask of a text has the pixels of what shows it")
    func masks() {
        let scene = Scene.random(seed: 5, objects: 2...2)
        let rendering = scene.rendering(size: 32)
        let one = AskedText("it", objects: [1]).mask(in: rendering)
        #expect(one == rendering.mask(of: 1))
        let all = AskedText("all", objects: [0, 1], showsTable: true, showsWall: true).mask(in: rendering)
        #expect(all.values.allSatisfy { $0 == 1 })
        #expect(AskedText("none").mask(in: rendering).area == 0)
        let (table, wall) = (AskedText("t", showsTable: true), AskedText("w", showsWall: true))
        let areas =
            [table, wall].map { $0.mask(in: rendering).area } + [
                rendering.mask(of: 0).area, one.area,
            ]
        #expect(abs(areas.reduce(0, +) - 1) < 1e-6)
    }
}
