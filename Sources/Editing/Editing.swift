public import Diffusion
import Foundation
import Imaging
import Tensors

extension Engine {
    /// Edits an image and tells of it as it goes.
    ///
    /// The request is checked before anything runs; a mistake in it ends the stream at once with an `EditingError`.
    /// - Parameter cache: where inversions are kept; nil computes them anew.
    public nonisolated func edit(
        _ request: EditRequest, cache: InversionCache? = nil
    ) -> AsyncThrowingStream<Event<EditResult>, any Error> {
        run { try $0.edit(request, cache: cache) }
    }

    /// Edits an image and answers the result.
    public nonisolated func edited(
        _ request: EditRequest, cache: InversionCache? = nil, notify: (Notice) -> Void = { _ in }
    ) async throws -> EditResult {
        try await result(notify: notify) { try $0.edit(request, cache: cache) }
    }
}

extension DiffusionSession {
    /// Edits an image: brings it to the model's size, lets the method paint, and brings the result back.
    /// - Parameters:
    ///   - cache: where inversions are kept; nil computes them anew.
    ///   - finder: what finds a mask that is asked for in words.
    /// - Throws: `EditingError`, `DiffusionError`, `CancellationError`.
    public func edit(
        _ given: EditRequest, cache: InversionCache? = nil, finder: any WordMaskFinder = AttentionMaskFinder()
    ) throws -> EditResult {
        let asked = try given.withTunedSettings(for: model.facts)
        let checked = try asked.checked(with: model.settings)
        try checked.requireRelevance(asked.relevance)
        try checked.requireCLIP(asked.clip)
        if let offset = checked.settings.offset { try setStepsOffset(offset) }
        if let advice = checked.advice { warn(advice) }
        advise(on: asked)
        let sampler = checked.sampler(along: schedule)
        let levels = try sampler.levels(of: schedule, steps: checked.settings.steps)
        let facts = model.facts
        if checked.description.needs.imageChannels, facts.inputChannels != 2 * facts.latentChannels {
            throw EditingError.wrongModel(
                method: checked.description.name, wanted: "a model trained to follow instructions",
                channels: facts.inputChannels, latentChannels: facts.latentChannels)
        }
        let (request, maskWords) = try findingMask(of: asked, by: finder)
        let size = workingSize(of: request)
        let working = request.image.resized(to: size)
        request.tuned?.advice(for: request, seenAs: working).forEach(warn)
        let context = try self.context(of: request, checked, levels, working, cache: cache)
        let painting = try checked.method.edit(context)
        let painted = try painting.finished?.image.resized(to: size) ?? decode(painting.latent)

        let found = painting.finished?.reach ?? painting.mask.map { Mask($0) }
        if let advice = checked.advice(onFound: request.mask == nil ? found : nil) { warn(advice) }
        let pasted =
            try painting.finished.map {
                $0.pasted(into: request, within: checked.description.isSpatial ? nil : request.mask)
            }
            ?? paste(
                painted, of: request, working: working, clean: context.clean, found: found,
                soft: painting.softMask.map { Mask($0) },
                repainted: checked.description.needs.tuning)
        // Before the account, which tells of these passes too.
        var roundTrip: EditRecord.RoundTrip?
        if request.measuresInversion, let path = painting.measurable {
            roundTrip = try self.roundTrip(
                of: path, from: working, guidance: context.guidance, negative: context.negative
            ).account
        }
        let account = EditRecord(
            method: checked.description.name, preset: request.preset ?? .paper,
            options: checked.options.values,
            prompt: request.prompt, source: request.source, negative: request.negative,
            regions: request.regions.isEmpty ? nil : request.regions.map(\.description), seed: request.seed,
            settings: checked.settings, sampler: sampler.name,
            timesteps: levels.dropFirst().map(\.timestep), model: facts,
            workingSize: [size.width, size.height], cost: spent,
            inversionOptions: checked.inversionOptions?.values,
            inversionKept: painting.path?.isKept, roundTrip: roundTrip,
            maskArea: found.map { Double($0.area) }, maskWords: maskWords, tuned: request.tuned?.facts,
            paste: pasted.account,
            warnings: warnings)
        return EditResult(
            image: pasted.image, painted: painted, mask: request.mask ?? found,
            softMask: painting.softMask.map { Mask($0) }, layer: pasted.layer,
            account: account, trace: request.traces ? painting.arrays(from: context) : [])
    }

