import Diffusion
import Foundation
import Imaging
import Tensors
import TestSupport
import Testing

@testable import Editing

/// The model in the repository, against what Python's diffusers makes of the same folder.
@Suite struct DefaultModelTests {
    @Test("The same seed gives the picture that diffusers gives, to 1/255 almost everywhere")
    func reloads() throws {
        let reference = try Fixtures.tensors("still-life.safetensors")
        let facts = reference.metadata
        let request = GenerationRequest(
            prompt: try #require(facts["prompt"]), seed: try #require(facts["seed"].flatMap(UInt64.init)),
            steps: try #require(facts["steps"].flatMap(Int.init)),
            guidance: try #require(facts["guidance"].flatMap(Double.init)))
        let expected = try reference.tensor("picture")
        let image = try withoutGradients {
            let folder = try ModelFolder(path: Fixtures.package + "/Models/still-life")
            return try DiffusionSession(model: LoadedModel(folder: folder)).generate(request).image
        }
        #expect([image.height, image.width, 3] == expected.shape)
        let theirs = expected.to(dtype: .float32).floats
        let far = zip(image.pixels, theirs).count { abs(Float($0) - $1) > 1 }
        #expect(
            Double(far) <= 0.001 * Double(theirs.count),
            "\(far) of \(theirs.count) bytes differ by more than 1")
    }
}
