import Diffusion
import Foundation
import StillLife
import TestSupport
import Testing

@testable import Training

/// The schema of configurations, their page, and what is said of a run.
@Suite struct SchemaTests {
    private func schema() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: TrainingConfiguration.schema) as? [String: Any])
    }

    private func properties(_ schema: [String: Any]?) throws -> [String: [String: Any]] {
        try #require(schema?["properties"] as? [String: [String: Any]])
    }

    @Test("The schema has every key that a configuration is written with, and no other")
    func keys() throws {
        func check(_ value: [String: Any], _ schema: [String: Any]) throws {
            let properties = try properties(schema)
            #expect(Set(properties.keys) == Set(value.keys))
            #expect(schema["additionalProperties"] as? Bool == false)
            for (key, value) in value {
                guard let inner = value as? [String: Any] else { continue }
                try check(inner, try #require(properties[key]))
            }
        }
        let written = try JSONSerialization.jsonObject(with: TrainingConfiguration().json)
        try check(try #require(written as? [String: Any]), try schema())
    }

    @Test("Types, defaults and choices are those of the declarations")
    func shapes() throws {
        let top = try properties(try schema())
        #expect(
            top["kind"] as NSDictionary? == [
                "type": "string", "enum": ["diffusion", "judge", "clip", "clipseg", "pixels"],
                "default": "diffusion",
            ])
        #expect(top["seed"] as NSDictionary? == ["type": "integer", "default": 1])
        #expect(top["timeLimitMinutes"] as NSDictionary? == ["type": "number", "default": 0])
        let diffusion = try properties(top["diffusion"])
        #expect(
            diffusion["attention"] as NSDictionary?
                == ["type": "array", "items": ["type": "boolean"], "default": [true, true, false]])
        #expect(
            diffusion["prediction"] as NSDictionary?
                == ["type": "string", "enum": ["epsilon", "v_prediction"], "default": "epsilon"])
        #expect(diffusion["channelsLast"] as NSDictionary? == ["type": "boolean", "default": false])
    }

    @Test("The page names every key with its default")
    func page() throws {
        let page = try String(
            contentsOfFile: Fixtures.package + "/Documentation/training-configuration.md", encoding: .utf8)
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `") }
        let top = try properties(try schema())
        var keys: [String] = []
        for (key, shape) in top {
            if let inner = shape["properties"] as? [String: Any], shape["default"] == nil {
                keys += inner.keys
                #expect(page.contains("\n## `\(key)`\n"))
            } else {
                keys.append(key)
            }
        }
        #expect(rows.map { $0.split(separator: "`")[1] }.map(String.init).sorted() == keys.sorted())
        // A sentence stands in every row, behind type and default.
        #expect(rows.allSatisfy { $0.split(separator: "|").count >= 4 && $0.hasSuffix(". |") })
    }

    @Test("What a run will do is said in one line")
    func summaries() throws {
        var settings = TrainingConfiguration()
        (settings.kind, settings.output, settings.data.count) = (.judge, "j", 10)
        #expect(
            settings.summary
                == "trains a judge in 3000 steps, on 10 rendered still lifes of 64x64 pixels, into j")
        settings.kind = .clip
        (settings.data.source, settings.data.folder) = (.folder, "p")
        #expect(
            settings.summary
                == "trains a pair of towers in 3000 steps, on the pictures in p at 64x64 pixels, into j")
        settings.kind = .diffusion
        settings.autoencoder.reuse = "vae"
        #expect(
            settings.summary
                == "trains text encoder and UNet in 20000 steps, with the autoencoder of vae, on the pictures in p at 64x64 "
                + "pixels, into j")
    }

    @Test("A folder that a configuration names and that is not there is told with its key")
    func missingFolders() {
        var settings = TrainingConfiguration()
        settings.autoencoder.reuse = "/nowhere/vae"
        #expect(
            throws: TrainingError.invalidValue(
                key: "autoencoder.reuse", value: "/nowhere/vae", reason: "there is no such folder")
        ) { try settings.examine() }
    }

    @Test("The default model's list of words is that of its captions")
    func words() throws {
        let record = try JSONSerialization.jsonObject(
            with: Data(
                contentsOf: URL(fileURLWithPath: Fixtures.package + "/Models/still-life/training.json")))
        let told = try #require((record as? [String: Any])?["configuration"])
        // Over the defaults: records lack settings that are newer than they are.
        let section = try TrainingConfiguration(
            json: JSONSerialization.data(withJSONObject: told), named: "training.json"
        ).data
        let images = StillLifeImages(section: section)
        let words = KnownWords(captions: (0..<1500).flatMap { images.scene($0).captions(split: .training) })
        let file = try Data(
            contentsOf: URL(fileURLWithPath: Fixtures.package + "/Models/still-life/words.json"))
        #expect(try words.json == file)
        #expect(words.unknown(in: "Two red apples beside a cat: CAT, mugs") == ["two", "cat"])
    }
}
