import Tensors
import Testing

@testable import Training

/// Images that lie in one file rather than in one file each.
@Suite struct PackedImagesTests {
    private func section(_ folder: String) -> DataSection {
        var section = DataSection()
        section.source = .folder
        section.folder = folder
        (section.size, section.count, section.heldOut, section.captions) = (8, 100, 1, 2)
        return section
    }

    /// Images of one grey each, 10 times their place in the list.
    private func pack(_ count: Int, size: Int, in scratch: Scratch) throws {
        let pixels = (0..<count).flatMap { [UInt8](repeating: UInt8($0 * 10), count: size * size * 3) }
        try Safetensors.write(
            [("pictures", Tensor(pixels, shape: [count, size, size, 3]))],
            to: scratch.path + "/pictures-8.safetensors")
    }

    /// Told in another order than that of their paths: an image read by its place among the sorted paths would be wrong.
    private func list(in scratch: Scratch) throws {
        try scratch.write(
            """
            {"file": "train/c.png", "caption": "third", "repeats": 2}
            {"file": "train/a.png", "caption": "first", "labels": {"kind": "rose"}}
            {"file": "held-out/b.png", "caption": "second", "split": "held-out"}
            """, to: "captions.jsonl")
    }

    @Test("Packed images are told apart by their lines' order, and their files need not be there")
    func reading() throws {
        let scratch = try Scratch()
        try list(in: scratch)
        try pack(3, size: 8, in: scratch)
        let set = try FolderImages(section: section(scratch.path)).images(
            in: scratch.path, control: TrainingControl())
        #expect(set.count == 2 && set.heldOut == 1)
        let greys = ["third": 0, "first": 10, "second": 20]
        for index in 0..<3 {
            let grey = greys[set.captions[index][0]].map { Float($0) / 127.5 - 1 }
            #expect(Set(set.tensor([index], device: .cpu).scalars(as: Float.self)).map { $0 } == [grey])
        }
        #expect(set.captions[2] == ["second"])
        #expect(set.repeats.sorted() == [1, 2])
    }

    @Test("A pack of another size is passed over; one that does not fit its list is refused")
    func refusals() throws {
        let scratch = try Scratch()
        try list(in: scratch)
        #expect(try PackedImages(folder: scratch.path, size: 8) == nil)
        try pack(2, size: 8, in: scratch)
        #expect(try PackedImages(folder: scratch.path, size: 16) == nil)
        #expect(
            throws: TrainingError.unusableData(
                path: scratch.path + "/pictures-8.safetensors",
                reason: "it holds 2 pictures and captions.jsonl names 3")
        ) {
            try FolderImages(section: section(scratch.path)).images(
                in: scratch.path, control: TrainingControl())
        }
        try pack(3, size: 4, in: scratch)
        #expect(
            throws: TrainingError.unusableData(
                path: scratch.path + "/pictures-8.safetensors",
                reason: "it has no tensor \"pictures\" of uint8 [images, 8, 8, 3]")
        ) { try PackedImages(folder: scratch.path, size: 8) }
    }

    @Test("Other pixels in a pack are other images, which no cache stands in for")
    func caches() throws {
        let scratch = try Scratch()
        try list(in: scratch)
        try pack(3, size: 8, in: scratch)
        let images = FolderImages(section: section(scratch.path))
        let first = try images.images(in: scratch.path, control: TrainingControl())
        let again = try images.images(in: scratch.path, control: TrainingControl())
        #expect(first.fingerprint == again.fingerprint)
        let pixels = [UInt8](repeating: 7, count: 3 * 8 * 8 * 3)
        try Safetensors.write(
            [("pictures", Tensor(pixels, shape: [3, 8, 8, 3]))],
            to: scratch.path + "/pictures-8.safetensors")
        let other = try images.images(in: scratch.path, control: TrainingControl())
        #expect(other.fingerprint != first.fingerprint)
        #expect(other.tensor([0], device: .cpu).scalars(as: Float.self)[0] == 7 / 127.5 - 1)
    }

    @Test("The learning rate falls with the time where that is ahead of the steps")
    func pace() {
        let pace = LearningRateSchedule(learningRate: 2, warmup: 10, finalShare: 0.1, gradientClip: 1)
        // Half of the cosine: the middle between the height and its tenth.
        #expect(abs(pace.learningRate(step: 20, of: 1010, time: 0.5) - 1.1) < 1e-12)
        #expect(pace.learningRate(step: 510, of: 1010) == pace.learningRate(step: 20, of: 1010, time: 0.5))
        #expect(
            pace.learningRate(step: 510, of: 1010, time: 0.1) == pace.learningRate(step: 510, of: 1010))
        #expect(abs(pace.learningRate(step: 20, of: 1010, time: 1.5) - 0.2) < 1e-12)
        // The rise is by steps alone.
        #expect(pace.learningRate(step: 4, of: 1010, time: 0.9) == 1)
    }
}
