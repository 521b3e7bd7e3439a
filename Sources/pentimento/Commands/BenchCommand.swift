import ArgumentParser
import Diffusion
import Foundation
import Layers
import Networks
import Tensors

/// `pentimento bench`: the measurements that `make bench` compares with Python's.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures one UNet pass, or the memory of a process that loads a model.",
        discussion: "pentimento bench unet --model DIR --runs 5",
        shouldDisplay: false,
        subcommands: [UNetBench.self, MemoryBench.self])
}

/// `pentimento bench unet`: seconds of each of several passes, the first included.
private struct UNetBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unet", abstract: "Times UNet passes; prints {\"seconds\":[…]}.")

    @OptionGroup var model: ModelOptions
    @OptionGroup var compute: ComputeOptions
    @Option(help: "How many passes.") var runs = 3
    @Option(help: "Height of the latent; by default that of the model's training.") var height: Int?
    @Option(help: "Width of the latent.") var width: Int?

    func validate() throws {
        if !(1...10_000).contains(runs) {
            throw ValidationError("--runs is \(runs); it must lie in 1...10000")
        }
        for side in [height, width].compactMap(\.self) where !(1...4096).contains(side) {
            throw ValidationError("a side of the latent is \(side); it must lie in 1...4096")
        }
    }

    func run() throws {
        struct Timing: Encodable { let seconds: [Double] }
        let (device, dtype) = try compute.start()
        let pass = try BenchPass(
            folder: try model.path(), device: device, dtype: dtype, height: height, width: width)
        let seconds = withoutGradients {
            (0..<runs).map { _ in
                let begin = ContinuousClock.now
                pass.run()
                Backend.synchronize(device)
                let time = (ContinuousClock.now - begin).components
                return Double(time.seconds) + Double(time.attoseconds) * 1e-18
            }
        }
        Terminal.print(try jsonText(Timing(seconds: seconds)))
    }
}

/// `pentimento bench memory`: the peak of a process that embeds a prompt and makes one UNet pass.
private struct MemoryBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "memory", abstract: "Loads a model, makes one step and prints {\"peakBytes\":…}.")

    @OptionGroup var model: ModelOptions
    @OptionGroup var compute: ComputeOptions

    func run() throws {
        struct Peak: Encodable { let peakBytes: Int }
        let (device, dtype) = try compute.start()
        try withoutGradients {
            try BenchPass(folder: try model.path(), device: device, dtype: dtype, prompt: "a photo of a cat")
                .run()
        }
        Terminal.print(try jsonText(Peak(peakBytes: PeakMemory.bytes(device: device))))
    }
}

/// One UNet pass of a model on noise, batch 1.
private struct BenchPass {
    private let unet: UNet
    private let latent: Tensor
    private let timesteps: Tensor
    private let context: PromptContext

    init(
        folder: String, device: Device, dtype: DType, height: Int? = nil, width: Int? = nil,
        prompt: String? = nil
    ) throws {
        let model = LoadedModel(folder: try ModelFolder(path: folder), device: device, dtype: dtype)
        let random = RandomGenerator(seed: 0)
        let configuration = model.folder.unet
        let side = configuration.sampleSize
        let embedding: Tensor
        if let prompt {
            embedding = try model.embed(prompt).embedding
        } else {
            let length = model.folder.textEncoder.contextLength
            embedding = random.normal([1, length, configuration.crossAttentionDim])
        }
        let unet = try model.unet()
        self.unet = unet
        latent = random.normal([1, configuration.inChannels, height ?? side, width ?? side])
            .to(dtype: dtype, device: device)
        timesteps = Tensor([Int64(981)]).to(device: device)
        context = withoutGradients { unet.context(embedding.to(dtype: dtype, device: device)) }
    }

    func run() { _ = unet(latent, timesteps: timesteps, context: context) }
}