    /// The size that the model works at.
    func workingSize(of request: EditRequest) -> WorkingSize {
        let facts = model.facts
        return WorkingSize(
            fitting: request.image.width, request.image.height,
            longSide: max(request.workingSide ?? facts.imageSide, facts.latentFactor),
            multipleOf: facts.latentFactor)
    }

    /// What a method is given of a request.
    /// - Parameter working: the image at the size that the model works at.
    func context(
        of request: EditRequest, _ checked: CheckedRequest, _ levels: Trajectory, _ working: Image,
        cache: InversionCache?
    ) throws -> EditContext {
        let factor = model.facts.latentFactor
        let mask = request.mask.map { mask in
            let small = mask.cells(width: working.width / factor, height: working.height / factor)
            return Tensor(small.values, shape: [1, 1, small.height, small.width]).to(device: model.device)
        }
        let empty = try prompt("")
        let isSpatial = checked.description.isSpatial
        var context = EditContext(
            session: self, levels: levels,
            startStep: levels.stepCount(strength: checked.settings.strength ?? 1),
            clean: try encode(working), prompt: isSpatial ? empty : try prompt(request.prompt),
            source: try request.source.map { try prompt($0, as: "source prompt") },
            negative: try request.negative.map { try prompt($0, as: "negative prompt") } ?? empty,
            empty: empty,
            guidance: checked.settings.guidance, mask: mask,
            inversion: checked.settings.inversion ?? .ddim, random: RandomGenerator(seed: request.seed),
            inversionSettings: InversionSettings(
                options: checked.inversionOptions, seed: request.seed, cache: cache))
        context.sampler = checked.chosenSampler.map { $0.sampler(along: schedule) }
        context.image = working
        context.photo = request.image
        context.instruction = isSpatial ? request.prompt : nil
        context.isPreview = request.isPreview
        context.files = request.files
        context.layout = request.regions
        context.relevance = request.relevance
        context.clip = request.clip
        context.workingSide = request.workingSide
        context.tunedFile = request.tuned
        context.seed = request.seed
        context.imageMask = request.mask?.resized(width: working.width, height: working.height)
        context.regions = try regions(
            request.regions.painted, height: working.height / factor, width: working.width / factor)
        return context
    }

    /// Regions on a latent's grid, their prompts embedded.
    func regions(_ regions: [Region], height: Int, width: Int) throws -> [EditRegion] {
        try regions.enumerated().map { index, region in
            let cells = region.cells(width: width, height: height)
            return EditRegion(
                prompt: try prompt(region.prompt, as: "prompt of region \(index + 1)"),
                negative: try region.negative.map {
                    try prompt($0, as: "negative prompt of region \(index + 1)")
                },
                cells: Tensor(cells.values, shape: [1, 1, height, width]).to(device: model.device))
        }
    }
}

extension EditOutput {
    /// The path whose error can be measured, if the method told of one.
    fileprivate var measurable: InvertedTrajectory? {
        path.flatMap { $0.startStep > 0 ? $0 : nil }
    }
}

extension Mask {
    /// The mask of a tensor [1, 1, height, width].
    init(_ tensor: Tensor) {
        let (_, _, height, width) = tensor.shape4
        self.init(width: width, height: height, values: tensor.floats)
    }
}

extension EditOutput {
    /// Everything a trace file holds, under the names of the documentation.
    func arrays(from context: EditContext) -> [NamedArray] {
        var tensors = trace
        tensors["initial_latent"] = context.clean
        tensors["final_latent"] = latent
        tensors["mask"] = mask
        tensors["mask_soft"] = softMask
        if !inversion.isEmpty { tensors["inversion_levels"] = .stacked(inversion) }
        return tensors.sorted { $0.key < $1.key }.map {
            NamedArray(name: $0.key, shape: $0.value.shape, values: $0.value.floats)
        }
    }
}
