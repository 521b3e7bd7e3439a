public import Diffusion
import Editing
import ImageMetrics
import Imaging
public import Perception
import StillLife
import Tensors

extension DiffusionSession {
    /// Measures the numbers of a model's card on held-out still lifes.
    ///
    /// Everything follows from the settings; noise is drawn per image from its scene's seed.
    /// - Parameters:
    ///   - judge: says what generated images show; without it they are not judged.
    ///   - pair: says how well images and prompts belong together.
    ///   - finder: finds what texts name; without it nothing is looked for.
    /// - Throws: `DiffusionError`, `EditingError`, `CancellationError`.
    public func evaluate(
        _ settings: EvaluationSettings, judge: Judge?, pair: CLIPScorer?,
        finder: (any RelevanceNetwork)? = nil
    ) throws -> EvaluationReport {
        var report = EvaluationReport(
            model: model.facts.name, fingerprint: model.facts.fingerprint, settings: settings)
        let scenes = EvaluationScenes(settings)
        try evaluateImages(scenes, judge: judge, into: &report)
        try evaluateInversion(scenes, into: &report)
        if judge != nil || pair != nil {
            try evaluatePrompts(scenes, judge: judge, pair: pair, into: &report)
        }
        try evaluateMaps(scenes, into: &report)
        try evaluateMasks(settings, into: &report)
        if let finder { try evaluateRelevance(scenes, of: finder, into: &report) }
        report.forwards = spent.forwards
        report.seconds = spent.seconds
        return report
    }

    /// The autoencoder on held-out renders, and the judge on both sides of it.
    private func evaluateImages(
        _ scenes: EvaluationScenes, judge: Judge?, into report: inout EvaluationReport
    ) throws {
        guard scenes.settings.reconstructions > 0 else { return }
        var decibels: [Double] = []
        var accuracies = ["renders": JudgeAccuracy(), "round trips": JudgeAccuracy()]
        for index in steps("autoencoder", 0..<scenes.settings.reconstructions) {
            let scene = scenes.any(index)
            let render = scene.render(size: model.facts.imageSide)
            let back = try decode(encode(render))
            decibels.append(peakRatio(render, back))
            guard let judge else { continue }
            for (name, image) in [("renders", render), ("round trips", back)] {
                accuracies[name]?.add(judge.attributes(of: [image])[0], of: scene)
            }
        }
        report.autoencoder = mean(decibels)
        guard judge != nil else { return }
        report.judge = accuracies.mapValues { accuracy in
            accuracy.counts.mapValues { .init(right: $0.right, of: $0.of) }
        }
    }

    /// DDIM inversion at guidance 1 and back, many images side by side.
    private func evaluateInversion(_ scenes: EvaluationScenes, into report: inout EvaluationReport) throws {
        let settings = scenes.settings
        guard settings.inversions > 0 else { return }
        let levels = try schedule.levels(steps: settings.steps)
        var (whole, ceiling, against) = ([Double](), [Double](), [Double]())
        for group in groups(of: settings.inversions) {
            let shown = group.map { scenes.any($0) }
            let renders = shown.map { $0.render(size: model.facts.imageSide) }
            let prompts = try shown.map { try prompt($0.caption) }
            let clean = try renders.map { try encode($0) }
            let noisy = try invert(
                clean, through: levels, to: levels.steps, prompts: prompts,
                stage: "inverting \(group.lowerBound + 1)–\(group.upperBound)"
            ).map { $0[levels.steps] }
            let latents = try sample(
                noisy, from: levels.steps, of: levels, prompts: prompts, stage: "bringing back")
            for (index, render) in renders.enumerated() {
                let (back, top) = (try decode(latents[index]), try decode(clean[index]))
                whole.append(peakRatio(render, back))
                ceiling.append(peakRatio(render, top))
                against.append(peakRatio(top, back))
            }
        }
        report.inversion = .init(
            decibels: mean(whole), ceiling: mean(ceiling),
            againstCeiling: mean(against))
    }

    /// Images from prompts with one object and with two, judged.
    private func evaluatePrompts(
        _ scenes: EvaluationScenes, judge: Judge?, pair: CLIPScorer?, into report: inout EvaluationReport
    ) throws {
        let settings = scenes.settings
        var counts: [String: JudgeAccuracy.Count] = [:]
        var cosines: [(generated: Double, renders: Double, mismatched: Double)] = []
        for (objects, total) in [(1, settings.singles), (2, settings.pairs)] {
            let name = objects == 1 ? "one object" : "two objects"
            for group in groups(of: total) {
                let asked = group.map { scenes.prompt($0, objects: objects) }
                let prompts = try asked.map { try prompt($0.prompt) }
                let images = try samples(
                    of: prompts, seeds: asked.map(\.seed), steps: settings.steps, guidance: settings.guidance,
                    stage: "\(name) \(group.lowerBound + 1)–\(group.upperBound) of \(total)")
                if let judge {
                    for (seen, wanted) in zip(judge.attributes(of: images), asked) {
                        let verdict = Verdict(seen, wanted: WantedScene(wanted.scene))
                        let singular = objects == 1
                        for (part, answer) in [
                            (singular ? "kind" : "both kinds", Optional(verdict.kinds)),
                            (singular ? "kind and colour" : "both kinds and colours", verdict.colours),
                            ("exactly as asked", verdict.colours && verdict.nothingElse && verdict.count),
                            ("state", verdict.states),
                        ] {
                            counts["\(name): \(part)", default: .init()].add(answer)
                        }
                        counts["table", default: .init()].add(verdict.table)
                        counts["wall", default: .init()].add(verdict.wall)
                        counts["style", default: .init()].add(verdict.style)
                    }
                }
                if let pair {
                    let texts = asked.map(\.prompt)
                    let renders = asked.map { $0.scene.render(size: model.facts.imageSide) }
                    let own = pair.cosines(images, texts)
                    let ofRenders = pair.cosines(renders, texts)
                    let others = pair.cosines(images, Array(texts.dropFirst() + texts.prefix(1)))
                    cosines += own.indices.map { (own[$0], ofRenders[$0], others[$0]) }
                }
            }
        }
        report.generated = counts.mapValues { .init(right: $0.right, of: $0.of) }
        if !cosines.isEmpty {
            report.cosines = .init(
                generated: mean(cosines.map(\.generated)),
                renders: mean(cosines.map(\.renders)),
                mismatched: mean(cosines.map(\.mismatched)))
        }
    }

    /// Groups small enough that a task's cancellation is heard and a bar moves.
    private func groups(of total: Int) -> [Range<Int>] {
        let size = max(limits.rows, 1)
        return stride(from: 0, to: total, by: size).map { $0..<min($0 + size, total) }
    }
}

/// The held-out scenes of an evaluation; every part has its own seeds.
struct EvaluationScenes {
    let settings: EvaluationSettings

    init(_ settings: EvaluationSettings) { self.settings = settings }

    /// A scene of any make.
    func any(_ index: Int) -> Scene { .random(seed: settings.seed &+ UInt64(index), objects: 1...2) }

    /// A prompt that names objects, table, wall and style, and the scene it was made from.
    func prompt(_ index: Int, objects: Int) -> (prompt: String, scene: Scene, seed: UInt64) {
        let seed = settings.seed &+ UInt64(objects) &* 1_000_000 &+ UInt64(index)
        let scene = Scene.random(
            seed: seed, from: SceneChoices(objects: objects...objects, surfaces: [.plain]))
        return ("\(scene.caption) in front of \(scene.wall.phrases[0])", scene, seed)
    }
}
