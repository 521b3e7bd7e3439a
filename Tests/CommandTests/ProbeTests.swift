import Foundation
import Tensors
import TestSupport
import Testing

/// `probe` against diffusers and transformers on random weights, through files and processes as users do it.
@Suite struct ProbeTests {
    static let models = ["tiny-sd1", "tiny-sd2", "tiny-odd"]

    /// Runs a component on tensors of the reference's file and answers what it wrote.
    private func probe(
        _ component: String, _ model: String, _ inputs: [String], from section: String? = nil,
        _ more: [String] = []
    ) throws -> SafetensorsFile {
        let folder = try Folder()
        let expected = try Fixtures.expected(model)
        try Safetensors.write(
            inputs.map { ($0, try expected.tensor("\(section ?? component).\($0)")) },
            to: folder["in.safetensors"])
        let outcome = try Program.run(
            [
                "probe", component, "--model", Fixtures.model(model), "--input", folder["in.safetensors"],
                "--output",
                folder["out.safetensors"],
            ] + more)
        #expect(outcome.status == 0, "\(outcome.errors)")
        // The map outlives the file's name.
        return try SafetensorsFile(path: folder["out.safetensors"])
    }

    @Test(
        "The text encoder, the UNet and the autoencoder answer what the references answer", arguments: models)
    func components(model: String) throws {
        let expected = try Fixtures.expected(model)
        let passes: [(String, [String], [String: String])] = [
            ("text-encoder", ["input_ids"], ["last_hidden_state": "last_hidden_state", "pooled": "pooled"]),
            ("unet", ["sample", "timestep", "encoder_hidden_states"], ["sample": "output"]),
            ("vae-encoder", ["image"], ["mean": "mean", "logvar": "logvar"]),
            ("vae-decoder", ["latent"], ["image": "image"]),
        ]
        for (component, inputs, outputs) in passes {
            let file = try probe(component, model, inputs)
            #expect(Set(file.names) == Set(outputs.keys))
            for (ours, theirs) in outputs {
                let error = relativeError(
                    try file.tensor(ours), try expected.tensor("\(component).\(theirs)"))
                #expect(error < 2e-5, "\(component) \(ours)")
            }
        }
    }

    @Test("Walks in both directions visit the latents that diffusers' schedulers visit")
    func walks() throws {
        let expected = try Fixtures.expected("tiny-sd2")
        for component in ["ddim-invert", "ddim-sample"] {
            let file = try probe(
                component, "tiny-sd2", ["latent", "encoder_hidden_states"], from: "ddim", ["--steps", "20"])
            let levels = try file.tensor("levels")
            #expect(relativeError(levels, try expected.tensor("\(component)-20.levels")) < 1e-4)
            #expect(relativeError(levels.selected(0, at: 0), try expected.tensor("ddim.latent")) == 0)
        }
    }

    @Test("Sites come out under their printed names, one row per sample")
    func sites() throws {
        let names = "down2.0.cross.map,up1.2.self.query"
        let file = try probe(
            "unet-sites", "tiny-sd1", ["sample", "timestep", "encoder_hidden_states"], from: "unet",
            ["--sites", names])
        let expected = try Fixtures.expected("tiny-sd1")
        let path = "unet-sites.down_blocks.2.attentions.0.transformer_blocks.0.attn2.map"
        #expect(Set(file.names) == Set(names.split(separator: ",").map(String.init)))
        #expect(relativeError(try file.tensor("down2.0.cross.map"), try expected.tensor(path)) < 2e-5)
        let query = try expected.tensor(
            "unet-sites.up_blocks.1.attentions.2.transformer_blocks.0.attn1.query")
        #expect(relativeError(try file.tensor("up1.2.self.query"), query) < 2e-5)
    }

    @Test("Noise is that of torch.Generator, bit for bit")
    func noise() throws {
        let folder = try Folder()
        let outcome = try Program.run(
            ["probe", "noise", "--seed", "42", "--shape", "2,4,9,7", "--output", "n"], in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let ours = try SafetensorsFile(path: folder["n"]).tensor("noise")
        let theirs = try Fixtures.tensors("noise.safetensors").tensor("seed42.2x4x9x7")
        #expect(ours.floats.map(\.bitPattern) == theirs.floats.map(\.bitPattern))
    }

    @Test("The tokenizer's ids are int64 [1, L], start and end included")
    func tokenizer() throws {
        let folder = try Folder()
        let outcome = try Program.run(
            [
                "probe", "tokenizer", "--model", Fixtures.model("tiny-sd1"), "--text", "a cat", "--output",
                folder["t.safetensors"],
            ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let ids = try SafetensorsFile(path: folder["t.safetensors"]).tensor("input_ids")
        #expect(ids.dtype == .int64 && ids.rank == 2 && ids.shape[0] == 1)
        let values = ids.scalars(as: Int64.self)
        #expect(Set(values).count > 2 && values.first != values.last)
    }

    @Test("A tensor of the wrong shape or a site that is not there is refused by name")
    func refusals() throws {
        let folder = try Folder()
        try Safetensors.write([("latent", .zeros([1, 5, 4, 4]))], to: folder["in.safetensors"])
        let shape = try Program.run(
            [
                "probe", "vae-decoder", "--model", Fixtures.model("tiny-sd1"), "--input",
                folder["in.safetensors"],
                "--output", folder["out.safetensors"],
            ])
        #expect(shape.status == 65 && shape.errors.contains("[1, 5, 4, 4]"), "\(shape.errors)")
        let name = try Program.run(
            [
                "probe", "unet", "--model", Fixtures.model("tiny-sd1"), "--input", folder["in.safetensors"],
                "--output", folder["out.safetensors"],
            ])
        #expect(name.status == 65 && name.errors.contains("\"sample\""), "\(name.errors)")
        #expect(folder.names == ["in.safetensors"])
    }
}
