import Foundation
import Imaging
import Testing

@testable import Training

@Suite(.serialized) struct ProgressTests {
    @Test("A listener hears lines, checkpoints and the end")
    func listens() async throws {
        let scratch = try Scratch()
        var (steps, checkpoints): ([Int], Int) = ([], 0)
        var end: TrainingEnd?
        for try await event in try Trainer.events(.tiny(in: scratch.path)) {
            switch event {
            case .progress(let progress): steps.append(progress.step)
            case .checkpoint: checkpoints += 1
            case .ended(let how): end = how
            case .message, .samples: break
            }
        }
        #expect(steps == [2, 4, 6, 2, 4, 6])
        #expect(checkpoints == 2)
        #expect(end == .finished)
    }

    @Test("Cancelling the task stops after a step and leaves a checkpoint to go on from")
    func cancelled() async throws {
        let scratch = try Scratch()
        var tiny = TrainingConfiguration.tiny(in: scratch.path)
        tiny.autoencoder.steps = 1_000_000
        let (begun, signal) = AsyncStream.makeStream(of: Void.self)
        let control = TrainingControl { if case .progress = $0 { signal.yield() } }
        let trainer = try Trainer(tiny, control: control)
        let task = Task { try await trainer.runOnItsOwnThread() }
        for await _ in begun { break }
        task.cancel()
        #expect(try await task.value == .stopped)
        #expect(try checkpoints(tiny, "autoencoder").count == 1)
        let last = try #require(ProgressLog(path: tiny.work + "/progress.jsonl").lines().last)
        #expect(last.step >= 2 && last.step < 1_000_000)
    }

    @Test("A stream hands on what goes wrong")
    func fails() async throws {
        let scratch = try Scratch()
        var tiny = TrainingConfiguration.tiny(in: scratch.path)
        tiny.data.source = .folder
        tiny.data.folder = scratch.path + "/nowhere"
        await #expect(throws: TrainingError.missing(path: tiny.data.folder)) {
            for try await _ in try Trainer.events(tiny) {}
        }
    }

    @Test("Sheets are PNG, or portable pixmaps where there is no picture library")
    func sheets() throws {
        let scratch = try Scratch()
        let sheet = ContactSheet([.init(Image(width: 4, height: 4), caption: "a")], columns: 1)
        var tried: [String] = []
        try writeSheet(sheet, to: scratch.path + "/a", control: TrainingControl()) { image, path in
            tried.append((path as NSString).pathExtension)
            if path.hasSuffix(".png") { throw ImagingError.codecMissing(reason: "none") }
            try image.write(to: path)
        }
        #expect(tried == ["png", "ppm"])
        #expect(try Image(contentsOf: scratch.path + "/a.ppm").width == sheet.image().width)
    }
}
