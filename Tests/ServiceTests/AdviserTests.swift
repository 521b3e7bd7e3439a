import Editing
import Foundation
import Service
import TestSupport
import Testing

/// Which kind of edit two texts ask for, and which method is advised.
@Suite struct AdviserTests {
    @Test(
        "The words that differ tell the kind",
        arguments: [
            ("a red apple on a table", "a red pear on a table", .replace),
            ("a cat", "a cat with a hat", .add), ("a cat and a dog", "a cat", .remove),
            ("a red apple", "a green apple", .colour), ("a red apple", "a dark green apple", .colour),
            // A colour beside another word is no change of colour alone.
            ("a red apple", "a green pear", .replace), ("a plain mug", "a striped mug", .surface),
            ("a mug", "a striped blue mug", .surface), ("an apple", "a bitten apple", .state),
            ("an apple and a mug", "an apple and a mug to the left of it", .move),
            ("a duck", "a duck facing left", .turn), ("an apple on a table", "an apple on a cloth", .table),
            ("an apple, a cream wall", "an apple, a brick wall", .wall),
            ("a photo of an apple", "a pencil sketch of an apple", .style),
            // Two places with the same word between; one place of two words is one thing.
            ("a red apple and a blue mug", "a green apple and a black mug", .several),
            ("a white vase on a table", "a blue bottle on a table", .replace),
            (nil, "make it green", .instruction), ("an apple", "an apple", nil), (nil, "a green apple", nil),
            ("The apple", "the Apple", nil), (" ", "a pear", nil),
        ] as [(String?, String, EditKind?)])
    func kinds(source: String?, target: String, kind: EditKind?) {
        #expect(EditKind(from: source, to: target) == kind)
    }

    @Test("Places with texts of their own come before everything")
    func regions() {
        #expect(EditKind(from: nil, to: "a cat", hasRegions: true) == .regions)
    }

    private func adviser() throws -> Adviser {
        let folder = try Folder()
        let path = try folder.file(
            "advice.json",
            """
            {"study": "a study", "kinds": {
              "colour": {"count": 5, "gains": {"diffedit": 0.7, "mdp": 0.75, "gone": 0.9}},
              "remove": {"count": 4, "gains": {"diffedit": 0.5, "inpaint": 0.4}},
              "surface": {"count": 5, "gains": {"diffedit": -0.4, "ledits": 0.04}}},
             "methods": {"mdp": {"outside": 22, "seconds": 1.7}, "inpaint": {"outside": 29, "seconds": 1.6}}}
            """)
        return try #require(Adviser(contentsOf: path))
    }

    @Test(
        "The method with the highest gain on such edits is advised, with its numbers; unknown names have no part"
    )
    func measured() throws {
        let advice = try adviser().advice(from: "a red apple", to: "a green apple")
        #expect(advice.kind == .colour && advice.method == "mdp" && advice.second == "diffedit")
        #expect(advice.gain == 0.75 && advice.count == 5 && advice.outside == 22 && advice.seconds == 1.7)
        #expect(advice.because == "only a colour changes" && advice.warning == nil && advice.preset == .paper)
    }

    @Test("With a mask what goes is painted over, whatever gained more without one")
    func masked() throws {
        let adviser = try adviser()
        #expect(adviser.advice(from: "a cat and a dog", to: "a cat").method == "diffedit")
        let masked = adviser.advice(from: "a cat and a dog", to: "a cat", hasMask: true)
        #expect(masked.method == "inpaint" && masked.gain == 0.4 && masked.second == "diffedit")
    }

    @Test("What no method does well, what was not measured and what cannot be told is said")
    func warnings() throws {
        let adviser = try adviser()
        let surface = adviser.advice(from: "a plain mug", to: "a dotted mug")
        #expect(surface.method == "ledits")
        #expect(
            surface.warning
                == "no method does such edits reliably on our pictures (best median gain 0.04)")
        let style = adviser.advice(from: "a photo of a cat", to: "a painting of a cat")
        #expect(style.method == Registry.standard && style.gain == nil)
        #expect(style.because == "the whole picture's style changes; nothing was measured of such edits")
        let nothing = adviser.advice(from: nil, to: "a cat")
        #expect(nothing.warning == "say what the picture shows (--source) and what it is to show (--prompt)")
        #expect(adviser.advice(from: nil, to: "make it red").warning != nil)
        let command = adviser.advice(from: nil, to: "make it red", followsInstructions: true)
        #expect(command.method == "instruct-pix2pix" && command.warning == nil)
        #expect(adviser.advice(from: nil, to: "x", hasRegions: true).method == "multidiffusion")
        #expect(Adviser(contentsOf: "/none") == nil)
    }

    @Test("The numbers that come with the program are of methods and kinds that there are")
    func own() throws {
        let adviser = try #require(Adviser(contentsOf: Fixtures.package + "/Models/advice.json"))
        #expect(adviser.kinds.keys.allSatisfy { EditKind(rawValue: $0) != nil })
        for kind in adviser.kinds.values {
            #expect(kind.count > 0 && kind.gains.count > 5)
            for name in kind.gains.keys { #expect((try? Registry.method(named: name)) != nil, "\(name)") }
        }
        #expect(adviser.methods["diffedit"]?.seconds ?? 0 > 0 && adviser.study.contains("still-life edits"))
    }
}
