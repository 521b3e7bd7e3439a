import Diffusion
import Foundation
import TestSupport
import Testing

/// Samplers by name, for pictures and for edits.
@Suite struct SamplerCommandTests {
    private static let model = [
        "--model", Fixtures.model("tiny-sd1"), "--steps", "3", "--seed", "1", "--json",
    ]

    @Test("Every sampler makes a picture of its own, and the record names it")
    func generates() throws {
        let folder = try Folder()
        var pictures: Set<Data> = []
        for sampler in SamplerKind.allCases {
            let name = sampler.rawValue + ".png"
            let outcome = try Program.run(
                [
                    "generate", "--prompt", "a pear", "--sampler", sampler.rawValue, "--no-metadata", "-o",
                    name,
                ] + Self.model, in: folder)
            #expect(outcome.status == 0, "\(sampler): \(outcome.errors)")
            #expect(try outcome.json()["sampler"] as? String == sampler.rawValue)
            pictures.insert(try Data(contentsOf: URL(fileURLWithPath: folder[name])))
        }
        // Euler and UniPC begin where others do, and still each ends elsewhere.
        #expect(pictures.count == SamplerKind.allCases.count)
    }

    @Test("Methods that leave it open are sampled as is asked, and the others refuse in one line")
    func edits() throws {
        let folder = try Folder()
        func edit(_ method: String, _ arguments: [String]) throws -> Program.Outcome {
            try Program.run(
                [
                    "edit", Fixtures.package + "/Examples/red-apple.png", "--prompt", "a pear", "--method",
                    method,
                    "-o", "\(method).png",
                ] + arguments + Self.model, in: folder)
        }
        let made = try edit("sdedit", ["--sampler", "dpm-solver-karras"])
        #expect(made.status == 0, "\(made.errors)")
        #expect(try made.json()["sampler"] as? String == "DPM-Solver++ 2M Karras")
        let refused = try edit("diffedit", ["--sampler", "euler"])
        #expect(refused.status == 64)
        #expect(
            String(refused.errorLines.first ?? "")
                == "pentimento: diffedit samples in its own way, which its inversion and its levels are made for, and not by "
                + "euler; sdedit, multidiffusion, inpaint, instruct-pix2pix take any --sampler",
            "\(refused.errors)")
        let twice = try edit("sdedit", ["--sampler", "euler", "--option", "eta=1"])
        #expect(
            String(twice.errorLines.first ?? "")
                == "pentimento: sdedit is told twice how to step: by --sampler and by its option eta; leave one out",
            "\(twice.errors)")
        let inverted = try edit("multidiffusion", ["--sampler", "euler", "--option", "start=inverted"])
        #expect(
            String(inverted.errorLines.first ?? "").hasPrefix(
                "pentimento: multidiffusion from an inverted photo samples in its own way"),
            "\(inverted.errors)")
    }
}
