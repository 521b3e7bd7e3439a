import Diffusion
import Editing
import Foundation
import Imaging
import Service
import Support
import Vault

/// Does one job on an engine: from names of pictures to names of pictures.
struct Painter: Sendable {
    let store: PictureStore
    let card: ModelCard
    let engine: Engine
    let threads: Int
    /// Sets what is the process's own, on the engine's thread.
    let prepare: @Sendable () -> Void
    let cache: InversionCache?
    let live: Live
    /// How often the job is shown as it is painted; never where nil.
    let previews: PreviewSettings?

    /// What came of a job: pictures whose files lie in their places, and what is told.
    struct Outcome: Sendable {
        var pictures: [PictureRow]
        var result: ResultRow?
        var told: JSONValue
        var forwards = 0
    }

    /// Does a job.
    /// - Throws: what is wrong with it; `CancellationError`.
    func paint(_ job: JobRow) async throws -> Outcome {
        let request = try JobRequest(JSONValue(line: job.request))
        switch request.kind {
        case .edit: return try await edit(request, of: job)
        case .mask: return try await findMask(request, of: job)
        case .generate: return try await generate(request, of: job)
        }
    }

    func done<Value: Sendable>(
        _ work: @escaping @Sendable (DiffusionSession) throws -> Value
    ) async throws -> Value {
        let (prepare, live, previews) = (prepare, live, previews)
        do {
            return try await engine.result(notify: { live.take($0) }) { session in
                prepare()
                session.showPreviews(previews)
                return try work(session)
            }
        } catch let error as CancellationError {
            // What learns may still be writing a checkpoint.
            await engine.settle()
            throw error
        }
    }

    private func edit(_ request: JobRequest, of job: JobRow) async throws -> Outcome {
        let (asked, photo, name) = try await material(of: request)
        let cache = cache
        let result = try await done { try $0.edit(asked, cache: cache) }
        try Task.checkCancellation()
        let producer = Producer(naming: .fields)
        let finished = try await store.work { try result.finished(for: photo) }
        let picture = try await store.place(finished, as: .result)
        let painted = try await store.place(result.painted, as: .painted)
        let mask = result.reach.map {
            $0.resized(width: photo.image.width, height: photo.image.height).image()
        }
        let reach = try await place(mask, as: .mask)
        let soft = try await place(result.softMask?.image(), as: .soft)
        let report = try EditReport(
            result.account, photo: name, output: "\(picture.id.prefix(8)).png", image: photo.image,
            threads: threads, by: producer)
        let account = StoredAccount(result.account, report: report.json, threads: threads, photo: name)
        let row = ResultRow(
            job: job.id, picture: picture.id, photo: request.picture, painted: painted.id, mask: reach?.id,
            soft: soft?.id, width: picture.width, height: picture.height, account: try account.line)
        return Outcome(
            pictures: [picture, painted, reach, soft].compactMap(\.self), result: row, told: .text(row.id),
            forwards: result.account.cost.forwards)
    }

    private func place(_ image: Image?, as origin: PictureRow.Origin) async throws -> PictureRow? {
        guard let image else { return nil }
        return try await store.place(image, as: origin)
    }

    /// The request of the library, pixels and files included, with the photo that it is about.
    func material(
        of request: JobRequest
    ) async throws -> (request: EditRequest, photo: Photo, name: String) {
        guard let id = request.picture else {
            throw Problem("missing", 422, "the request names no picture", field: "picture")
        }
        let photo = try await store.photo(id)
        let mask = try await request.readMask(in: store, width: photo.image.width, height: photo.image.height)
        {
            live.warn($0)
        }
        let advice = SizeAdvice(of: photo.image, side: request.settings.workingSide, for: card.facts)
        advice.lines.forEach(live.warn)
        var settings = request.settings
        settings.method = try Registry.method(named: settings.method).description.name
        var asked = EditRequest(
            settings, image: photo.image, mask: mask, regions: try await request.readRegions(in: store))
        asked.maskWords = request.mask?.maskWords
        asked.files = request.sentences.mapValues { .sentences($0) }
        let needs = try Registry.method(named: settings.method).description.needs
        if let path = card.path {
            if needs.relevance { asked.relevance = try .companion(nil, of: path) }
            if needs.clip == true { asked.clip = try .companion(nil, of: path) }
        }
        let label = try await store.vault.picture(id)?.label
        return (asked, photo, label ?? String(id.prefix(8)))
    }

    private func generate(_ request: JobRequest, of job: JobRow) async throws -> Outcome {
        let settings = request.settings
        let asked = GenerationRequest(
            prompt: settings.prompt, negative: settings.negative, seed: settings.seed,
            steps: settings.steps ?? 50, guidance: settings.guidance ?? 7.5, eta: request.eta,
            width: request.width, height: request.height, regions: try await request.readRegions(in: store))
        let made = try await done { try $0.generate(asked) }
        try Task.checkCancellation()
        let picture = try await store.place(made.image, as: .result)
        var record = SamplingRecord(
            command: "generate", prompt: asked.prompt, steps: asked.steps, guidance: asked.guidance,
            width: picture.width, height: picture.height, model: made.model, cost: made.cost,
            threads: threads, by: Producer(naming: .fields))
        record.negative = asked.negative
        record.regions = asked.regions.isEmpty ? nil : asked.regions.map(\.description)
        record.seed = asked.seed
        record.eta = asked.eta
        let account = try StoredAccount(record, threads: threads)
        let row = ResultRow(
            job: job.id, picture: picture.id, photo: nil, width: picture.width, height: picture.height,
            account: try account.line)
        return Outcome(
            pictures: [picture], result: row, told: .text(row.id), forwards: made.cost.forwards)
    }
}

extension StoredAccount {
    /// The account as a row keeps it.
    var line: String { get throws { try jsonLine(self, naming: .plain) } }
}

extension JSONValue {
    /// The value that a text is JSON of.
    package init(line: String) throws {
        self = try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
    }
}

extension SizeAdvice {
    /// What should be known of the size of a photo that a model works on.
    /// - Parameter side: the long side that was asked for; the model's own where nil.
    init(of photo: Image, side: Int?, for model: ModelFacts) {
        let size = WorkingSize(
            fitting: photo.width, photo.height, longSide: max(side ?? model.imageSide, model.latentFactor),
            multipleOf: model.latentFactor)
        self.init(
            photo: (photo.width, photo.height), working: (size.width, size.height), own: model.imageSide)
    }
}
