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
        let job = try prepared(given, cache: cache, finder: finder)
        let (request, context, checked) = (job.request, job.context, job.checked)
        if request.isPreview, !checked.description.isSpatial { return try preview(of: job) }
        let painting = try checked.method.edit(context)
        // What comes after it is no longer painted.
        showPreviews(nil)
        let painted = try painting.finished?.image.resized(to: job.size) ?? decode(painting.latent)

        let found = painting.finished?.reach ?? painting.mask.map { Mask($0) }
        let soft = painting.softMask.map { Mask($0) }
        if let advice = checked.advice(onFound: request.mask == nil ? found : nil) { warn(advice) }
        let pasted =
            try painting.finished.map {
                $0.pasted(
                    into: request, at: job.window,
                    within: checked.description.isSpatial ? nil : job.seen.mask)
            }
            ?? paste(
                painted, of: request, at: job.window, opened: job.seen.mask, working: job.working,
                clean: context.clean, found: found, soft: soft,
                repainted: checked.description.needs.tuning)
        // Before the account, which tells of these passes too.
        var roundTrip: EditRecord.RoundTrip?
        if request.measuresInversion, let path = painting.measurable {
            roundTrip = try self.roundTrip(
                of: path, from: job.working, guidance: context.guidance, negative: context.negative
            ).account
        }
        var account = account(of: job)
        account.inversionKept = painting.path?.isKept
        account.roundTrip = roundTrip
        account.maskArea = found.map { Double($0.area) }
        account.paste = pasted.account
        return EditResult(
            image: pasted.image, painted: painted, mask: request.mask ?? found, softMask: soft,
            layer: pasted.layer, account: account,
            trace: request.traces ? painting.arrays(from: context) : [])
    }

    /// A request made ready for its method.
    private struct Job {
        /// The request with the mask that it asked for in words.
        var request: EditRequest
        let checked: CheckedRequest
        let levels: Trajectory
        let maskWords: WordMaskRecord?
        /// The part of the image that the model is shown; nil is all of it.
        let window: PixelBox?
        /// The request of that part.
        let seen: EditRequest
        /// The size that the model works at.
        let size: WorkingSize
        /// That part at that size.
        let working: Image
        let context: EditContext
    }

    /// Checks a request against the model, finds the mask that it asks for in words, and encodes its image.
    private func prepared(
        _ given: EditRequest, cache: InversionCache?, finder: any WordMaskFinder
    ) throws -> Job {
        let asked = try given.withTunedSettings(for: model.facts)
        let checked = try asked.checked(with: model.settings)
        try checked.requireRelevance(asked.relevance)
        // What the towers have said is in a file that was tuned before.
        if asked.tuned == nil { try checked.requireCLIP(asked.clip) }
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
        let window = request.window(side: workingSide(of: request))
        let seen = window.map { request.part($0) } ?? request
        let size = workingSize(of: seen)
        let working = seen.image.resized(to: size)
        request.tuned?.advice(for: request, seenAs: working).forEach(warn)
        return Job(
            request: request, checked: checked, levels: levels, maskWords: maskWords, window: window,
            seen: seen, size: size, working: working,
            context: try context(of: seen, checked, levels, working, cache: cache))
    }

    /// The image with what may change tinted, and the mask itself; nothing is painted.
    private func preview(of job: Job) throws -> EditResult {
        let photo = job.request.image
        let found = try (job.checked.method as? any MaskFinding)?.findMask(job.context)
        let (mask, soft) = (found.map { Mask($0.mask) }, found.map { Mask($0.soft) })
        if let advice = job.checked.advice(onFound: mask) { warn(advice) }
        let (width, height) = (photo.width, photo.height)
        let coverage =
            job.request.mask.map { Coverage(given: $0, width: width, height: height, feather: 0) }
            ?? mask.map { Coverage(found: $0, soft: soft, width: width, height: height, feather: 0) }
        var account = account(of: job)
        account.maskArea = (mask ?? job.request.mask).map { Double($0.area) }
        return EditResult(
            image: coverage.map { photo.overlaid(with: $0.mask) } ?? photo, painted: job.working,
            mask: job.request.mask ?? mask, softMask: soft, layer: nil, account: account, trace: [])
    }

    /// What an edit says of itself, but for what it found and how that was pasted.
    private func account(of job: Job) -> EditRecord {
        let (request, checked) = (job.request, job.checked)
        return EditRecord(
            method: checked.description.name, preset: request.preset ?? .paper,
            options: checked.options.values,
            prompt: request.prompt, source: request.source, negative: request.negative,
            regions: request.regions.isEmpty ? nil : request.regions.map(\.description), seed: request.seed,
            settings: checked.settings, sampler: checked.sampler(along: schedule).name,
            timesteps: job.levels.dropFirst().map(\.timestep), model: model.facts,
            workingSize: [job.size.width, job.size.height],
            focus: job.window.map { [$0.left, $0.top, $0.width, $0.height] },
            isPreview: request.isPreview ? true : nil, cost: spent,
            inversionOptions: checked.inversionOptions?.values, maskWords: job.maskWords,
            tuned: request.tuned?.facts, warnings: warnings)
    }

    /// The long side that the model works at.
    private func workingSide(of request: EditRequest) -> Int {
        max(request.workingSide ?? model.facts.imageSide, model.facts.latentFactor)
    }

    /// The size that the model works at.
    func workingSize(of request: EditRequest) -> WorkingSize {
        WorkingSize(
            fitting: request.image.width, request.image.height, longSide: workingSide(of: request),
            multipleOf: model.facts.latentFactor)
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
