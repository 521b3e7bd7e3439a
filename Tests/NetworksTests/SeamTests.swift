import Layers
import Networks
import Tensors
import TestSupport
import Testing

/// What must hold of every site, plan and recording, on a tiny UNet with random weights.
@Suite struct SeamTests {
    let unet: UNet
    let latents: Tensor  // [2, 4, 8, 16]
    let timesteps: Tensor
    let prompts: Tensor  // [2, 12, 16]

    /// Sites of the tiny model, by name, for parameterised tests.
    static let siteNames: [String] = (try? ParityTests.unet("tiny-sd1").sites.map(\.description)) ?? []

    init() throws {
        // Double precision, so that what should be equal is equal to many digits.
        unet = try ParityTests.unet("tiny-sd1", dtype: .float64)
        let expected = try Fixtures.expected("tiny-sd1")
        latents = try expected.tensor("unet.sample").to(dtype: .float64)
        timesteps = try expected.tensor("unet.timestep")
        prompts = try expected.tensor("unet.encoder_hidden_states").to(dtype: .float64)
    }

    func predict(_ plans: [Plan] = [], rows: Range<Int> = 0..<2) -> Tensor {
        unet(
            latents.rows(rows), timesteps: timesteps.rows(rows),
            context: PromptContext(embedding: prompts.rows(rows)), plans: plans)
    }

