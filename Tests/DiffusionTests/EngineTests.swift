import Dispatch
import Foundation
import Synchronization
import Tensors
import Testing
import ToyModels

@testable import Diffusion

@Suite struct EngineTests {
    @Test("A job tells how far it is and then what came of it, always on one thread")
    func events() async throws {
        let engine = Engine { GaussianModel(side: 8) }

        for seed in 0..<3 {
            var steps: [Int] = []
            var result: [Float] = []
            var isOnThread = false
            let stream = engine.run { session in
                let latent = RandomGenerator(seed: UInt64(seed)).normal([1, 3, 8, 8])
                let levels = try session.schedule.levels(steps: 5)
                let end = try session.sample(latent, from: 5, of: levels, prompt: session.prompt(""))
                return (end.floats, engine.thread.isCurrent)
            }
            for try await event in stream {
                switch event {
                case .progress(let progress): steps.append(progress.step)
                case .warning, .preview: Issue.record("nothing to warn of, and nothing to show")
                case .finished(let found): (result, isOnThread) = found
                }
            }
            #expect(steps == [0, 1, 2, 3, 4, 5])
            #expect(result.count == 192)
            #expect(isOnThread)
        }
    }

    @Test("A job's error ends the stream, and the next job is done")
    func errors() async throws {
        let engine = Engine { GaussianModel(side: 8) }
        await #expect(throws: DiffusionError.badSteps(steps: 0, most: 999)) {
            try await engine.result { try $0.schedule.levels(steps: 0).steps }
        }
        #expect(try await engine.result { try $0.schedule.levels(steps: 3).steps } == 3)
    }

    @Test("Whoever waits for the engine to settle sees what a cancelled job still did")
    func settled() async throws {
        let engine = Engine { GaussianModel(side: 8) }
        let state = Mutex((begun: false, ended: false))
        let job = Task {
            try await engine.result { session in
                state.withLock { $0.begun = true }
                do {
                    while true { try session.checkCancellation() }
                } catch {
                    // As long as a checkpoint takes to be written.
                    usleep(50_000)
                    state.withLock { $0.ended = true }
                    throw error
                }
            }
        }
        while !state.withLock({ $0.begun }) { try await Task.sleep(for: .milliseconds(1)) }
        job.cancel()
        await #expect(throws: CancellationError.self) { try await job.value }
        await engine.settle()
        #expect(state.withLock { $0.ended })
    }

    @Test("Gradients are off unless the job turns them on")
    func gradientMode() async throws {
        let engine = Engine { GaussianModel(side: 8) }
        let recorded = try await engine.result { _ in
            let leaf = Tensor([1, 2] as [Float]).requiringGradient
            return [(leaf * 2).recordsGradient, withGradients { (leaf * 2).recordsGradient }]
        }
        #expect(recorded == [false, true])
    }

    @Test("A model that cannot be loaded is an error of the job")
    func loading() async {
        let engine = Engine { throw DiffusionError.missingComponent(name: "network") }
        await #expect(throws: DiffusionError.missingComponent(name: "network")) {
            try await engine.result { _ in 1 }
        }
    }

    @Test("Cancelling the reader stops the job before its next pass")
    func cancellation() async throws {
        let reached = AsyncStream.makeStream(of: Void.self)
        let ended = AsyncStream.makeStream(of: Int.self)
        let gate = DispatchSemaphore(value: 0)
        let engine = Engine {
            let model = GaussianModel(side: 8)
            model.beforePass = { number in
                guard number == 3 else { return }
                reached.continuation.yield()
                gate.wait()
            }
            return model
        }
        let reader = Task {
            try await engine.result { session in
                defer { ended.continuation.yield(session.spent.forwards) }
                let levels = try session.schedule.levels(steps: 50)
                return try session.sample(
                    .zeros([1, 3, 8, 8]), from: 50, of: levels, prompt: session.prompt("")
                ).floats
            }
        }
        for await _ in reached.stream { break }
        reader.cancel()
        // The reader is gone before the third pass goes on, so the fourth must not come.
        _ = await reader.result
        gate.signal()
        for await forwards in ended.stream {
            #expect(forwards == 3)
            break
        }
        #expect(try await engine.result { _ in 7 } == 7)
    }
}
