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
    @Option(help: "Rows of a pass; 2 is a step under guidance.") var rows = 1
    @Flag(
        help: "Also the gradient of the prompt maps' squares to the latent, as attention guidance needs it.")
    var gradient = false

    func validate() throws {
        if !(1...64).contains(rows) { throw ValidationError("--rows is \(rows); it must lie in 1...64") }
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
            folder: try model.path(), device: device, dtype: dtype, height: height, width: width, rows: rows)
        let seconds = withoutGradients {
            (0..<runs).map { _ in
                let begin = ContinuousClock.now
                if gradient { pass.runWithGradient() } else { pass.run() }
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

/// One UNet pass of a model on noise.
private struct BenchPass {
    private let unet: UNet
    private let latent: Tensor
    private let timesteps: Tensor
    private let context: PromptContext

    init(
        folder: String, device: Device, dtype: DType, height: Int? = nil, width: Int? = nil,
        prompt: String? = nil, rows: Int = 1
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
            embedding = random.normal([rows, length, configuration.crossAttentionDim])
        }
        let unet = try model.unet()
        self.unet = unet
        latent = random.normal([rows, configuration.inChannels, height ?? side, width ?? side])
            .to(dtype: dtype, device: device)
        timesteps = Tensor([Int64](repeating: 981, count: rows)).to(device: device)
        context = withoutGradients { unet.context(embedding.to(dtype: dtype, device: device)) }
    }

    func run() { _ = unet(latent, timesteps: timesteps, context: context) }

    /// Forward and back again: the maps of every layer that looks at the prompt, squared, to the latent.
    func runWithGradient() {
        withGradients {
            let latent = latent.requiringGradient
            let sites = unet.sites.filter(\.isCrossAttentionMap)
            let recordings = (0..<latent.shape[0]).map { _ in Recording(sites, detached: false) }
            _ = unet(
                latent, timesteps: timesteps, context: context, plans: recordings.map { .recording(into: $0) }
            )
            var loss = latent.sum * 0
            for recording in recordings { for site in sites { loss += recording[site].squared.sum } }
            _ = Tensors.gradient(of: loss, withRespectTo: latent)
        }
    }
}
