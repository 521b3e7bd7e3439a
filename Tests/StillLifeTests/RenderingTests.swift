import Foundation
import Imaging
import Testing

@testable import StillLife

@Suite struct RenderingTests {
    @Test("every object shows in at least 60 pixels of 64x64, and its box holds its mask")
    func visibility() throws {
        for seed in 0..<40 {
            let scene = Scene.random(seed: UInt64(seed))
            let rendering = scene.rendering(size: 64)
            let facts = scene.facts(in: rendering)
            for index in scene.objects.indices {
                let mask = rendering.mask(of: index)
                let box = try #require(facts.objects[index].box)
                let inside = mask.values.indices.filter { mask.values[$0] > 0 }
                #expect(inside.count >= 60 && inside.count == facts.objects[index].visiblePixels)
                #expect(
                    inside.allSatisfy {
                        (box.x..<(box.x + box.width)).contains($0 % 64)
                            && (box.y..<(box.y + box.height)).contains($0 / 64)
                    })
                #expect(box.x > 0 && box.y > 0 && box.x + box.width < 64 && box.y + box.height < 64)
            }
        }
    }

    @Test("a lone object fills a good part of the picture", arguments: ObjectKind.allCases)
    func loneObjectIsLarge(kind: ObjectKind) throws {
        let scene = Scene.random(seed: 3, from: SceneChoices(objects: 1...1, kinds: [kind]))
        let box = try #require(scene.rendering(size: 64).box(of: 0))
        #expect(max(box.width, box.height) >= 24)
    }

    @Test(
        "the colour most pixels of a plain object have is the one its caption names",
        arguments: ObjectKind.allCases)
    func coloursAreUnambiguous(kind: ObjectKind) {
        for colour in ObjectColour.allCases {
            let object = SceneObject(kind: kind, colour: colour)
            let rendering = Scene(objects: [object]).rendering(size: 48)
            var votes: [ObjectColour: Int] = [:]
            for pixel in rendering.coverage[0].indices where rendering.coverage[0][pixel] == 4 {
                votes[nearest(rendering.image, pixel), default: 0] += 1
            }
            #expect(votes.max { $0.value < $1.value }?.key == colour)
        }
    }

    private func nearest(_ image: Image, _ pixel: Int) -> ObjectColour {
        let seen = SIMD3(
            Float(image.pixels[pixel * 3]), Float(image.pixels[pixel * 3 + 1]),
            Float(image.pixels[pixel * 3 + 2]))
        func distance(_ colour: ObjectColour) -> Float {
            let away = colour.paint * 255 - seen
            return (away * away).sum()
        }
        return ObjectColour.allCases.min { distance($0) < distance($1) } ?? .red
    }

    @Test("every surface and every state of every kind looks different from the others")
    func surfacesAndStatesShow() {
        for kind in ObjectKind.allCases {
            var images: [Image] = Surface.allCases.map {
                Scene(objects: [SceneObject(kind: kind, colour: .purple, surface: $0)]).render(size: 48)
            }
            images += kind.states.dropFirst().map {
                Scene(objects: [SceneObject(kind: kind, colour: .purple, state: $0)]).render(size: 48)
            }
            for (index, one) in images.enumerated() {
                for other in images[(index + 1)...] {
                    let changed = Mask(changedFrom: one, to: other).values.reduce(0, +)
                    #expect(changed >= 48, "\(kind) looks alike in two surfaces or states")
                }
            }
        }
    }

    @Test("two objects that no caption tells apart still differ by their marks")
    func detailsShow() {
        let one = SceneObject(kind: .ball, colour: .red, detail: Detail(marks: .speckles, seed: 1))
        var other = one
        other.detail.seed = 2
        #expect(one.phrase == other.phrase)
        #expect(Scene(objects: [one]).render(size: 64) != Scene(objects: [other]).render(size: 64))
    }

    @Test("styles keep to the picture of the same scene: each differs, none moves the object's pixels")
    func styles() {
        var scene = Scene.random(seed: 8)
        let renderings = Style.allCases.map { style in
            scene.style = style
            return scene.rendering(size: 48)
        }
        #expect(Set(renderings.map(\.image)).count == Style.allCases.count)
        #expect(Set(renderings.map(\.coverage)).count == 1)
    }

    @Test("scenes and facts come back from JSON as they were")
    func json() throws {
        let scene = Scene.random(seed: 12)
        let facts = scene.facts(in: scene.rendering(size: 32))
        let encoder = JSONEncoder(), decoder = JSONDecoder()
        #expect(try decoder.decode(Scene.self, from: encoder.encode(scene)) == scene)
        #expect(try decoder.decode(SceneFacts.self, from: encoder.encode(facts)) == facts)
    }
}