    func site(_ name: String) throws -> Site { try #require(unet.sites.named(name)) }

    @Test("An empty plan changes nothing, bit for bit")
    func emptyPlan() {
        #expect(predict([.none, .none]).isEqual(to: predict()))
    }

    @Test("Sites have distinct printed forms, and every one is found by it")
    func printedForms() {
        #expect(Set(unet.sites.map(\.description)).count == unet.sites.count)
        #expect(unet.sites.allSatisfy { unet.sites.named($0.description) == $0 })
        #expect(unet.sites.filter(\.isCrossAttentionMap).count == 16)
        #expect(unet.sites.named("up9.0.self.map") == nil)
    }

    @Test(
        "Recorded maps are non-negative and their rows sum to 1",
        arguments: siteNames.filter { $0.hasSuffix("map") })
    func mapsAreDistributions(name: String) throws {
        let site = try site(name)
        let recording = Recording([site])
        _ = predict([.recording(into: recording)], rows: 0..<1)
        let map = recording[site]
        #expect(map.smallest().item >= 0)
        #expect(relativeError(map.sum([-1]), .ones(map.sum([-1]).shape)) < 1e-12)
    }

    @Test("Replaying a pass's own recording reproduces the pass", arguments: siteNames)
    func replaying(name: String) throws {
        let site = try site(name)
        let recording = Recording([site])
        let first = predict([.recording(into: recording)], rows: 0..<1)
        let second = predict([.replaying(recording)], rows: 0..<1)
        #expect(first.isEqual(to: second))
    }

    @Test("Another row's recording changes the prediction", arguments: siteNames)
    func replayingAnother(name: String) throws {
        let site = try site(name)
        let recording = Recording([site])
        _ = predict([.recording(into: recording)], rows: 1..<2)
        let plain = predict(rows: 0..<1)
        let moved = predict([.replaying(recording)], rows: 0..<1)
        #expect(relativeError(moved, plain) > 1e-9)
    }

    @Test("Rows in one batch give what they give one by one", arguments: siteNames)
    func batchedIsSequential(name: String) throws {
        let site = try site(name)
        let source = Recording([site])
        let halving = Plan.editing([site]) { site, own in own * 0.5 + source[site] * 0.5 }
        let together = predict([.recording(into: source), halving])
        let first = predict([.recording(into: source)], rows: 0..<1)
        let second = predict([halving], rows: 1..<2)
        #expect(relativeError(together, .concatenated([first, second])) < 1e-11)
    }

    @Test(
        "Forming the map explicitly gives what fused attention gives",
        arguments: siteNames.filter { $0.hasSuffix("map") })
    func explicitIsFused(name: String) throws {
        let looked = predict([.recording(into: Recording([try site(name)]))], rows: 0..<1)
        #expect(relativeError(looked, predict(rows: 0..<1)) < 1e-11)
    }

    @Test("A pass reaches every site exactly once, in the order listed")
    func everySiteOnce() {
        final class Visits { var sites: [Site] = [] }
        let visits = Visits()
        let plan = Plan.editing(unet.sites) { site, value in
            visits.sites.append(site)
            return value
        }
        _ = predict([plan], rows: 0..<1)
        #expect(visits.sites == unet.sites)
        // The names that the other tests of this suite run over.
        #expect(Self.siteNames == unet.sites.map(\.description) && !Self.siteNames.isEmpty)
    }

    @Test(
        "Gradients through a recorded map agree with finite differences",
        arguments: ["down1.0.cross.map", "middle.0.self.map"])
    func gradientThroughMap(name: String) throws {
        let site = try site(name)
        /// The loss Σ map² of a latent.
        func loss(_ latent: Tensor) -> Tensor {
            let recording = Recording([site], detached: false)
            _ = unet(
                latent, timesteps: timesteps.rows(0..<1),
                context: PromptContext(embedding: prompts.rows(0..<1)),
                plans: [.recording(into: recording)])
            return recording[site].squared.sum
        }
        let start = latents.rows(0..<1)
        let leaf = start.requiringGradient
        let slope = gradient(of: loss(leaf), withRespectTo: leaf)
        let direction = RandomGenerator(seed: 3).normal(start.shape).to(dtype: .float64)
        let step = 1e-4
        let difference =
            (loss(start + direction * step).item - loss(start - direction * step).item) / (2 * step)
        let predicted = (slope * direction).sum.item
        #expect(abs(predicted) > 1e-9)
        #expect(abs(difference - predicted) < 1e-5 * abs(predicted) + 1e-10)
    }

    @Test("Checkpointing changes neither prediction nor gradients, with edits and recordings in place")
    func checkpointing() throws {
        let store = try WeightStore(
            folder: Fixtures.model("tiny-sd1") + "/unet", name: "diffusion_pytorch_model", dtype: .float64)
        let unet = try UNet(store.weights, unet.configuration)
        let parameters = store.parameters.map(\.tensor)
        for parameter in parameters { parameter.recordsGradient = true }
        let edited = try site("up1.0.self.query")
        let kept = try site("down2.0.cross.map")
        func run(checkpointing: Bool) -> (prediction: Tensor, gradients: [Tensor]) {
            let (latent, prompt) = (latents.requiringGradient, prompts.requiringGradient)
            let recording = Recording([kept], detached: false)
            let plan = Plan.recording(into: recording).then(.editing([edited]) { _, value in value * 1.1 })
            let prediction = unet(
                latent, timesteps: timesteps, context: PromptContext(embedding: prompt), plans: [plan, plan],
                checkpointing: checkpointing)
            let loss = prediction.squared.sum + recording[kept].squared.sum
            return (prediction, gradients(of: loss, withRespectTo: [latent, prompt] + parameters))
        }
        let (plain, checkpointed) = (run(checkpointing: false), run(checkpointing: true))
        #expect(relativeError(checkpointed.prediction, plain.prediction) < 1e-12)
        for (left, right) in zip(checkpointed.gradients, plain.gradients) {
            #expect((left - right).absolute.amax().item <= 1e-12 * max(right.absolute.amax().item, 1))
        }
    }

    @Test("Plans compose in order, and a recording sees the value before any edit")
    func composition() throws {
        let site = try site("middle.0.features")
        let recording = Recording([site])
        let doubled = Plan.editing([site]) { _, value in value * 2 }
        let shifted = Plan.editing([site]) { _, value in value + 1 }
        let both = predict([doubled.then(shifted)], rows: 0..<1)
        let asOne = predict([.editing([site]) { _, value in value * 2 + 1 }], rows: 0..<1)
        let otherWay = predict([shifted.then(doubled)], rows: 0..<1)
        #expect(both.isEqual(to: asOne))
        #expect(!both.isEqual(to: otherWay))
        _ = predict([doubled.then(.recording(into: recording))], rows: 0..<1)
        let plain = Recording([site])
        _ = predict([.recording(into: plain)], rows: 0..<1)
        #expect(recording[site].isEqual(to: plain[site]))
    }

    @Test("Reading a site that was not reached ends the process")
    func unreachedSite() async {
        await #expect(processExitsWith: .failure) {
            let unet = try ParityTests.unet("tiny-sd1")
            _ = Recording(unet.sites.prefix(1))[unet.sites[0]]
        }
    }

    @Test("Prompts prepared once predict what prompts in the pass predict, also as joined rows")
    func preparedPrompts() {
        let whole = unet(latents, timesteps: timesteps, context: unet.context(prompts))
        let joined = PromptContext.concatenated([
            unet.context(prompts.rows(0..<1)), unet.context(prompts.rows(1..<2)),
        ])
        #expect(relativeError(unet(latents, timesteps: timesteps, context: joined), whole) < 1e-11)
    }
}
