import Benchmarks
public import Diffusion
import Editing
import ImageMetrics
import Imaging
public import Perception

extension DiffusionSession {
    /// Measures a model of photos on held-out photos.
    ///
    /// Everything follows from the lists and the settings.
    /// - Parameter judge: says what images show; without it nothing is generated, and edits of kind are not asked for.
    /// - Throws: `DiffusionError`, `EditingError`, `PhotoSetError`, `ImagingError`, `CancellationError`.
    public func evaluate(
        _ settings: PhotoEvaluationSettings, photos: PhotoSet, judge: LabelJudge?
    ) throws -> PhotoEvaluationReport {
        var settings = settings
        // Without settings of the model it is the paper's that count.
        if model.settings == nil { settings.edit.preset = settings.edit.preset ?? .paper }
        var report = PhotoEvaluationReport(
            model: model.facts.name, fingerprint: model.facts.fingerprint, photos: photos.fingerprint,
            settings: settings)
        let pool = photos.photos(of: settings.part)
        var draws = PCG32(seed: settings.seed)
        let shuffled = PhotoEdits.inTurns(pool, by: \.file, &draws)
        report.autoencoder = try autoencoder(on: shuffled.prefix(settings.reconstructions), of: photos)
        if let judge {
            report.judge = try answers(of: judge, on: shuffled.prefix(settings.judged), of: photos)
            report.generated = try generated(settings, photos: photos, judge: judge)
        }
        let edits = PhotoEdits(seed: settings.seed, photos: photos, part: settings.part)
        report.colourEdits = try colourEdits(edits, settings, judge: judge)
        if let judge { report.kindEdits = try kindEdits(edits, settings, judge: judge) }
        (report.forwards, report.seconds) = (spent.forwards, spent.seconds)
        return report
    }

    /// Mean PSNR of photos at the model's size after encoding and decoding; nil without photos.
    private func autoencoder(on chosen: ArraySlice<PhotoSet.Photo>, of photos: PhotoSet) throws -> Double? {
        var decibels: [Double] = []
        for photo in steps("autoencoder", chosen) {
            let image = try photos.image(photo.file).middleSquare(side: model.facts.imageSide)
            decibels.append(image.decibels(to: try decode(encode(image)))?.value ?? 0)
        }
        return Statistics.mean(decibels)
    }

    /// What the judge takes photos for, by group of labels.
    private func answers(
        of judge: LabelJudge, on chosen: ArraySlice<PhotoSet.Photo>, of photos: PhotoSet
    ) throws -> [String: PhotoEvaluationReport.JudgeAnswers] {
        var pairs: [String: [(wanted: String, seen: String)]] = [:]
        for photo in steps("the judge", chosen) {
            let seen = judge.labels(of: [try photos.image(photo.file)])[0]
            for (group, wanted) in [("kind", photo.kind), ("colour", photo.colour)] {
                if let label = seen[group] { pairs[group, default: []].append((wanted, label.name)) }
            }
        }
        return pairs.mapValues { PhotoEvaluationReport.JudgeAnswers($0) }
    }

    /// Generated images of every kind in every colour that it has often enough, judged.
    private func generated(
        _ settings: PhotoEvaluationSettings, photos: PhotoSet, judge: LabelJudge
    ) throws -> [String: PhotoEvaluationReport.JudgeAnswers] {
        let subjects = photos.subjects(atLeast: settings.leastPhotos)
        guard !subjects.isEmpty, settings.pictures > 0 else { return [:] }
        var pairs: [String: [(wanted: String, seen: String)]] = [:]
        let size = max(limits.rows, 1)
        for start in stride(from: 0, to: settings.pictures, by: size) {
            let group = start..<min(start + size, settings.pictures)
            let asked = group.map { subjects[$0 % subjects.count] }
            let images = try samples(
                of: asked.map { try prompt($0.text) },
                seeds: group.map { settings.seed &* 1_000_000 &+ UInt64($0) }, steps: settings.steps,
                guidance: settings.guidance, stage: "pictures \(start + 1)–\(group.upperBound)")
            for (caption, seen) in zip(asked, judge.labels(of: images)) {
                for (group, wanted) in [("kind", caption.kind), ("colour", caption.colour)] {
                    if let label = seen[group] { pairs[group, default: []].append((wanted, label.name)) }
                }
            }
        }
        return pairs.mapValues { PhotoEvaluationReport.JudgeAnswers($0) }
    }

    /// Edits of colour against their true results.
    private func colourEdits(
        _ edits: PhotoEdits, _ settings: PhotoEvaluationSettings, judge: LabelJudge?
    ) throws -> PhotoEvaluationReport.ColourEdits? {
        guard settings.colourEdits > 0 else { return nil }
        var tally = ColourTally()
        for index in 0..<settings.colourEdits {
            let item = try edits.item(.colour, index, number: index)
            var compared = item.edit
            // Methods have to find the petals themselves.
            compared.request.mask = nil
            let result = try edit(compared.request, as: settings.edit)
            tally.add(compared.scores(of: result.image, mask: result.mask), item)
            guard let judge, let truth = compared.truths.first?.image else { continue }
            tally.colour.append(judge.sees("colour", of: item, in: result.image))
            tally.before.append(judge.sees("colour", of: item, in: compared.request.image))
            tally.truths.append(judge.sees("colour", of: item, in: truth))
        }
        return tally.summary(seed: settings.seed)
    }

    /// Edits of kind, as the judge sees them.
    private func kindEdits(
        _ edits: PhotoEdits, _ settings: PhotoEvaluationSettings, judge: LabelJudge
    ) throws -> PhotoEvaluationReport.KindEdits? {
        guard settings.kindEdits > 0 else { return nil }
        var tally = KindTally()
        for index in 0..<settings.kindEdits {
            let item = try edits.item(.kind, index, number: index)
            let request = item.edit.request
            let result = try edit(request, as: settings.edit)
            tally.add(
                item.edit.scores(of: result.image, mask: result.reach),
                kind: judge.sees("kind", of: item, in: result.image),
                colour: judge.sees("colour", of: item, in: result.image),
                before: judge.sees("kind", of: item, in: request.image), item)
        }
        return tally.summary
    }

    /// An edit with the settings that all of them share.
    private func edit(_ request: EditRequest, as settings: PhotoEvaluationSettings.Edit) throws -> EditResult
    {
        var asked = request
        asked.settings = settings.settings(prompt: request.prompt, source: request.source, seed: request.seed)
        return try edit(asked)
    }
}

extension LabelJudge {
    /// Whether an image shows what an edit's prompt says of a group of labels; false where it says nothing.
    fileprivate func sees(_ group: String, of item: BenchmarkItem, in image: Image) -> Bool {
        let wanted = wanted(by: item.edit.request.prompt)[group]
        return wanted != nil && labels(of: [image])[0][group]?.name == wanted
    }
}
