import Diffusion
import Imaging
import Perception
import Tensors
import Testing

@testable import Editing

/// Words to masks by a network whose answers are written down here.
@Suite struct RelevanceMaskTests {
    /// Holds that the left half shows "left", that everything shows "all", and nothing anything else.
    private struct Halves: RelevanceNetwork {
        func relevance(of images: Tensor, to texts: [String]) throws -> Tensor {
            let (_, _, height, width) = images.shape4
            let values = texts.flatMap { text in
                (0..<height).flatMap { _ in
                    (0..<width).map { x -> Float in
                        switch text {
                        case "left": x < width / 2 ? 3 : -2
                        case "all": 1
                        default: -4
                        }
                    }
                }
            }
            return Tensor(values, shape: [texts.count, height, width])
        }
    }

    private static func logistic(_ value: Double) -> Double {
        1 / (1 + Tensor([-value], shape: [1]).exp.item)
    }

    // Fails for the mean over the mask alone, which says of a whole picture that is lightly lit that it is a find.
    @Test("A mask has the size of the picture, and is as sure as it stands out")
    func masks() throws {
        let image = Image(width: 6, height: 4, red: 9, green: 9, blue: 9)
        let found = try Halves().masks(of: ["left", "all", "none"], in: image)
        #expect(found.count == 3)
        #expect(
            found[0].mask
                == Mask(
                    width: 6, height: 4, values: (0..<4).flatMap { _ in [1, 1, 1, 0, 0, 0] as [Float] }))
        #expect(abs(found[0].confidence - (Self.logistic(3) - Self.logistic(-2))) < 1e-5)
        #expect(found[1].mask.area == 1 && abs(found[1].confidence - Self.logistic(1)) < 1e-5)
        #expect(found[2].mask.area == 0 && found[2].confidence == 0)
        #expect(abs(Double(found[2].probabilities.values[5]) - Self.logistic(-4)) < 1e-5)
        #expect(try Halves().masks(of: [], in: image).isEmpty)
    }

    @Test("A higher threshold keeps less")
    func threshold() throws {
        let image = Image(width: 4, height: 4, red: 9, green: 9, blue: 9)
        #expect(try Halves().masks(of: ["all"], in: image, threshold: 0.8)[0].mask.area == 0)
        #expect(try Halves().masks(of: ["left"], in: image, threshold: 0.1)[0].mask.area == 1)
    }
}
