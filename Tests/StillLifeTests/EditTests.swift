import Foundation
import Imaging
import Testing

@testable import StillLife

@Suite struct EditTests {
    @Test(
        "outside the effect mask an edit changes no bit, and rendering differs by two steps at most",
        arguments: EditKind.allCases)
    func preservation(kind: EditKind) throws {
        for seed in 0..<8 {
            let pair = try EditedPair.random(of: kind, seed: UInt64(seed), size: 48)
            let rendered = pair.target.render(size: 48)
            var leaks = 0, drift = 0, losses = 0
            for (pixel, changes) in pair.effect.values.enumerated() {
                for byte in (pixel * 3)..<(pixel * 3 + 3) {
                    let source = pair.sourceImage.pixels[byte], target = pair.targetImage.pixels[byte]
                    if changes == 0 {
                        leaks += source == target ? 0 : 1
                        drift = max(drift, abs(Int(source) - Int(rendered.pixels[byte])))
                    } else {
                        losses += target == rendered.pixels[byte] ? 0 : 1
                    }
                }
            }
            #expect(leaks == 0 && losses == 0)
            #expect(drift <= Mask.tolerance)
            #expect(pair.sourceImage == pair.source.render(size: 48))
        }
    }

    @Test(
        "every edit but nothing changes picture and prompt; all stay in the frame",
        arguments: EditKind.allCases)
    func editsShow(kind: EditKind) throws {
        for seed in 20..<32 {
            let pair = try EditedPair.random(of: kind, seed: UInt64(seed), size: 32)
            #expect(pair.edit.kind == kind)
            #expect(pair.target.isComposed)
            if kind == .nothing {
                #expect(pair.sourceImage == pair.targetImage && pair.sourcePrompt == pair.targetPrompt)
                #expect(pair.effect.area == 0 && pair.source == pair.target)
            } else {
                #expect(pair.effect.area > 0)
                // Distances and sizes are told by commands alone.
                if !EditKind.told.contains(kind) { #expect(pair.sourcePrompt != pair.targetPrompt) }
                #expect((pair.command != nil) == EditKind.commanded.contains(kind))
                #expect(pair.sourceImage != pair.targetImage)
            }
        }
    }

    /// Fails where the distance is that of the table, which the camera sees smaller.
    @Test("a command tells what the picture shows: how far, which of two, how large, which side")
    func commands() throws {
        func pair(_ kind: EditKind, _ objects: Int) throws -> EditedPair {
            try .random(
                of: kind, seed: 4, size: 96, from: SceneChoices(objects: objects...objects, styles: [.photo]))
        }
        for kind in [EditKind.shift, .twins] {
            let pair = try pair(kind, 1)
            let words = try #require(pair.command).split(separator: " ")
            let percent = try #require(Double(words[words.count - 2]))
            func middle(_ mask: Mask) -> Double {
                let columns = mask.values.indices.filter { mask.values[$0] > 0.5 }.map { $0 % 96 }
                return Double((columns.min() ?? 0) + (columns.max() ?? 0)) / 2
            }
            let moved = (middle(pair.objectAfter) - middle(pair.objectBefore)) / 96 * 100
            #expect(abs(abs(moved) - percent) < 2.5)
            #expect(words.contains(moved < 0 ? "left" : "right"))
            #expect(pair.source.objects.count == (kind == .twins ? 2 : 1))
            if kind == .twins { #expect(pair.source.objects[0].kind == pair.source.objects[1].kind) }
        }
        let size = try pair(.resize, 1)
        let noun = size.source.objects[0].kind.rawValue
        #expect(["make the \(noun) 30 % larger", "make the \(noun) 30 % smaller"].contains(size.command))
        let swap = try pair(.move, 2)
        let names = swap.source.objects.map(\.kind.rawValue)
        #expect([0, 1].contains { swap.command == "swap the \(names[$0]) and the \(names[1 - $0])" })
        let turn = try EditedPair.random(of: .turn, seed: 4, size: 32)
        let turned = try #require(turn.edit.touchedObjects.first.map { turn.target.objects[$0] })
        #expect(turn.command == "turn the \(turned.kind.rawValue) to the \(turned.side ?? "")")
    }

    @Test("a pair follows from its seed", arguments: [EditKind.replace, .several])
    func determinism(kind: EditKind) throws {
        let one = try EditedPair.random(of: kind, seed: 9, size: 24)
        #expect(try one == EditedPair.random(of: kind, seed: 9, size: 24))
        #expect(try one.edit != EditedPair.random(of: kind, seed: 10, size: 24).edit)
    }

    @Test("a local edit leaves most of the picture alone, a style edit hardly any")
    func areas() throws {
        for seed in 0..<10 {
            for kind in [EditKind.colour, .surface] {
                #expect(try EditedPair.random(of: kind, seed: UInt64(seed), size: 48).effect.area < 0.6)
            }
            #expect(try EditedPair.random(of: .style, seed: UInt64(seed), size: 48).effect.area > 0.8)
        }
    }

    @Test("object masks lie where the edit acts")
    func objectMasks() throws {
        let add = try EditedPair.random(of: .add, seed: 1, size: 48)
        #expect(add.objectBefore.area == 0 && add.objectAfter.area > 0)
        let covered = zip(add.objectAfter.values, add.effect.values).filter { $0.0 > 0 && $0.1 > 0 }.count
        #expect(Float(covered) > 0.95 * add.objectAfter.values.reduce(0, +))
        let remove = try EditedPair.random(of: .remove, seed: 1, size: 48)
        #expect(remove.objectBefore.area > 0 && remove.objectAfter.area == 0)
        let colour = try EditedPair.random(of: .colour, seed: 1, size: 48)
        #expect(colour.objectBefore == colour.objectAfter && colour.objectBefore.area > 0)
        #expect(try EditedPair.random(of: .style, seed: 1, size: 48).objectAfter.area == 1)
        let table = try EditedPair.random(of: .table, seed: 1, size: 48)
        let wall = try EditedPair.random(of: .wall, seed: 1, size: 48)
        #expect(table.objectBefore.values[47 * 48] == 1 && table.objectBefore.values[0] == 0)
        #expect(wall.objectBefore.values[47 * 48] == 0 && wall.objectBefore.values[0] == 1)
    }

    @Test("removing last of several edits keeps the masks on the right objects")
    func masksAfterRemoval() throws {
        let scene = Scene(objects: [
            SceneObject(kind: .ball, colour: .red, size: 0.8, x: -0.7),
            SceneObject(kind: .cone, colour: .blue, size: 0.8, x: 0.7),
        ])
        let edit = Edit.several([.colour(object: 1, to: .green), .remove(object: 0)])
        let pair = try EditedPair(source: scene, edit: edit, size: 32)
        #expect(pair.objectAfter == pair.target.rendering(size: 32).mask(of: 0))
        #expect(pair.objectBefore.area > pair.objectAfter.area)
    }

    @Test("set-valued edits have other right answers, determined ones only themselves")
    func admissible() throws {
        for kind in [EditKind.add, .move, .turn] {
            let pair = try EditedPair.random(of: kind, seed: 4, size: 16)
            #expect(!pair.isDetermined)
            let edits = pair.edit.admissible(in: pair.source, count: 8, seed: 1)
            #expect(edits.count > 1 && Set(edits).count == edits.count)
            for edit in edits { #expect(try pair.source.applying(edit).isComposed) }
        }
        let pair = try EditedPair.random(of: .colour, seed: 4, size: 16)
        #expect(pair.isDetermined && pair.edit.admissible(in: pair.source, count: 8, seed: 1) == [pair.edit])
    }

    @Test("impossible edits are refused with the reason")
    func refusals() {
        let scene = Scene(objects: [SceneObject(kind: .apple, colour: .red)])
        #expect(throws: EditError.noSuchObject(index: 3, count: 1)) {
            try scene.applying(.colour(object: 3, to: .blue))
        }
        #expect(throws: EditError.noSuchState(.lit, of: .apple)) {
            try scene.applying(.state(object: 0, to: .lit))
        }
        #expect(throws: EditError.objectCount(0)) { try scene.applying(.remove(object: 0)) }
        #expect(throws: EditError.indicesShift) {
            try scene.applying(.several([.remove(object: 0), .colour(object: 0, to: .blue)]))
        }
        let choices = SceneChoices(objects: 1...1, kinds: [.cone])
        #expect(throws: EditError.noCandidate(.state, tries: 400)) {
            try EditedPair.random(of: .state, seed: 1, size: 16, from: choices)
        }
        #expect(Edit.random(of: .remove, in: scene, seed: 1) == nil)
    }
}
