import Foundation
import Layers
import Networks
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// Models of networks in memory: given, overlaid, checkpointed.
@Suite struct InMemoryModelTests {
    let folder: ModelFolder
    let base: LoadedModel

    init() throws {
        folder = try ModelFolder(path: Fixtures.model("tiny-sd1"))
        base = LoadedModel(folder: folder)
    }

    /// A model's estimate for the same latent and prompt, always.
    func answer(_ model: any DiffusionModel, _ text: String = "a red apple") throws -> Tensor {
        try withoutGradients {
            let session = DiffusionSession(model: model)
            return try session.noise(
                in: RandomGenerator(seed: 1).normal([1, 4, 8, 8]), at: model.schedule.levels(steps: 5)[3],
                prompt: session.prompt(text))
        }
    }

    /// A copy of the folder with changed tensors, removed afterwards.
    func withCopy(
        unet: [String: Tensor], text: [String: Tensor], _ body: (LoadedModel) throws -> Void
    ) throws {
        let path = FileManager.default.temporaryDirectory.path + "/model-\(UUID().uuidString)"
        try FileManager.default.copyItem(atPath: folder.path, toPath: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        for (part, changed) in [("unet/diffusion_pytorch_model", unet), ("text_encoder/model", text)] {
            let file = try SafetensorsFile(path: "\(folder.path)/\(part).safetensors")
            try Safetensors.write(
                file.names.map { ($0, try changed[$0] ?? file.tensor($0)) }, to: "\(path)/\(part).safetensors"
            )
        }
        try body(LoadedModel(folder: try ModelFolder(path: path)))
    }

    /// Random tensors in the shapes of some of a part's tensors.
    func deltas(_ part: String, _ names: [String], seed: UInt64) throws -> [String: Tensor] {
        let file = try SafetensorsFile(path: "\(folder.path)/\(part).safetensors")
        let random = RandomGenerator(seed: seed)
        return try Dictionary(
            uniqueKeysWithValues: names.map { ($0, random.normal(try #require(file.shape(of: $0))) * 0.1) })
    }

    @Test("Networks that are given answer as the folder that they are from, bit for bit")
    func given() throws {
        let model = InMemoryModel(
            unet: try base.unet(), autoencoder: try base.autoencoder(), textEncoder: try base.textEncoder(),
            tokenizer: try base.tokenizer(), schedule: base.schedule, facts: base.facts)
        #expect(try answer(model).isEqual(to: answer(base)))
        #expect(model.latentScale == base.latentScale && model.contextLength == base.contextLength)
        let plan = Plan.recording(into: Recording(try base.sites.filter(\.isCrossAttentionMap)))
        #expect(
            model.bytesPerRow(latentShape: [1, 4, 8, 8], plan: plan)
                == base.bytesPerRow(latentShape: [1, 4, 8, 8], plan: plan))
        try withoutGradients {
            let image = RandomGenerator(seed: 2).uniform([1, 3, 16, 16]) * 2 - 1
            let (mine, theirs) = (try model.encode(image), try base.encode(image))
            #expect(mine.mean.isEqual(to: theirs.mean) && mine.deviation.isEqual(to: theirs.deviation))
            #expect(try model.image(of: mine.mean).isEqual(to: base.image(of: mine.mean)))
        }
    }

    @Test("A UNet alone answers embeddings, and says what it lacks for anything else")
    func alone() throws {
        let model = InMemoryModel(unet: try base.unet(), schedule: base.schedule, facts: base.facts)
        try withoutGradients {
            let level = try base.schedule.levels(steps: 5)[3]
            let latent = RandomGenerator(seed: 1).normal([1, 4, 8, 8])
            let prompt = Conditioning(embedding: try base.embed("a red apple").embedding)
            let noise = try DiffusionSession(model: model).noise(in: latent, at: level, prompt: prompt)
            #expect(relativeError(noise, try answer(base)) < 1e-5)
            let error = #expect(throws: DiffusionError.self) { try model.embed("a red apple") }
            #expect(error?.description == "the model has no tokenizer, which this needs")
            #expect(throws: DiffusionError.missingComponent(name: "autoencoder")) {
                try model.image(of: latent)
            }
            #expect(throws: DiffusionError.missingComponent(name: "text encoder")) {
                try model.textEncoder()
            }
        }
    }

    @Test("An overlay of zero deltas answers as its base, under a fingerprint of its own")
    func zeroDeltas() throws {
        let zeros = try deltas("unet/diffusion_pytorch_model", ["conv_in.weight"], seed: 1)
            .mapValues(\.zerosLike)
        let overlaid = try base.overlaid(unet: [.adding(zeros)])
        #expect(try answer(overlaid).isEqual(to: answer(base)))
        let prints = [
            base.facts.fingerprint, overlaid.facts.fingerprint,
            try base.overlaid(unet: [.adding(zeros, scale: 2)]).facts.fingerprint,
            try base.overlaid(unet: [.replacing(zeros)]).facts.fingerprint,
            try base.overlaid(unet: [.adding(zeros), .adding(zeros)]).facts.fingerprint,
            try base.overlaid(unet: [.adding(zeros.mapValues { $0 + 1 })]).facts.fingerprint,
        ]
        #expect(Set(prints).count == prints.count && prints.allSatisfy { $0.count == 16 })
        #expect(try base.overlaid(unet: [.adding(zeros)]).facts == overlaid.facts)
        #expect(try base.overlaid().facts == base.facts)
        var facts = overlaid.facts
        facts.fingerprint = base.facts.fingerprint
        #expect(facts == base.facts)
    }

    @Test("Deltas over UNet and text encoder answer as a folder of the sums, and the base as before")
    func deltas() throws {
        let unet = try deltas(
            "unet/diffusion_pytorch_model",
            ["conv_in.weight", "mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight"], seed: 1)
        let text = try deltas(
            "text_encoder/model", ["text_model.embeddings.token_embedding.weight"], seed: 2)
        let before = try answer(base)
        let overlaid = try base.overlaid(
            unet: [.adding(unet, scale: 0.7)], textEncoder: [.adding(text, scale: -0.3)])
        let unetOnly = try base.overlaid(unet: [.adding(unet, scale: 0.7)])
        func sums(_ part: String, _ deltas: [String: Tensor], _ scale: Double) throws -> [String: Tensor] {
            let file = try SafetensorsFile(path: "\(folder.path)/\(part).safetensors")
            return try Dictionary(
                uniqueKeysWithValues: deltas.map { ($0, try file.tensor($0) + $1 * scale) })
        }
        let summed = try sums("unet/diffusion_pytorch_model", unet, 0.7)
        let summedText = try sums("text_encoder/model", text, -0.3)
        try withCopy(unet: summed, text: summedText) { wanted in
            #expect(try answer(overlaid).isEqual(to: answer(wanted)))
            let (mine, theirs) = (try overlaid.embed("a pear"), try wanted.embed("a pear"))
            #expect(mine.embedding.isEqual(to: theirs.embedding))
        }
        try withCopy(unet: summed, text: [:]) { wanted in
            #expect(try answer(unetOnly).isEqual(to: answer(wanted)))
            #expect(try unetOnly.textEncoder() === base.textEncoder())
            let replaced = try base.overlaid(unet: [.replacing(summed)])
            #expect(try answer(replaced).isEqual(to: answer(wanted)))
        }
        #expect(relativeError(try answer(overlaid), before) > 1e-3)
        #expect(try answer(base).isEqual(to: before))
        #expect(try answer(LoadedModel(folder: folder)).isEqual(to: before))
    }

    @Test("An overlay for another network is refused by tensor and folder before anything is computed")
    func strangers() throws {
        let good = try deltas("unet/diffusion_pytorch_model", ["conv_in.weight"], seed: 1)
        let wrong = #expect(throws: WeightError.self) {
            try base.overlaid(unet: [.adding(good)], textEncoder: [.adding(["conv_in.weight": .zeros([4])])])
        }
        #expect(
            wrong?.description
                == "the overlay changes tensor conv_in.weight, which is not in \(folder.path)/text_encoder; was it made "
                + "for another network?")
        let misshapen = #expect(throws: WeightError.self) {
            try base.overlaid(unet: [.adding(["conv_in.weight": .zeros([4, 9, 3, 3])])])
        }
        #expect(
            misshapen?.description
                == "the overlay's tensor conv_in.weight has shape [4, 9, 3, 3], but that in \(folder.path)/unet has "
                + "[4, 4, 3, 3]; was it made for another network?")
        #expect(base.weights.flatMap(\.tensors).isEmpty)
    }

    @Test("Deltas that are no numbers are named by part and tensor in the first pass")
    func brokenDeltas() throws {
        let overlaid = try base.overlaid(unet: [.adding(["conv_out.bias": .full([4], .nan)])])
        let part = "\(folder.path)/unet with an overlay"
        #expect(throws: DiffusionError.brokenWeights(part: part, tensor: "conv_out.bias")) {
            try answer(overlaid)
        }
    }

    @Test("A checkpointing model runs blocks once more for gradients, which stay the same")
    func checkpointing() throws {
        final class Visits { var count = 0 }
        func run(checkpointing: Bool) throws -> (visits: [Int], noise: Tensor, slopes: [Tensor]) {
            let model = LoadedModel(folder: folder, dtype: .float64, checkpointing: checkpointing)
            let session = DiffusionSession(model: model)
            let visits = Visits()
            let plan = Plan.editing([try #require(try model.sites.named("up1.0.self.query"))]) { _, value in
                visits.count += 1
                return value * 1.1
            }
            let level = try model.schedule.levels(steps: 5)[3]
            let start = RandomGenerator(seed: 1).normal([1, 4, 8, 8]).to(dtype: .float64)
            let embedding = try withoutGradients { try model.embed("a red apple").embedding }
            func query(_ latent: Tensor, _ prompt: Tensor) -> Query {
                Query(latent, at: level, prompt: Conditioning(embedding: prompt), plan: plan)
            }
            _ = try withoutGradients { try session.predict([query(start, embedding)]) }
            var counts = [visits.count]
            let (latent, prompt) = (start.requiringGradient, embedding.requiringGradient)
            let noise = try withGradients { try session.predict([query(latent, prompt)])[0] }
            counts.append(visits.count)
            let slopes = try session.gradients(
                of: noise.squared.sum, withRespectTo: [latent, prompt], rows: 1)
            counts.append(visits.count)
            return (counts, noise.detached, slopes)
        }
        let (plain, checkpointed) = (try run(checkpointing: false), try run(checkpointing: true))
        #expect(plain.visits == [1, 2, 2])
        #expect(checkpointed.visits == [1, 2, 3])
        #expect(relativeError(checkpointed.noise, plain.noise) < 1e-12)
        for (one, other) in zip(checkpointed.slopes, plain.slopes) {
            #expect(relativeError(one, other) < 1e-6)
        }
    }
}
