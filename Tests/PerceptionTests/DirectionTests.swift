import Imaging
import Tensors
import TestSupport
import Testing

@testable import Perception

/// The pair of towers in the repository, asked which of several edits changed the way the prompts do.
@Suite struct DirectionTests {
    @Test("A change scores the cosine of both differences; none scores nought, and the way back the opposite")
    func directions() throws {
        let pair = try CLIPScorer(folder: Fixtures.package + "/Models/still-life-clip")
        let red = Image(width: 64, height: 64, red: 200, green: 20, blue: 20)
        let green = Image(width: 64, height: 64, red: 20, green: 180, blue: 30)
        let (source, target) = ("a red apple on a wooden table", "a green apple on a wooden table")
        let scores = pair.directions(from: red, to: [green, red], source: source, target: target)
        let images = pair.embed([green]) - pair.embed([red])
        let texts = pair.embed([target]) - pair.embed([source])
        let cosine = (images * texts).sum.item / (images.norm().item * texts.norm().item)
        #expect(abs(scores[0] - cosine) < 1e-5 && abs(cosine) > 1e-3)
        #expect(scores[1] == 0)
        let back = pair.directions(from: red, to: [green], source: target, target: source)
        #expect(abs(back[0] + scores[0]) < 1e-6)
        #expect(pair.directions(from: red, to: [], source: source, target: target) == [])
    }
}
