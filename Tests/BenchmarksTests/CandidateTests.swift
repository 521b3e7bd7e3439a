import Benchmarks
import Diffusion
import Editing
import TestSupport
import Testing

/// Who takes part, as people write it.
@Suite struct CandidateTests {
    @Test("All methods take part by default, after doing nothing and the autoencoder")
    func all() throws {
        let candidates = try Candidate.chosen("all")
        #expect(candidates.prefix(2) == [.nothing, .autoencoder])
        #expect(candidates.dropFirst(2).map(\.label) == Registry.all.map { $0.description.name })
    }

    @Test(
        "Who cannot be judged on still lifes is left out with a reason, an instruction model's own method is not"
    )
    func leftOut() throws {
        var facts = LoadedModel(folder: try ModelFolder(path: Fixtures.model("tiny-sd1"))).facts
        let ordinary = Candidate.leftOut(with: facts)
        #expect(
            ordinary.map(\.method) == [
                "multidiffusion", "p2p-regions", "mrgd", "instruct-pix2pix", "hiper", "imagic", "sine",
                "diffusionclip", "text2live",
                "lift",
            ])
        #expect(
            ordinary.map(\.reason) == [
                "paints regions, and these edits name none", "paints regions, and these edits name none",
                "paints regions, and these edits name none",
                "needs a model trained to follow instructions, and this one is not",
                "tunes for minutes; name it to have it", "tunes for minutes; name it to have it",
                "tunes for minutes; name it to have it", "tunes for minutes; name it to have it",
                "tunes for minutes; name it to have it",
                "follows commands, and not all of these edits are some",
            ])
        #expect(
            Candidate.leftOut(with: facts, commands: .all).map(\.method) == [
                "multidiffusion", "p2p-regions", "mrgd", "instruct-pix2pix", "hiper", "imagic", "sine",
                "diffusionclip", "text2live",
            ])
        let told = Candidate.leftOut(with: facts, commands: .only)
        #expect(
            Set(told.map(\.method)) == Set(Registry.all.map { $0.description.name }).subtracting(["lift"]))
        #expect(told[0].reason == "reads prompts, and only commands tell these edits")
        facts.inputChannels = 8
        #expect(
            Candidate.leftOut(with: facts).map(\.method) == [
                "multidiffusion", "p2p-regions", "mrgd", "hiper", "imagic", "sine", "diffusionclip",
                "text2live",
                "lift",
            ])
    }

    @Test("Named methods come in the order named, once each, with their own options")
    func named() throws {
        let candidates = try Candidate.chosen(
            "sdedit, diffedit,sdedit", options: ["diffedit.noises=2", "diffedit.threshold=0.3"])
        #expect(
            candidates.map(\.label) == [
                "nothing", "autoencoder", "sdedit", "diffedit noises=2 threshold=0.3",
            ])
        #expect(candidates[3].title == "DiffEdit noises=2 threshold=0.3")
    }

    @Test("A method's own guidance and strength stand among its options, and are checked")
    func ownSettings() throws {
        let candidates = try Candidate.chosen(
            "sdedit", options: ["sdedit.strength=0.6", "sdedit.guidance=5"])
        #expect(candidates[2].label == "sdedit guidance=5 strength=0.6")
        for (option, name, expected) in [
            ("sdedit.strength=0", "strength", "above 0 and at most 1"),
            ("sdedit.guidance=101", "guidance", "a number from 0 to 100"),
        ] {
            let value = String(option.split(separator: "=")[1])
            #expect(throws: EditingError.badValue(name: name, value: value, expected: expected)) {
                try Candidate.chosen("sdedit", options: [option])
            }
        }
    }

    @Test(
        "Names and options that do not exist are refused with what would be right",
        arguments: [
            ("difedit", [], "diffedit"), ("", [], "all"), ("sdedit", ["sdedit"], "method.key=value"),
            ("sdedit", ["noises=2"], "method.key=value"), ("sdedit", ["diffedit.noises=2"], "sdedit"),
            ("diffedit", ["diffedit.nois=2"], "noises"), ("diffedit", ["diffedit.noises=x"], "whole number"),
            ("diffedit", ["difedit.noises=2"], "diffedit"),
        ] as [(String, [String], String)])
    func refused(methods: String, options: [String], mention: String) {
        let error = #expect(throws: EditingError.self) { try Candidate.chosen(methods, options: options) }
        #expect(error?.description.contains(mention) == true, "\(String(describing: error))")
    }
}
