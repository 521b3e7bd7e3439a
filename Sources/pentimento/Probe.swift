import Diffusion
import Foundation
import Layers
import Networks
import Tensors

/// The components of a model, run on the tensors of a file.
struct Probe {
    typealias Results = [(name: String, tensor: Tensor)]

    let folder: String
    let given: SafetensorsFile
    let device: Device
    let dtype: DType

    func textEncoder() throws -> Results {
        let shape = try TextEncoderConfiguration(contentsOf: folder + "/text_encoder/config.json")
        let ids = try integers("input_ids", rank: 2)
        let values = ids.scalars(as: Int64.self)
        guard ids.shape[1] <= shape.contextLength, ids.count > 0 else {
            throw wrong(
                "input_ids",
                "has shape \(ids.shape); the text encoder reads 1 to \(shape.contextLength) tokens")
        }
        if let stranger = values.first(where: { !(0..<Int64(shape.vocabularySize)).contains($0) }) {
            throw wrong("input_ids", "holds \(stranger); the vocabulary has \(shape.vocabularySize) tokens")
        }
        let encoder = try TextEncoder(weights("text_encoder", "model"), shape)
        let (hidden, pooled) = encoder(ids)
        return [("last_hidden_state", hidden), ("pooled", pooled)]
    }

    func unet() throws -> Results {
        let (unet, pass) = try pass()
        return [("sample", unet(pass.sample, timesteps: pass.timesteps, context: pass.context))]
    }

    func unetSites(_ names: String) throws -> Results {
        let (unet, pass) = try pass()
        let sites =
            try names == "all"
            ? unet.sites
            : names.split(separator: ",").map { name in
                guard let site = unet.sites.named(name.trimmingCharacters(in: .whitespaces)) else {
                    throw Failure.usage(
                        "this UNet has no site \"\(name)\"; it has \(unet.sites.map(\.description).joined(separator: ", "))"
                    )
                }
                return site
            }
        guard !sites.isEmpty else { throw Failure.usage("--sites names no site") }
        let recordings = (0..<pass.sample.shape[0]).map { _ in Recording(sites) }
        _ = unet(
            pass.sample, timesteps: pass.timesteps, context: pass.context,
            plans: recordings.map { .recording(into: $0) })
        return sites.map { site in (site.description, .concatenated(recordings.map { $0[site] })) }
    }

    func autoencoderEncodes() throws -> Results {
        let (autoencoder, shape) = try autoencoder()
        let image = try values("image", rank: 4)
        let factor = shape.spatialFactor
        guard image.shape[1] == 3, image.shape[2] % factor == 0, image.shape[3] % factor == 0, image.count > 0
        else {
            throw wrong(
                "image", "has shape \(image.shape); [B, 3, H, W] with multiples of \(factor) is needed")
        }
        let (mean, logVariance) = autoencoder.encode(image)
        return [("mean", mean), ("logvar", logVariance)]
    }

    func autoencoderDecodes() throws -> Results {
        let (autoencoder, shape) = try autoencoder()
        let latent = try values("latent", rank: 4)
        guard latent.shape[1] == shape.latentChannels, latent.count > 0 else {
            throw wrong("latent", "has shape \(latent.shape); [B, \(shape.latentChannels), h, w] is needed")
        }
        return [("image", autoencoder.decode(latent))]
    }

    /// All levels of a walk without guidance [N+1, B, C, h, w]: the given latent first, whichever way it goes.
    func sample(steps: Int, inverting: Bool) throws -> Results {
        let schedule = try NoiseSchedule(contentsOf: folder + "/scheduler/scheduler_config.json")
        let levels = try schedule.levels(steps: steps)
        let (unet, configuration) = try loadUNet()
        guard configuration.inChannels == configuration.outChannels else {
            throw Failure.badInput(
                "\(folder)/unet reads \(configuration.inChannels) channels and answers \(configuration.outChannels); "
                    + "such a network alone cannot walk")
        }
        let latents = try sample("latent", configuration)
        let prompts = try prompts(configuration, rows: latents.shape[0]).separateRows.map(
            { Conditioning(embedding: $0) })
        // Without an autoencoder the latents are all that there is.
        let facts = ModelFacts(
            name: folder, fingerprint: try Fingerprint.of(folder: folder),
            latentChannels: configuration.outChannels, latentFactor: 1,
            imageSide: configuration.sampleSize, inputChannels: configuration.inChannels)
        let diffusion = DiffusionSession(
            model: InMemoryModel(
                unet: unet, schedule: schedule, facts: facts, device: device, dtype: dtype))
        if inverting {
            let paths = try diffusion.invert(
                latents.separateRows, through: levels, to: steps, prompts: prompts)
            return [("levels", .concatenated(paths.map { .stacked($0) }, along: 1))]
        }
        var path = [latents]
        _ = try diffusion.sample(
            latents.separateRows, from: steps, of: levels, prompts: prompts,
            each: { _, latents in
                path.append(.concatenated(latents))
                return latents
            })
        return [("levels", .stacked(path))]
    }

