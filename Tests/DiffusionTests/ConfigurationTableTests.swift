import Layers
import Networks
import Support
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// Every setting of a model folder computes what diffusers computes, is corrected as it corrects, or is refused by name
/// (fixture: `Scripts/fixtures/make_configurations.py`).
@Suite struct ConfigurationTableTests {
    typealias Table = ConfigurationTable

    /// Fails where a row is read that should be refused; answers whether it should.
    private func isRefused(_ row: Table.Row, _ read: () throws -> Void) -> Bool {
        guard let refusal = row.refusal else { return false }
        do {
            try read()
            Issue.record("it is read, and should be refused: \(refusal)")
        } catch {
            #expect("\(error)" == "config.json: " + refusal)
        }
        return true
    }

    /// The weights that a network asks for, made from their names.
    private func weights(_ build: (Weights) throws -> Void) throws -> Weights {
        let blank = WeightStore(initializing: 0)
        try build(blank.weights)
        let made = blank.parameters.map { ($0.name, Table.made($0.name, $0.tensor.shape)) }
        return WeightStore(tensors: Dictionary(uniqueKeysWithValues: made)).weights
    }

    private func expectAgreement(
        _ tensor: Tensor, _ row: Table.Row, _ name: String, tolerance: Double = 2e-5
    ) {
        let (found, wanted) = (Table.digest(tensor), row.numbers(name))
        #expect(found.count == wanted.count)
        let largest = wanted.map(abs).max() ?? 0
        for (found, wanted) in zip(found, wanted) {
            #expect(abs(found - wanted) <= tolerance * largest, "\(name): \(found), not \(wanted)")
        }
    }

    @Test("The table holds every part, and more that runs than a few")
    func isThere() throws {
        for part in ["unet", "vae", "text", "scheduler"] {
            let rows = try Table.rows(part)
            #expect(rows.filter { $0.refusal == nil }.count > 20, "\(part)")
            #expect(rows.filter { $0.refusal != nil }.count > 20, "\(part)")
        }
    }

    @Test("The UNet", arguments: try ConfigurationTable.rows("unet"))
    func unet(row: ConfigurationTable.Row) throws {
        guard !isRefused(row, { _ = try UNetConfiguration(row.file) }) else { return }
        try withoutGradients {
            let configuration = try UNetConfiguration(row.file)
            let unet = try UNet(weights { _ = try UNet($0, configuration) }, configuration)
            let prompt = Table.made("prompt", [1, 5, configuration.crossAttentionDim], weight: false)
            let latents = Table.made("latents", [1, configuration.inChannels, 8, 4], weight: false)
            expectAgreement(
                unet(latents, timesteps: Tensor([Int64(321)]), context: PromptContext(embedding: prompt)),
                row,
                "output")
        }
    }

    @Test(
        "What a UNet's settings were is written back as it was read",
        arguments: try ConfigurationTable.rows("unet"))
    func unetAgain(row: ConfigurationTable.Row) throws {
        guard row.refusal == nil else { return }
        let configuration = try UNetConfiguration(row.file)
        let scratch = try ScratchFile(PythonJSON.text(configuration.json))
        #expect(try UNetConfiguration(contentsOf: scratch.path) == configuration)
    }

    @Test("The autoencoder", arguments: try ConfigurationTable.rows("vae"))
    func autoencoder(row: ConfigurationTable.Row) throws {
        guard !isRefused(row, { _ = try AutoencoderConfiguration(row.file) }) else { return }
        try withoutGradients {
            let configuration = try AutoencoderConfiguration(row.file)
            let autoencoder = try Autoencoder(
                weights { _ = try Autoencoder($0, configuration) }, configuration)
            let image = Table.made("picture", [1, configuration.inChannels, 8, 12], weight: false)
            let moments = autoencoder.encode(image)
            expectAgreement(moments.mean, row, "mean")
            expectAgreement(moments.logVariance, row, "variance")
            let latents = Table.made("latents", [1, configuration.latentChannels, 4, 6], weight: false)
            expectAgreement(autoencoder.decode(latents), row, "picture")
            let scratch = try ScratchFile(PythonJSON.text(configuration.json))
            #expect(try AutoencoderConfiguration(contentsOf: scratch.path) == configuration)
        }
    }

    @Test("The text encoder", arguments: try ConfigurationTable.rows("text"))
    func textEncoder(row: ConfigurationTable.Row) throws {
        guard !isRefused(row, { _ = try TextEncoderConfiguration(row.file) }) else { return }
        try withoutGradients {
            let configuration = try TextEncoderConfiguration(row.file)
            let encoder = try TextEncoder(weights { _ = try TextEncoder($0, configuration) }, configuration)
            let ids = Tensor([18, 3, 5, 7, 19, 7, 1, 0].map(Int64.init), shape: [1, 8])
            let (hidden, pooled) = encoder(ids)
            expectAgreement(hidden, row, "hidden")
            expectAgreement(pooled, row, "pooled")
        }
    }

    @Test("The noise schedule", arguments: try ConfigurationTable.rows("scheduler"))
    func schedule(row: ConfigurationTable.Row) throws {
        guard !isRefused(row, { _ = try ScheduleFile(row.file, correcting: true) }) else { return }
        let file = try ScheduleFile(row.file, correcting: true)
        let schedule = file.schedule
        let levels = try schedule.levels(steps: 10)
        #expect(levels.dropFirst().reversed().map { Double($0.timestep) } == row.numbers("timesteps"))
        let bars = schedule.alphaBars
        for (found, wanted) in zip(
            [bars[0], bars[bars.count / 2], bars[bars.count - 1], schedule.finalAlphaBar],
            row.numbers("bars") + (row.fields["last"].flatMap { Double($0) }.map { [$0] } ?? []))
        {
            // The schedule that ends in noise alone keeps 2⁻²⁴ of the image.
            #expect(abs(found - wanted) <= 2e-5 * wanted + 0x1p-24, "\(found), not \(wanted)")
        }
        for (name, from) in [("first", 10), ("end", 1)] where !row.numbers(name).isEmpty {
            let latent = Table.made("latents", [1, 1, 2, 3], weight: false).to(dtype: .float64) * 1.7
            let answer = Table.made("answer", [1, 1, 2, 3], weight: false).to(dtype: .float64) * 1.7
            let noise = schedule.prediction.noise(in: answer, latent: latent, at: levels[from])
            // What is kept of the image there is 2⁻¹² of it.
            let tolerance = bars.last == 0x1p-24 ? 0x1p-11 : 2e-5
            expectAgreement(
                DDIM.step(latent, noise, from: levels[from], to: levels[from - 1]), row, name,
                tolerance: tolerance)
        }
        // What diffusers corrects is told, unless its spacing has no offset that could be seen.
        let corrected = (row.fields["corrected"]?.list ?? []).compactMap(\.text)
            .filter { $0 != "steps_offset" || schedule.spacing == .leading }
        let told = file.notices.map { $0.split(separator: " ")[1].description }
        #expect(
            told.sorted()
                == corrected.filter { key in
                    key != "clip_sample" || row.file["clip_sample"] != nil || clips(row)
                })
    }

    /// Whether the sampler that wrote the file would have clipped where it says nothing.
    private func clips(_ row: Table.Row) -> Bool {
        ["DDIMScheduler", "DDPMScheduler"].contains(row.file["_class_name"]?.text ?? "DDIMScheduler")
    }
}
