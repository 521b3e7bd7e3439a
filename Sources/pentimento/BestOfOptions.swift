import ArgumentParser
import Diffusion
import Editing
import Imaging
import Logging
import Perception
import Service
import StillLifeStudy

/// Several seeds of one edit, of which the best is kept.
struct BestOfOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Edit with so many seeds, one after the other, and keep the result that changed the way the prompts do.",
            valueName: "n"))
    var bestOf = 1

    /// The most seeds.
    static let most = 1000

    func validate() throws {
        if !(1...Self.most).contains(bestOf) {
            throw ValidationError("--best-of is \(bestOf); it must lie in 1...\(Self.most)")
        }
    }

    /// What chooses; everything that it needs was checked.
    func chooser(
        _ settings: EditSettings, among towers: CLIPOptions, model: () throws -> String
    ) throws -> BestOfChooser {
        guard bestOf > 1 else { return BestOfChooser(count: 1, pair: nil) }
        guard settings.source != nil else {
            throw Failure.usage(
                "--best-of compares the change with that of the prompts; say with --source what the photo shows"
            )
        }
        let model = try model()
        guard let pair = try towers.folder(model: model) else {
            throw Failure.missing(
                "--best-of needs a pair of CLIP towers and there is no \(model)-clip; name a folder with --clip"
            )
        }
        return BestOfChooser(count: bestOf, pair: pair)
    }
}

/// Edits with one seed after the other and keeps the result of the highest directional similarity.
struct BestOfChooser: Sendable {
    /// How many seeds.
    let count: Int
    /// The folder of the pair of towers; nil for a single seed.
    let pair: String?

    /// The best result; of equals the first.
    ///
    /// Its account tells the seed that made it, and the cost of that edit alone.
    func result(
        of request: EditRequest, in session: ModelSession, cache: InversionCache?, _ place: String,
        _ log: Logger
    ) async throws -> EditResult {
        guard let pair, let source = request.source else {
            return try await session.result(place, log, finishing: request.learnsFirst) {
                try $0.edit(request, cache: cache)
            }
        }
        var results: [EditResult] = []
        for index in 0..<count {
            var one = request
            one.seed = request.seed &+ UInt64(index)
            let asked = one
            results.append(
                try await session.result(place, log, finishing: request.learnsFirst) {
                    try $0.edit(asked, cache: cache)
                })
        }
        let images = results.map(\.image)
        let device = session.device
        let scores = try await session.result(place, log) { _ in
            try CLIPScorer(folder: pair, device: device).directions(
                from: request.image, to: images, source: source, target: request.prompt)
        }
        return results[Self.best(scores)]
    }

    /// The place of the highest score; of equals the first.
    static func best(_ scores: [Double]) -> Int {
        scores.indices.max { (scores[$0], -$0) < (scores[$1], -$1) } ?? 0
    }
}
