import Foundation
import Testing

/// Guidance and sampling are written once; what methods, commands and trainers need of them they ask for.
@Suite struct OnePlaceTests {
    /// The files below Sources in which a text stands, by their names.
    static func files(with text: String) throws -> Set<String> {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources")
        let all = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        var found: Set<String> = []
        for case let file as URL in all where file.pathExtension == "swift" {
            let code = try String(contentsOf: file, encoding: .utf8)
            if code.contains(text) { found.insert(file.lastPathComponent) }
        }
        return found
    }

    @Test(
        "Classifier-free guidance is computed where queries are answered, and where a prompt is learnt through it"
    )
    func guidance() throws {
        #expect(
            try Self.files(with: "classifierFreeGuidance(") == ["Guidance.swift", "NullTextInversion.swift"])
    }

    @Test(
        "Steps of DDIM without a sampler are taken by inversions, which solve or learn within a step, and by a chain that gradients go back through"
    )
    func steps() throws {
        #expect(
            try Self.files(with: "DDIM.step(") == [
                "DDIM.swift", "DDIMChain.swift", "DiffusionSession+Sampling.swift",
                "FixedPointInversion.swift",
                "NullTextInversion.swift",
                "RegionInversion.swift",
                "RegularisedInversion.swift",
            ])
    }

    @Test("Nobody doubles a batch by hand")
    func doubling() throws {
        #expect(try Self.files(with: "concatenated([latents, latents]").isEmpty)
        #expect(try Self.files(with: "empty, context]").isEmpty)
    }
}
