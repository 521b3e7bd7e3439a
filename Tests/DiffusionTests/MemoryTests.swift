import Imaging
import Networks
import Tensors
import TestSupport
import Testing
import ToyModels

@testable import Diffusion

/// A lack of memory is an error of what was asked, and the next question is answered.
@Suite struct MemoryTests {
    /// 16 TiB in one latent that takes four bytes: nothing of its size is made before the model is asked.
    static func tooLarge(_ channels: Int) -> Tensor {
        Tensor.ones([1, 1, 1, 1]).expanded([1, channels, 1 << 20, 1 << 20])
    }

    private static func sample(_ session: DiffusionSession, _ latent: Tensor) throws -> [Float] {
        let level = try session.schedule.levels(steps: 5)[3]
        return try session.predict([Query(latent, at: level, prompt: session.prompt("a pear"))])[0]
            .floats
    }

    @Test("A prediction that there is no room for throws, and the next is as if nothing had been")
    func prediction() throws {
        let folder = try ModelFolder(path: Fixtures.model("tiny-sd1"))
        let latent = RandomGenerator(seed: 1).normal([1, 4, 8, 8])
        let expected = try withoutGradients {
            try Self.sample(DiffusionSession(model: LoadedModel(folder: folder)), latent)
        }
        let session = DiffusionSession(model: LoadedModel(folder: folder))
        try withoutGradients { () throws in
            let error = #expect(throws: TensorError.self) { try Self.sample(session, Self.tooLarge(4)) }
            #expect(
                error?.description
                    == "there is not enough memory for 17592186044416 bytes more; work at a smaller size, or on fewer "
                    + "rows at once")
            #expect(throws: TensorError.self) { try session.decode(Self.tooLarge(4)) }
            #expect(try Self.sample(session, latent) == expected)
            #expect(try session.decode(latent).width == 8 * session.model.facts.latentFactor)
        }
    }

    @Test(
        "A job that runs out of memory ends with that, whatever it does then, and the next job has its model again"
    )
    func job() async throws {
        let engine = Engine { GaussianModel(side: 8) }
        @Sendable func latent() -> Tensor { RandomGenerator(seed: 2).normal([1, 3, 8, 8]) }
        let expected = try await engine.result { try Self.sample($0, latent()) }
        await #expect(throws: TensorError.outOfMemory(bytes: 1 << 56)) {
            try await engine.result { _ in Tensor.zeros([1 << 30, 1 << 24]).rows(0..<1).shape }
        }
        await #expect(throws: TensorError.outOfMemory(bytes: 1 << 56)) {
            try await engine.result { session in
                let lost = Tensor.zeros([1 << 30, 1 << 24]).rows(0..<1)
                return try Self.sample(
                    session, latent() + lost.narrowed(1, from: 0, count: 1).reshaped([1, 1, 1, 1]))
            }
        }
        #expect(try await engine.result { try Self.sample($0, latent()) } == expected)
    }
}
