import ArgumentParser
import Foundation
import Prompts
import Service
import Tensors

/// `pentimento probe`: one component on given tensors, for comparing against other implementations.
struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Runs one component of a model on given tensors.",
        discussion: """
            pentimento probe unet --model DIR --input in.safetensors --output out.safetensors

            For comparing against other implementations. Tensors in and out, float32 unless said:
              tokenizer      --text TEXT -> input_ids int64 [1,L]
              text-encoder   input_ids int64 [B,L] -> last_hidden_state [B,L,D], pooled [B,D]
              unet           sample [B,C,H,W], timestep int64 [B], encoder_hidden_states [B,L,D] -> sample
              unet-sites     as unet, with --sites a,b -> one tensor per site, by the site's name
              vae-encoder    image [B,3,H,W] in -1...1 -> mean, logvar (unscaled)
              vae-decoder    latent [B,C,h,w], unscaled -> image
              ddim-invert    latent, encoder_hidden_states, --steps N -> levels [N+1,B,C,h,w], the given latent first
              ddim-sample    likewise: the given latent first, the clean one last
              noise          --seed N --shape 1,4,64,64 -> noise
            """)

    @Argument(
        help:
            "tokenizer, text-encoder, unet, unet-sites, vae-encoder, vae-decoder, ddim-invert, ddim-sample or noise."
    )
    var component: ProbeComponent

    @Option(help: ArgumentHelp("The model's folder or name; not for noise.", valueName: "dir"))
    var model: String?

    @Option(help: ArgumentHelp("The tensors to work on.", valueName: "file"))
    var input: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("Where the results go.", valueName: "file"))
    var output: String

    @Option(help: "The text for the tokenizer.")
    var text: String?

    @Option(help: ArgumentHelp("Sites by name, with commas between; `all` for every one.", valueName: "a,b"))
    var sites: String?

    @Option(help: "Steps of a walk.")
    var steps: Int?

    @Option(help: "The seed of the noise.")
    var seed: UInt64?

    @Option(help: ArgumentHelp("The shape of the noise, with commas between.", valueName: "sizes"))
    var shape: String?

    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        for (name, given, wanted) in [
            ("--text", text != nil, component == .tokenizer),
            ("--sites", sites != nil, component == .unetSites),
            ("--steps", steps != nil, component.isWalk), ("--seed", seed != nil, component == .noise),
            ("--shape", shape != nil, component == .noise),
            ("--input", input != nil, component != .tokenizer && component != .noise),
        ] where given != wanted {
            throw ValidationError("probe \(component.rawValue) \(wanted ? "needs" : "takes no") \(name)")
        }
        if component != .noise && model == nil {
            throw ValidationError("probe \(component.rawValue) needs --model")
        }
        if let steps, steps < 1 { throw ValidationError("--steps is \(steps); it must be at least 1") }
    }

    func run() async throws {
        try Outputs.check(file: output)
        let (device, dtype) = try compute.start()
        let results = try withoutGradients { () throws -> [(name: String, tensor: Tensor)] in
            if component == .noise {
                return [("noise", RandomGenerator(seed: seed ?? 0).normal(try sizes()))]
            }
            let folder = try Program.places.folder(of: model ?? "")
            if component == .tokenizer {
                let ids = try Tokenizer(folder: folder + "/tokenizer").encode(text ?? "").ids
                return [("input_ids", Tensor(ids.map(Int64.init), shape: [1, ids.count]))]
            }
            let probe = Probe(
                folder: folder, given: try SafetensorsFile(path: input ?? ""), device: device, dtype: dtype)
            return switch component {
            case .textEncoder: try probe.textEncoder()
            case .unet: try probe.unet()
            case .unetSites: try probe.unetSites(sites ?? "")
            case .vaeEncoder: try probe.autoencoderEncodes()
            case .vaeDecoder: try probe.autoencoderDecodes()
            case .ddimInvert: try probe.sample(steps: steps ?? 0, inverting: true)
            case .ddimSample: try probe.sample(steps: steps ?? 0, inverting: false)
            case .tokenizer, .noise: []
            }
        }
        try Safetensors.write(
            results.map {
                ($0.name, $0.tensor.dtype.isFloatingPoint ? $0.tensor.to(dtype: .float32) : $0.tensor)
            },
            to: output)
    }

    private func sizes() throws -> [Int] {
        let parts = (shape ?? "").split(separator: ",", omittingEmptySubsequences: false).map {
            Int($0.trimmingCharacters(in: .whitespaces)) ?? 0
        }
        let count = parts.reduce(Optional(1)) { product, size in
            product.flatMap { $0.multipliedReportingOverflow(by: size).overflow ? nil : $0 * size }
        }
        guard parts.allSatisfy({ $0 > 0 }), let count, count <= 1 << 31 else {
            throw Failure.usage("--shape is \"\(shape ?? "")\"; it must be sizes above 0 like 1,4,64,64")
        }
        return parts
    }
}

/// What `probe` can run.
enum ProbeComponent: String, ExpressibleByArgument, CaseIterable {
    case tokenizer
    case textEncoder = "text-encoder"
    case unet
    case unetSites = "unet-sites"
    case vaeEncoder = "vae-encoder"
    case vaeDecoder = "vae-decoder"
    case ddimInvert = "ddim-invert"
    case ddimSample = "ddim-sample"
    case noise

    var isWalk: Bool { self == .ddimInvert || self == .ddimSample }
}
