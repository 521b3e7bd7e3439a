import ArgumentParser
import Editing
import Foundation
import Imaging
import TestSupport
import Testing

@testable import pentimento

/// The small commands: doctor, inspect, still-life, methods, help.
@Suite struct CommandTests {
    /// A folder of models in which a tiny one goes by the default's name.
    private func models() throws -> Folder {
        let folder = try Folder()
        try FileManager.default.createSymbolicLink(
            atPath: folder["still-life"], withDestinationPath: Fixtures.model("tiny-sd1"))
        return folder
    }

    @Test("Doctor is content where everything is there, and lists it as JSON")
    func doctor() throws {
        let models = try models()
        let outcome = try Program.run(["doctor", "--json"], environment: ["PENTIMENTO_MODELS": models.path])
        let health = try outcome.json()
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect((health["todo"] as? [String])?.isEmpty == true)
        #expect((health["libtorch"] as? [String: Any])?["version"] as? String != nil)
        let reads = try #require((health["libvips"] as? [String: Any])?["reads"] as? [String])
        #expect(reads.contains("png") && reads.contains("jpeg"))
        let names = (health["models"] as? [[String: Any]])?.compactMap { $0["name"] as? String }
        #expect(names?.first == "still-life")
    }

    @Test("Doctor says what is missing and what to do, with status 69")
    func doctorMissing() throws {
        let outcome = try Program.run(
            ["doctor"],
            environment: ["PENTIMENTO_TORCH": "/nowhere.so", "PENTIMENTO_VIPS": "/nowhere-vips.so"])
        #expect(outcome.status == 69)
        #expect(
            outcome.output.contains("/nowhere.so") && outcome.errors.contains("make build"),
            "\(outcome.errors)")
        #expect(outcome.errors.contains("libvips") && outcome.errorLines.count == 1)
        let edit = try Program.run(
            ["probe", "noise", "--seed", "1", "--shape", "1", "--output", "x"],
            environment: ["PENTIMENTO_TORCH": "/nowhere.so"])
        #expect(edit.status == 69 && edit.errorLines.count == 1 && edit.errors.contains("make build"))
    }

    @Test(
        "Commands that need no network and no pixels open neither libtorch nor libvips",
        arguments: [
            ["--help"], ["--version"], ["methods"], ["inspect", image("texts.png")], ["edit", "--help"],
        ])
    func opensNothing(arguments: [String]) throws {
        let outcome = try Program.run(arguments, environment: ["LD_DEBUG": "files"])
        #expect(outcome.status == 0)
        // The linker tells of every library; the C++ one shows that it speaks.
        #expect(outcome.errors.contains("libstdc++") || outcome.errors.contains("libc.so"))
        #expect(!outcome.errors.contains("libtorch") && !outcome.errors.contains("pentimento_torch"))
        #expect(!outcome.errors.contains("libvips"))
    }

    @Test("Every command's help has an example, and the version is a version")
    func help() throws {
        #expect(try Program.run(["--version"]).output.contains(/^\d+\.\d+\.\d+\n$/))
        for command in Pentimento.configuration.subcommands {
            let help = Pentimento.helpMessage(for: command, columns: 100)
            #expect(help.contains("pentimento \(command._commandName)"), "\(command)")
        }
    }

    @Test("Methods lists every method, for people and as JSON")
    func methods() throws {
        let text = try Program.run(["methods"]).output
        let data = Data(try Program.run(["methods", "--json"]).output.utf8)
        let list = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        #expect(list.map { $0["name"] as? String } == Registry.all.map { $0.description.name })
        // A line that begins with each name, in the same order.
        let heads = text.split(separator: "\n").filter { !$0.hasPrefix(" ") }
        #expect(
            heads.map { String($0.prefix { $0 != " " && $0 != ":" }) }
                == Registry.all.map { $0.description.name })
    }

    @Test("The JSON of a method is plain objects by name")
    func methodJSON() throws {
        let expected = #"""
            [
              {
                "aliases" : [
                  "img2img"
                ],
                "codes" : [

                ],
                "conditions" : [
                  {
                    "counts" : "with --mask",
                    "settings" : [
                      "--option background",
                      "--option mask-space"
                    ]
                  }
                ],
                "inversions" : {

                },
                "name" : "sdedit",
                "needs" : {
                  "gradients" : false,
                  "imageChannels" : false,
                  "inversion" : false,
                  "mask" : "optional",
                  "regions" : "unused",
                  "relevance" : false,
                  "source" : "unused",
                  "tuning" : false
                },
                "options" : [
                  {
                    "help" : "how often the result is noised and denoised again",
                    "kind" : {
                      "maximum" : 20,
                      "minimum" : 1,
                      "type" : "integer"
                    },
                    "name" : "repeats",
                    "presets" : {
                      "official" : 3
                    },
                    "standard" : 1,
                    "symbol" : "K"
                  },
                  {
                    "help" : "fresh noise in each step: 0 for none (DDIM) to 1 (DDPM)",
                    "kind" : {
                      "maximum" : 1,
                      "minimum" : 0,
                      "type" : "number"
                    },
                    "name" : "eta",
                    "presets" : {
                      "official" : 1
                    },
                    "standard" : 0,
                    "symbol" : "η"
                  },
                  {
                    "help" : "origin: put the background back one level too noisy, as the published code does",
                    "kind" : {
                      "type" : "choice",
                      "values" : [
                        "destination",
                        "origin"
                      ]
                    },
                    "name" : "background",
                    "presets" : {
                      "official" : "origin"
                    },
                    "standard" : "destination"
                  },
                  {
                    "help" : "pixel: after each repeat, put the photo's own pixels back and encode anew",
                    "kind" : {
                      "type" : "choice",
                      "values" : [
                        "latent",
                        "pixel"
                      ]
                    },
                    "name" : "mask-space",
                    "presets" : {

                    },
                    "standard" : "latent"
                  }
                ],
                "paper" : "Meng et al., SDEdit: Guided Image Synthesis and Editing with Stochastic Differential Equations, ICLR 2022, arXiv 2108.01073",
                "presets" : {
                  "fast" : {
                    "guidance" : 7.5,
                    "steps" : 20,
                    "strength" : 0.5
                  },
                  "official" : {
                    "guidance" : 7.5,
                    "steps" : 50,
                    "strength" : 0.5
                  }
                },
                "standard" : {
                  "guidance" : 7.5,
                  "steps" : 50,
                  "strength" : 0.5
                },
                "summary" : "Adds noise to the picture and removes it again under the new prompt.",
                "title" : "SDEdit",
                "year" : 2022
              }
            ]

            """#
        #expect(try Program.run(["methods", "sdedit", "--json"]).output == expected)
        #expect(
            try Program.run(["methods", "ledits"]).output.hasPrefix(
                """
                ledits: LEDITS++
                  Adds and removes things by phrases, each only where the phrase looks.
                  Brack et al., LEDITS++: Limitless Image Editing using Text-to-Image Models, CVPR 2024, arXiv 2311.16711
                  --source if you like; --mask if you like; inverts the photo

                """))
    }

    @Test("Inspect reads what other programs left, and says so where there is nothing")
    func inspect() throws {
        let folder = try Folder()
        let prompt = #"{"3": {"class_type": "KSampler", "inputs": {"seed": 18446744073709551615}}}"#
        let parameters =
            "a cat\nNegative prompt: a dog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 8x8"
        try Image(width: 8, height: 8).write(
            to: folder["comfy.png"], metadata: ["prompt": prompt, "parameters": parameters])
        let text = try Program.run(["inspect", folder["comfy.png"]]).output
        for part in [
            "ComfyUI", "KSampler", "18446744073709551615", "prompt: a cat", "negative prompt: a dog",
            "Sampler: Euler a",
        ] {
            #expect(text.contains(part), "\(text)")
        }
        try Image(width: 8, height: 8).write(to: folder["plain.png"])
        let nothing = try Program.run(["inspect", folder["plain.png"]])
        #expect(nothing.status == 0 && nothing.output.contains("says nothing"))
    }

    @Test(
        "Still-life writes a set that follows from its seed, a sheet, and refuses a folder with something in it"
    )
    func stillLife() throws {
        let folder = try Folder()
        for name in ["a", "b"] {
            let outcome = try Program.run(
                [
                    "still-life", "--seed", "3", "--count", "2", "--size", "32", "-o", name, "--sheet",
                    "\(name).png",
                ],
                in: folder)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        #expect(folder.names == ["a", "a.png", "b", "b.png"])
        for file in ["items.jsonl", "source/00000.png", "target/00001.png"] {
            #expect(
                try Data(contentsOf: URL(fileURLWithPath: folder["a/" + file]))
                    == Data(contentsOf: URL(fileURLWithPath: folder["b/" + file])))
        }
        let again = try Program.run(["still-life", "--seed", "4", "--count", "1", "-o", "a"], in: folder)
        #expect(again.status == 65 && again.errorLines.count == 1, "\(again.errors)")
    }
}
