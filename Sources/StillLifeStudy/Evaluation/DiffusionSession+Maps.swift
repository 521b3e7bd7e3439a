import Diffusion
import Editing
import ImageMetrics
import Imaging
import Networks
import Prompts
import StillLife
import Tensors

extension DiffusionSession {
    /// Cross-attention of held-out renders under their own caption, against the true objects.
    func evaluateMaps(_ scenes: EvaluationScenes, into report: inout EvaluationReport) throws {
        let settings = scenes.settings
        guard settings.maps > 0 else { return }
        let trajectory = try schedule.levels(steps: settings.steps)
        let levels = settings.mapLevels.map {
            trajectory[min(max(trajectory.stepCount(strength: $0), 1), trajectory.steps)]
        }
        let sites = try model.sites.filter(\.isCrossAttentionMap)
        var precisions: [Int: [Double]] = [:]
        var areas: [Int: [Double]] = [:]
        let tokenizer = try model.tokenizer()
        for index in steps("attention", 0..<settings.maps) {
            let scene = scenes.any(index)
            let rendering = scene.rendering(size: model.facts.imageSide)
            let clean = try encode(rendering.image)
            let noise = RandomGenerator(seed: settings.seed &+ UInt64(index)).normal(clean.shape).like(clean)
            let recordings = levels.map { _ in Recording(sites, averagingHeads: true) }
            let prompt = try prompt(scene.caption)
            _ = try predict(
                zip(levels, recordings).map { level, recording in
                    Query(
                        DDIM.addNoise(clean, noise, to: level), at: level, prompt: prompt,
                        plan: .recording(into: recording))
                })
            guard let tokens = prompt.tokens else { continue }
            for (object, described) in scene.objects.enumerated() {
                guard let columns = try? tokenizer.wordTokens(described.kind.rawValue, in: tokens).first
                else { continue }
                for (side, maps) in Dictionary(grouping: sites, by: { clean.shape[3] / $0.scale }) {
                    // The mean over layers of a resolution, noise levels and the tokens of the noun.
                    var sum = [Double](repeating: 0, count: side * side)
                    for recording in recordings {
                        for site in maps {
                            let map = recording[site].narrowed(
                                3, from: columns.lowerBound, count: columns.count)
                            for (place, value) in map.mean([1, 3]).scalars(as: Double.self).enumerated() {
                                sum[place] += value
                            }
                        }
                    }
                    let truth = rendering.mask(of: object).covered(width: side, height: side)
                    guard let precision = truth.averagePrecision(of: sum) else { continue }
                    precisions[side, default: []].append(precision)
                    areas[side, default: []].append(truth.share)
                }
            }
        }
        report.maps = precisions.sorted { $0.key > $1.key }.map { side, found in
            .init(
                side: side, averagePrecision: mean(found),
                baseline: mean(areas[side] ?? []), objects: found.count)
        }
    }

    /// DiffEdit's masks of held-out edits, against what truly changes.
    func evaluateMasks(_ settings: EvaluationSettings, into report: inout EvaluationReport) throws {
        guard settings.edits > 0, !settings.thresholds.isEmpty else { return }
        let kinds: [EditKind] = [.replace, .colour, .surface, .state, .add, .remove]
        let choices = SceneChoices(objects: 1...2, styles: [.photo])
        var overlaps = settings.thresholds.map { _ in [EditKind: [Double]]() }
        var areas = settings.thresholds.map { _ in [Double]() }
        var trueAreas: [Double] = []
        for index in steps("masks", 0..<settings.edits) {
            let kind = kinds[index % kinds.count]
            let seed = settings.seed &+ 5_000_000 &+ UInt64(index)
            let pair = try EditedPair.random(
                of: kind, seed: seed, size: model.facts.imageSide, from: choices)
            // The mask is what counts; a single step is the least that an edit can have.
            let request = EditRequest(
                image: pair.sourceImage, prompt: pair.targetPrompt, source: pair.sourcePrompt,
                method: "diffedit"
            ) {
                $0.seed = seed
                $0.steps = settings.steps
                $0.strength = 1 / Double(settings.steps)
            }
            guard let soft = try edit(request).softMask else { continue }
            let truth = pair.effect.covered(width: soft.width, height: soft.height)
            trueAreas.append(truth.share)
            for (place, threshold) in settings.thresholds.enumerated() {
                let found = ImageArea(
                    width: soft.width, height: soft.height, values: soft.values.map { Double($0) > threshold }
                )
                // Nothing found where nothing changes is right.
                overlaps[place][kind, default: []].append(
                    found.agreement(with: truth).intersectionOverUnion ?? 1)
                areas[place].append(found.share)
            }
        }
        report.masks = settings.thresholds.enumerated().map { place, threshold in
            let all = overlaps[place].values.flatMap(\.self)
            return .init(
                threshold: threshold, overlap: mean(all),
                overlapByKind: Dictionary(
                    uniqueKeysWithValues: overlaps[place].map { ($0.key.rawValue, mean($0.value)) }),
                area: mean(areas[place]), trueArea: mean(trueAreas), edits: all.count)
        }
    }
}
