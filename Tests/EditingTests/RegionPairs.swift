import Diffusion
import Tensors
import TestSupport

@testable import Editing

/// Pairs by regions on tiny models, as the tests of several methods paint them.
enum RegionPairs {
    static func region(
        _ role: Region.Role, _ box: [Double] = [0, 0, 1, 1], _ prompt: String = "", target: String? = nil,
        words: [String] = [], seed: UInt64? = nil, id: String? = nil
    ) -> Region {
        var region = Region(
            .box(.init(x: box[0], y: box[1], width: box[2], height: box[3])), prompt: prompt)
        (region.role, region.target, region.words, region.seed, region.id) = (role, target, words, seed, id)
        return region
    }

    static let table = region(.background, [0, 0, 1, 1], "a table")
    static let cup = region(.inherent, [0, 0, 0.5, 0.5], "a blue cup", words: ["cup"], id: "cup")
    static let pear = region(
        .edited, [0.4, 0.3, 0.6, 0.7], "a red apple", target: "a green pear", words: ["apple", "pear"],
        id: "fruit")
    static let mug = region(.added, [0.4, 0.3, 0.6, 0.7], "a mug", words: ["mug"], id: "mug")
    static let book = region(.removed, [0.4, 0.3, 0.6, 0.7], "a book", words: ["book"], id: "book")

    /// A canvas to generate on, every row of every pass computed for itself so that equal rows are equal to the bit.
    static func canvas(
        _ regions: [Region], on model: any DiffusionModel, prompt: String = "a photo", steps: Int = 5,
        guidance: Double = 7, seed: UInt64 = 3, clean: Tensor? = nil
    ) throws -> EditContext {
        let shape = try context(on: model, prompt: "x").clean.shape
        var context = try context(
            on: model, prompt: prompt, steps: steps, guidance: guidance, seed: seed,
            clean: clean ?? .zeros(shape), limits: BatchLimits(rows: 1))
        (context.layout, context.seed) = (regions, seed)
        return context
    }

    /// A method's painting with options.
    static func options(_ given: [String: String] = [:], preset: Preset = .paper) throws -> Options {
        try Options(given, of: P2PRegions.description, preset: preset)
    }

    /// A pair by P2P*.
    static func pair(
        _ regions: [Region], _ options: [String: String] = [:], steps: Int = 5
    ) throws -> (source: Tensor, target: Tensor) {
        try withoutGradients {
            try P2PRegions(Self.options(options)).generate(canvas(regions, on: tinyModel(), steps: steps))
        }
    }
}
