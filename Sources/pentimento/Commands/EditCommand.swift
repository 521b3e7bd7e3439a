import ArgumentParser
import Diffusion
import Editing
import Foundation
import Imaging
import Logging
import Service
import Support
import Tensors

/// `pentimento edit`: a photo changed by a text.
struct EditCommand: AsyncParsableCommand, EditAsking {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Edits a photo by a text.",
        discussion: """
            pentimento edit apple.png --source "a red apple" --prompt "a green pear" --seed 1 -o pear.png
            pentimento edit a.jpg b.jpg holidays/ "more/*.png" --prompt "a painting" --method sdedit -o edited/

            The photo keeps its size, colour profile, transparency, print size, camera data and author; where the method has \
            a mask, everything outside it keeps its pixels (a JPEG codes them anew). Where it was taken is left out. How \
            the picture was made is written into it (see inspect). `pentimento methods` shows methods, options and presets.

            Several photos are edited one after the other with one loaded model, with one line each; those that fail are \
            listed at the end, and the exit status tells. With --json each has one line with one object: its account with \
            photoPath and outputPath, or photoPath, error and status. - is standard input or output.
            """)

    @Argument(
        help: ArgumentHelp(
            "The photo, or several: files, folders of them, quoted patterns; - is standard input.",
            valueName: "photo"))
    var photos: [String]

    @Option(name: .shortAndLong, help: "What the photo should show.")
    var prompt: String?

    @Option(
        name: .shortAndLong, help: "What the photo shows now; some methods need it, most do better with it.")
    var source: String?

    @Option(name: [.short, .long, .customLong("negative-prompt")], help: "What it should not show.")
    var negative: String?

    @Option(
        help: ArgumentHelp(
            stringLiteral:
                "The method (see methods), or auto for the one that suits the texts (see advise). (default: \(Registry.standard))"
        ))
    var method: String?

    @Option(help: ArgumentHelp(stringLiteral: Preset.help))
    var preset: Preset?

    @Option(parsing: .unconditional, help: "How much of the trajectory is redone, above 0 to 1.")
    var strength: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Several strengths; writes one picture with an edit at each, side by side.",
            valueName: "0.3,0.5,…"))
    var strengths: String?

    @Option(
        help: ArgumentHelp("An option of the method; may be given several times.", valueName: "key=value"))
    var option: [String] = []

    @Option(help: "Long side in pixels that the model works at; by default the model's own.")
    var size: Int?

    @Option(help: "The most pixels a photo or mask may have.")
    var pixelLimit = Image.defaultPixelLimit

    @Flag(
        help: "Show what would be changed, in red, and where lift would move it, in green, without painting.")
    var dryRun = false

    @OptionGroup(title: "Tuning") var tuning: TunedOptions
    @OptionGroup(title: "Inversion") var inverting: InversionChoice
    @OptionGroup(title: "Inversion") var keeping: CacheOptions
    @OptionGroup(title: "Mask") var masking: MaskOptions
    @OptionGroup(title: "Regions") var regions: RegionOptions
    @OptionGroup(title: "Regions") var guiding: RelevanceOptions
    @OptionGroup(title: "Results") var results: EditOutputs
    @OptionGroup(title: "Results") var writing: WritingFlags
    @OptionGroup(title: "Results") var showing: PreviewOptions

    @Option(
        help: ArgumentHelp(
            "How each step is made, for methods that leave it open (sdedit, inpaint, instruct-pix2pix, multidiffusion): \(SamplerKind.allValueStrings.joined(separator: ", ")).",
            valueName: "name"))
    var sampler: SamplerKind?

    @OptionGroup(title: "Sampling") var sampling: SamplingOptions
    @OptionGroup(title: "Sampling") var walking: WalkOptions
    @OptionGroup(title: "Sampling") var choosing: BestOfOptions
    @OptionGroup(title: "Sampling") var towers: CLIPOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Computing") var compute: ComputeOptions
    @OptionGroup var speech: SpeechOptions

    mutating func validate() throws {
        try checkPrompt()
        if method == "auto" { try takeAdvice() }
        if pixelLimit < 1 { throw ValidationError("--pixel-limit is \(pixelLimit); it must be at least 1") }
        if strengths != nil,
            strength != nil || results.panel != nil || results.trace != nil || results.maskOut != nil
                || results.json || results.measure
        {
            throw ValidationError(
                "--strengths writes one picture of all; it does not go with --strength, --panel, --trace, "
                    + "--mask-out, --measure or --json")
        }
        if strengths != nil, results.layer != nil {
            throw ValidationError("--strengths writes one picture of all; it does not go with --layer")
        }
        if towers.clip != nil, choosing.bestOf == 1,
            (try? Registry.method(named: method ?? Registry.standard).description.needs.clip) != true
        {
            throw ValidationError("--clip says who chooses; it needs --best-of")
        }
        if dryRun, strengths != nil || choosing.bestOf > 1 {
            throw ValidationError("--dry-run paints nothing; it does not go with --strengths or --best-of")
        }
        if strengths != nil, choosing.bestOf > 1 {
            throw ValidationError(
                "--best-of chooses among seeds of one edit; it does not go with --strengths")
        }
    }

    func run() async throws {
        let seed = sampling.seed.drawn()
        // Everything that can be refused is refused before anything is read or computed, cheapest first.
        let layout = try regions.read(pixelLimit: pixelLimit, speech.log)
        let tuned = try tuning.read()
        let job = try Job(
            self, settings: try settings(seed: seed, layout, tuned.learnt), regions: layout.regions,
            tuned: tuned.learnt)
        let list = try PhotoList(photos)
        if let path = results.imagePath { try writing.check(path) }
        let previews = try showing.file(speech.log)
        let made = try results.prepare(severalPhotos: list.areSeveral)
        // Folders that nothing was written into go again.
        defer { made.forEach { rmdir($0) } }
        var folder: String?
        func path() throws -> String {
            if let folder { return folder }
            let photo = list.areSeveral ? nil : list.paths.first
            let new = try model.path(for: job.prompts, photo: photo, speech.log)
            folder = new
            return new
        }
        var session: ModelSession?
        func opened() throws -> ModelSession {
            if let session { return session }
            let new = try ModelSession(
                model, compute, speech, at: try path(), tuned: tuned, previews: previews)
            let checked = try job.check(job.settings, with: new.folder.settings)
            _ = try checked.levels(of: new.folder.schedule)
            new.tell(
                ofFewSteps: checked.settings.steps, guidance: checked.settings.guidance,
                takesSamplers: checked.takesSamplers)
            session = new
            return new
        }
        guard list.areSeveral else {
            do {
                for photo in list.paths { try await edit(photo, job, path, opened, place: "") }
            } catch is CancellationError where job.learns && !keeping.noCache {
                throw Failure(
                    .interrupted, "interrupted; the same command goes on from what was learnt so far")
            }
            return
        }
        _ = try opened()
        try await SeveralPhotos(list.paths, json: results.json).each { photo, place in
            try await edit(photo, job, path, opened, place: place)
        }
    }

    /// What is asked of every photo alike, checked.
    private struct Job {
        let settings: EditSettings
        let regions: [Region]
        /// What the files hold that options name.
        let files: [String: OptionFile]
        /// What the method learnt before.
        let tuned: TunedFile?
        let hasMask: Bool
        let checked: CheckedRequest
        /// Whether the method learns from the photo before it paints.
        var learns: Bool { checked.description.learns(with: tuned) }
        /// Several strengths in place of one.
        let curve: StrengthCurve?

        init(
            _ command: EditCommand, settings: EditSettings, regions: [Region], tuned: TunedFile?
        ) throws {
            let hasMask = command.masking.isGiven
            func check(_ settings: EditSettings) throws -> CheckedRequest {
                try settings.checked(hasMask: hasMask, regions: regions)
            }
            self.settings = settings
            self.regions = regions
            self.tuned = tuned
            self.hasMask = hasMask
            checked = try check(settings)
            if command.dryRun { try checked.requirePreview(hasMask: hasMask) }
            files = try OptionFiles.read(for: settings)
            curve = try command.strengths.map { try StrengthCurve($0, of: settings, check: check) }
        }

        /// The settings as they count with a model.
        func check(_ settings: EditSettings, with model: ModelSettings?) throws -> CheckedRequest {
            try settings.checked(hasMask: hasMask, regions: regions, with: model)
        }

        /// Everything that is said in words.
        var prompts: [String?] {
            [checked.description.isSpatial ? nil : settings.prompt, settings.source, settings.negative]
                + regions.flatMap { [$0.prompt, $0.target] }
        }
    }

    /// What is asked, but for pixels.
    /// - Parameter tuned: what a method learnt before, which is the method then.
    private func settings(seed: UInt64, _ layout: RegionLayout, _ tuned: TunedFile?) throws
        -> EditSettings
    {
        let options = try Options.parse(option)
        var settings = try sharedSettings(seed: seed, layout)
        settings.method = method ?? tuned?.record.method ?? Registry.standard
        settings.options = options
        settings.traces = results.trace != nil
        settings.measuresInversion = results.measure
        return try tuned?.applied(to: settings) ?? settings
    }

    /// Edits one photo.
    /// - Parameter place: what stands before warnings and stages where it is one of several; else empty.
    private func edit(
        _ path: String, _ job: Job, _ model: () throws -> String, _ opened: () throws -> ModelSession,
        place: String
    ) async throws {
        let places = results.places(
            photo: path,
            method: job.checked.description.name
                + (dryRun ? "-preview" : job.curve == nil ? "" : "-strengths"), seed: job.settings.seed)
        let subject = Subject(
            path: path, photo: try Photo(contentsOf: path, pixelLimit: pixelLimit), places: places,
            place: place, log: place.isEmpty ? speech.log : speech.log(of: path))
        let photo = subject.photo
        for notice in photo.notices { subject.log.warning("\(notice.message.text(.flags))") }
        if job.curve == nil {
            writing.warn(
                of: photo, prompts: [job.settings.prompt, job.settings.negative], writing: places.image.path,
                subject.log)
        }
        let request = try request(job, of: subject, model)
        try results.checkFits(places, for: photo.image)
        let chooser = try choosing.chooser(job.settings, among: towers, model: model)
        let session = try opened()
        if job.checked.description.needs.sampling != false { session.tell(of: photo.image, side: size) }
        if let curve = job.curve { return try await paint(curve, request, of: subject, in: session) }
        let result = try await chooser.result(
            of: request, in: session, cache: keeping.cache, place, subject.log)
        try Task.checkCancellation()
        masking.tell(of: result.account, subject.log)
        try write(result, of: subject, threads: session.threads)
    }

    /// A photo that is edited, and where what is made of it goes.
    private struct Subject {
        let path: String
        let photo: Photo
        let places: EditOutputs.Places
        /// What stands before warnings and stages.
        let place: String
        let log: Logger
    }

    /// What is asked of a photo, pixels and files included.
    private func request(_ job: Job, of subject: Subject, _ model: () throws -> String) throws -> EditRequest
    {
        let image = subject.photo.image
        var request = EditRequest(
            job.settings, image: image,
            mask: try masking.read(for: image, pixelLimit: pixelLimit, subject.log), regions: job.regions)
        request.files = job.files
        request.tuned = job.tuned
        if job.checked.description.needs.relevance {
            request.relevance = try guiding.source(for: job.checked.description, model: model())
        }
        if job.tuned == nil { request.clip = try towers.source(for: job.checked.description, model: model) }
        request.maskWords = masking.words
        request.isPreview = dryRun
        return request
    }

    /// Edits a photo at several strengths and writes one picture of all.
    private func paint(
        _ curve: StrengthCurve, _ request: EditRequest, of subject: Subject, in session: ModelSession
    ) async throws {
        let (image, cache) = (subject.photo.image, keeping.cache)
        // A studio counts one edit's cost and prompts; each strength has its own job.
        var edits: [EditResult] = []
        for strength in curve.strengths {
            var request = request
            request.settings = curve.settings(strength)
            let asked = request
            edits.append(
                try await session.result(subject.place, subject.log) { try $0.edit(asked, cache: cache) })
        }
        let panel = curve.panel(image, edits)
        let output = try subject.places.image.write { output, replacing in
            let account = try curve.account(
                edits, photo: subject.path, image: image, output: output, threads: session.threads)
            try panel.write(
                to: output, metadata: results.noMetadata ? [:] : account.metadata(),
                options: writing.options, replacing: replacing)
        }
        if !speech.quiet {
            Outputs.tell(
                "\(Outputs.name(output)) (seed \(request.seed), \(edits.count) strengths)", beside: [output])
        }
    }

    /// Writes an edit and tells of it.
    private func write(_ result: EditResult, of subject: Subject, threads: Int) throws {
        let photo = subject.photo
        var start = ContinuousClock.now
        speech.bar.show("writing", 0, of: 1)
        defer { speech.bar.hide() }
        let finished = try result.finished(for: photo)
        if result.layer?.coverage != nil {
            writing.warnOfLoss(photo, writing: subject.places.image.path, subject.log)
        }
        var account = result.account
        account.cost.seconds += (ContinuousClock.now - start) / .seconds(1)
        start = .now
        let kept = account
        func report(_ account: EditRecord, _ output: String) throws -> EditReport {
            try EditReport(
                account, photo: subject.path, output: output, image: photo.image, threads: threads,
                by: Program.producer)
        }
        let written = try results.write(
            result, photo: photo.image, to: subject.places, subject.log, account: { try report(kept, $0) },
            image: { output, metadata, replacing in
                try finished.write(
                    to: output, metadata: metadata, record: photo.record, options: writing.options,
                    replacing: replacing)
            })
        speech.bar.hide()
        if results.json {
            Terminal.print(
                subject.place.isEmpty
                    ? try jsonText(report(kept, written).json)
                    : try report(kept, written).lineJSON(photo: subject.path))
        } else if !speech.quiet {
            // The account lies in the file and cannot count the writing of it; this line can.
            account.cost.seconds += (ContinuousClock.now - start) / .seconds(1)
            Outputs.tell(try report(account, written).line, beside: subject.places.paths)
        }
    }
}
