import ImageMetrics
import Imaging
import Testing

/// SSIM as torchmetrics has it, and PIE-Bench's way with masks, against their values for two made-up images.
@Suite struct ReflectedSimilarityTests {
    private let first = ImageMetricTests.first
    private let second = ImageMetricTests.second

    // A border that repeats the outermost pixels (numpy's "symmetric") gives 0.9187, whole windows alone 0.92505.
    @Test("With the border mirrored it is torchmetrics', of the whole picture and of one with a black area")
    func reflected() throws {
        let whole = try #require(first.reflectedSimilarity(to: second))
        #expect(abs(whole - 0.9192556582897226) < 1e-10)
        let edited = ImageMetricTests.unedited.complement
        let black = (first.blackened(in: edited), second.blackened(in: edited))
        #expect(abs(try #require(black.0.reflectedSimilarity(to: black.1)) - 0.9360030091632052) < 1e-10)
        #expect(abs(try #require(black.0.decibels(to: black.1)).value - 27.68606442922371) < 1e-9)
    }

    @Test("Nothing is told of images that have less to mirror than is needed")
    func small() {
        let image = Image(width: 5, height: 40)
        #expect(image.reflectedSimilarity(to: image) == nil)
    }
}
