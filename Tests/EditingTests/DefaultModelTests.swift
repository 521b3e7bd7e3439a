import Diffusion
import Foundation
import Imaging
import Tensors
import TestSupport
import Testing

@testable import Editing

/// The models in the repository, against what Python's diffusers makes of the same folders.
@Suite struct DefaultModelTests {
    @Test("The same seed gives the picture that diffusers gives, to 1/255 almost everywhere")
    func reloads() throws { try compare("still-life") }

    @Test(
        "So it does with the flower model",
        .enabled(
            if: FileManager.default.fileExists(atPath: Fixtures.package + "/Models/flowers"),
            "Models/flowers is not there"))
    func flowers() throws { try compare("flowers") }

    /// The middle of the model's picture, as large as the reference, against that.
    private func compare(_ name: String) throws {
        let reference = try Fixtures.tensors(name + ".safetensors")
        let facts = reference.metadata
        let request = GenerationRequest(
            prompt: try #require(facts["prompt"]), seed: try #require(facts["seed"].flatMap(UInt64.init)),
            steps: try #require(facts["steps"].flatMap(Int.init)),
            guidance: try #require(facts["guidance"].flatMap(Double.init)))
        let expected = try reference.tensor("picture")
        let image = try withoutGradients {
            let folder = try ModelFolder(path: Fixtures.package + "/Models/" + name)
            return try DiffusionSession(model: LoadedModel(folder: folder)).generate(request).image
        }
        let (height, width) = (expected.shape[0], expected.shape[1])
        let (top, left) = ((image.height - height) / 2, (image.width - width) / 2)
        let pixels = (0..<height).flatMap { row -> ArraySlice<UInt8> in
            let start = ((top + row) * image.width + left) * 3
            return image.pixels[start..<(start + width * 3)]
        }
        let theirs = expected.to(dtype: .float32).floats
        #expect(pixels.count == theirs.count)
        let far = zip(pixels, theirs).count { abs(Float($0) - $1) > 1 }
        #expect(
            Double(far) <= 0.001 * Double(theirs.count),
            "\(far) of \(theirs.count) bytes differ by more than 1")
    }
}
