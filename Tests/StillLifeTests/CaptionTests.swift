import Imaging
import Testing

@testable import StillLife

@Suite struct CaptionTests {
    @Test("the common caption reads as people write")
    func commonForm() {
        var scene = Scene(objects: [SceneObject(kind: .apple, colour: .red)], table: .wood)
        #expect(scene.caption == "a red apple on a wooden table")
        scene.style = .pencil
        #expect(scene.caption == "a pencil sketch of a red apple on a wooden table")
        scene.style = .photo
        scene.objects.append(SceneObject(kind: .mug, colour: .blue, surface: .striped, x: -1))
        #expect(scene.caption == "a striped blue mug and a red apple on a wooden table")
        let book = SceneObject(kind: .book, colour: .orange, state: .open)
        #expect(book.phrase == "an open orange book")
        #expect(SceneObject(kind: .cube, colour: .orange).phrase == "an orange cube")
    }

    @Test("every caption names every object with its colour, surface and unusual state, and the style")
    func captionsMentionTheFacts() {
        for seed in 0..<120 {
            let scene = Scene.random(seed: UInt64(seed))
            for caption in CaptionSplit.allCases.flatMap({ scene.captions(split: $0) }) {
                for object in scene.objects {
                    let words = (object.adjectives + [object.kind.rawValue]).joined(separator: " ")
                    #expect(caption.contains(words), "\(caption) lacks \(words)")
                }
                if scene.style != .photo { #expect(caption.contains(scene.style.phrase)) }
            }
        }
    }

    @Test("relations in captions are true")
    func relations() {
        for seed in 0..<60 {
            let scene = Scene.random(seed: UInt64(seed), objects: 2...2)
            let row = scene.leftToRight
            let captions = scene.captions(split: .training)
            #expect(captions.contains { $0.contains("\(row[0].phrase) to the left of \(row[1].phrase)") })
            #expect(!captions.contains { $0.contains("\(row[1].phrase) to the left of \(row[0].phrase)") })
        }
    }

    @Test("the held-out family shares no caption and no opening with training")
    func heldOutStaysOut() {
        for seed in 0..<200 {
            let scene = Scene.random(seed: UInt64(seed))
            let training = scene.captions(split: .training)
            let heldOut = scene.captions(split: .heldOut)
            #expect(Set(training).isDisjoint(with: heldOut))
            #expect(Set(training).count == training.count)
            for caption in training {
                let opens = scene.table.phrases.contains { caption.hasPrefix($0) }
                #expect(!opens && !caption.hasPrefix("on ") && !caption.hasPrefix("still life"))
                #expect(!caption.contains(", as "))
            }
            var generator = SeededGenerator(seed: UInt64(seed))
            #expect((0..<20).allSatisfy { _ in training.contains(scene.caption(random: &generator)) })
        }
    }

    @Test("a side that captions tell is the side that shows")
    func sides() throws {
        let duck = SceneObject(kind: .duck, colour: .white, turn: 20)
        #expect(duck.phrase(mentioning: .sides) == "a white duck facing right")
        let rendering = Scene(objects: [SceneObject(kind: .mug, colour: .red, turn: 180)]).rendering(size: 64)
        // The handle is the light part: the mug's mask weighs more on the side away from it.
        let box = try #require(rendering.box(of: 0))
        let counts = rendering.mask(of: 0).values
        let columns = (0..<64).map { x in (0..<64).reduce(Float(0)) { $0 + counts[$1 * 64 + x] } }
        let half = box.width / 2
        let left = columns[box.x..<(box.x + half)].reduce(0, +)
        let right = columns[(box.x + box.width - half)..<(box.x + box.width)].reduce(0, +)
        #expect(left < right)
        #expect(SceneObject(kind: .mug, colour: .red, turn: 180).side == "left")
    }
}
