import Diffusion
import Tensors
import TestSupport
import Testing

@testable import Editing

/// Photos by regions: inversion, empty prompts for every region, and what comes back.
@Suite struct RegionInversionTests {
    typealias Pairs = RegionPairs

    /// A photo's canvas.
    static func photo(_ regions: [Region], guidance: Double = 2, steps: Int = 5, mask: Tensor? = nil) throws
        -> EditContext
    {
        let clean = RandomGenerator(seed: 5).normal([1, 4, 8, 8]) * 0.5
        var context = try context(
            on: tinyModel(), prompt: "a photo", steps: steps, guidance: guidance, mask: mask, clean: clean,
            limits: BatchLimits(rows: 1))
        context.layout = regions
        return context
    }

    static func edit(_ context: EditContext, _ options: [String: String]) throws -> EditOutput {
        try withoutGradients { try P2PRegions(try Pairs.options(options)).edit(context) }
    }

    @Test("A background alone is inverted as a whole image is, and comes back as that does")
    func whole() throws {
        try withoutGradients {
            let context = try Self.photo([Pairs.table])
            let edit = try Self.edit(context, ["regions-by": "ddim", "attention": "false"])
            let prompt = try context.session.prompt("a photo, a table")
            let path = try context.session.invert(
                context.clean, through: context.levels, to: 5, prompt: prompt)
            for (one, other) in zip(edit.levels, path) { #expect(one.isEqual(to: other)) }
            let back = try context.session.sample(
                path[5], from: 5, of: context.levels, prompt: prompt, negative: context.empty, scale: 2)
            #expect(edit.trace["source_latent"]?.isEqual(to: back) == true && edit.latent.isEqual(to: back))
        }
    }

    @Test("With direct inversion the source comes back exactly, and a target without a change too")
    func direct() throws {
        let regions = [Pairs.table, Pairs.cup, Pairs.pear]
        let context = try Self.photo(regions, guidance: 7)
        let edit = try Self.edit(context, ["regions-by": "direct"])
        #expect(edit.trace["source_latent"]?.isEqual(to: context.clean) == true)
        #expect(distance(edit.latent, context.clean) > 1e-3)
        #expect(context.session.spent.forwards == 75)
    }

    /// Wrong would be to learn from the photo's own inverted latents in place of the composed ones on the way back, or one
    /// embedding for all regions: both lead further from the photo.
    @Test("Empty prompts learnt for every region lead nearer to the photo, at the price that is told")
    func nullText() throws {
        let regions = [Pairs.table, Pairs.cup, Pairs.book]
        func miss(_ options: [String: String]) throws -> (miss: Double, forwards: Int, backwards: Int) {
            let context = try Self.photo(regions, guidance: 7)
            let edit = try Self.edit(context, options)
            let source = try #require(edit.trace["source_latent"])
            let spent = context.session.spent
            return ((source - context.clean).squared.mean.item, spent.forwards, spent.backwards)
        }
        let plain = try miss(["regions-by": "ddim"])
        let learnt = try miss(["null-steps": "6"])
        #expect(learnt.miss < 0.9 * plain.miss, "\(learnt.miss) of \(plain.miss)")
        // Of three regions in the source; the removed one is not painted in the target.
        let editing: Int = (4 + 4 + 2) * 5
        let (inverting, learning): (Int, Int) = (3 * 5, 3 * 5 * (1 + 6 + 2))
        #expect(plain.forwards == inverting + editing && plain.backwards == 0)
        #expect(learnt.forwards == inverting + learning + editing && learnt.backwards == 90)
        // Guided by nothing there is nothing to learn.
        let unguided = try Self.photo(regions, guidance: 1)
        _ = try Self.edit(unguided, [:])
        #expect(unguided.session.spent.forwards == inverting + editing / 2)
    }

    @Test("Only what is edited may change, all of it where the prompts differ, and a mask holds the rest")
    func masks() throws {
        let box = Tile(of: Pairs.pear.place, height: 8, width: 8).box
        let context = try Self.photo([Pairs.table, Pairs.cup, Pairs.pear])
        let edit = try Self.edit(context, ["regions-by": "ddim"])
        #expect(edit.mask?.isEqual(to: box) == true)
        let left = Tensor((0..<64).map { $0 % 8 < 4 ? Float(1) : 0 }, shape: [1, 1, 8, 8])
        let masked = try Self.edit(
            Self.photo([Pairs.table, Pairs.cup, Pairs.pear], mask: left), ["regions-by": "direct"])
        #expect(masked.mask?.isEqual(to: box * left) == true)
        let change = (masked.latent - context.clean) * (1 - left)
        #expect(change.absolute.amax().item == 0)
    }

    @Test("Where a thing is added, the target begins with fresh noise that is as strong")
    func refreshed() throws {
        try withoutGradients {
            let context = try Self.photo([Pairs.table, Pairs.mug])
            let model = try WatchedModel()
            let watched = DiffusionSession(model: model, limits: BatchLimits(rows: 1))
            var canvas = EditContext(
                session: watched, levels: context.levels, startStep: 5, clean: context.clean,
                prompt: try watched.prompt("a photo"), source: nil, negative: try watched.prompt(""),
                empty: try watched.prompt(""), guidance: 1, mask: nil, inversion: .ddim,
                random: context.random)
            canvas.layout = context.layout
            let edit = try Self.edit(canvas, ["regions-by": "ddim", "attention": "false"])
            // Two regions inverted over five levels, for the source one of them; then the target's first view.
            let start = edit.levels[5]
            let first = model.rows[5 * 1 + 1].latent
            let tile = Tile(of: Pairs.mug.place, height: 8, width: 8)
            let mask = tile.place(tile.feather(0.2))
            #expect(mask.amax().item == 1)
            let fresh = try RegionPairing(canvas, try Pairs.options(), isPhoto: true, method: "").firstNoise()
            #expect(relativeError(first * (1 - mask), start * (1 - mask)) < 1e-6)
            #expect(relativeError(first * mask, fresh * mask) < 1e-6)
        }
    }
}
