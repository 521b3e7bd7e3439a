import Diffusion
import Imaging
import Perception
import StillLife

extension DiffusionSession {
    /// What a relevance network finds in held-out renders and in what the autoencoder makes of them.
    func evaluateRelevance(
        _ scenes: EvaluationScenes, of network: any RelevanceNetwork, into report: inout EvaluationReport
    ) throws {
        guard scenes.settings.finds > 0 else { return }
        var (renders, trips) = ([SeenScene](), [SeenScene]())
        for index in steps("finding things", 0..<scenes.settings.finds) {
            let scene = scenes.any(index)
            let rendering = scene.rendering(size: model.facts.imageSide)
            let (render, shown) = (rendering.image, rendering.identities)
            renders.append(SeenScene(scene: scene, image: render, identities: shown))
            let back = try decode(encode(render))
            trips.append(SeenScene(scene: scene, image: back, identities: shown))
        }
        report.relevance = [
            "renders": try RelevanceAccuracy(of: network, on: renders),
            "round trips": try RelevanceAccuracy(of: network, on: trips),
        ]
    }
}