    /// What one pass through a UNet is given.
    private struct Pass {
        let sample: Tensor
        let timesteps: Tensor
        let context: PromptContext
    }

    private func pass() throws -> (UNet, Pass) {
        let (unet, configuration) = try loadUNet()
        let sample = try sample("sample", configuration)
        let rows = sample.shape[0]
        var timesteps = try integers("timestep", rank: 1)
        if timesteps.count == 1 { timesteps = timesteps.expanded([rows]) }
        guard timesteps.count == rows else {
            throw wrong("timestep", "has \(timesteps.count) entries for \(rows) samples")
        }
        let context = unet.context(try prompts(configuration, rows: rows))
        return (unet, Pass(sample: sample.to(dtype: dtype), timesteps: timesteps, context: context))
    }

    private func sample(_ name: String, _ configuration: UNetConfiguration) throws -> Tensor {
        let sample = try values(name, rank: 4, dtype: .float32)
        guard sample.shape[1] == configuration.inChannels, sample.count > 0 else {
            throw wrong(name, "has shape \(sample.shape); [B, \(configuration.inChannels), h, w] is needed")
        }
        return sample
    }

    private func prompts(_ configuration: UNetConfiguration, rows: Int) throws -> Tensor {
        var prompts = try values("encoder_hidden_states", rank: 3)
        if prompts.shape[0] == 1, rows > 1 { prompts = prompts.expanded([rows, -1, -1]).contiguous }
        guard prompts.shape[0] == rows, prompts.shape[2] == configuration.crossAttentionDim, prompts.count > 0
        else {
            throw wrong(
                "encoder_hidden_states",
                "has shape \(prompts.shape); [\(rows), L, \(configuration.crossAttentionDim)] is needed")
        }
        return prompts
    }

    private func loadUNet() throws -> (UNet, UNetConfiguration) {
        let configuration = try UNetConfiguration(contentsOf: folder + "/unet/config.json")
        return (try UNet(weights("unet", "diffusion_pytorch_model"), configuration), configuration)
    }

    private func autoencoder() throws -> (Autoencoder, AutoencoderConfiguration) {
        let shape = try AutoencoderConfiguration(contentsOf: folder + "/vae/config.json")
        return (try Autoencoder(weights("vae", "diffusion_pytorch_model"), shape), shape)
    }

    private func weights(_ part: String, _ name: String) throws -> Weights {
        try WeightStore(folder: folder + "/" + part, name: name, dtype: dtype, device: device).weights
    }

    private func integers(_ name: String, rank: Int) throws -> Tensor {
        let tensor = try given.tensor(name)
        guard [.int64, .int32].contains(tensor.dtype), tensor.rank == rank else {
            throw wrong(name, "is \(tensor.dtype)\(tensor.shape); int64 of \(rank) dimensions is needed")
        }
        return tensor.to(dtype: .int64, device: device)
    }

    private func values(_ name: String, rank: Int, dtype wanted: DType? = nil) throws -> Tensor {
        let tensor = try given.tensor(name)
        guard tensor.dtype.isFloatingPoint, tensor.rank == rank else {
            throw wrong(name, "is \(tensor.dtype)\(tensor.shape); float32 of \(rank) dimensions is needed")
        }
        return tensor.to(dtype: wanted ?? dtype, device: device)
    }

    private func wrong(_ name: String, _ what: String) -> Failure {
        .badInput("\(given.path): tensor \"\(name)\" \(what)")
    }
}
