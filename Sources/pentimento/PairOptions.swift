import ArgumentParser
import Diffusion
import Editing
import Foundation
import Imaging
import Networks
import Service
import Support

/// A source and a target in place of one picture.
struct PairOptions: ParsableArguments {
    @Option(
        help:
            "How regions are painted: multidiffusion for one picture, p2p-regions or mrgd for a source and a target."
    )
    var method = MultiDiffusion.description.name

    @Option(
        name: .shortAndLong, help: "What the source shows as a whole, where the target shows something else.")
    var source: String?

    @Option(help: ArgumentHelp(stringLiteral: Preset.help))
    var preset: Preset?

    @Option(
        help: ArgumentHelp("An option of the method; may be given several times.", valueName: "key=value"))
    var option: [String] = []

    /// Whether a source and a target are asked for.
    /// - Throws: `Failure` where something is that counts only then.
    func makesPairs() throws -> Bool {
        let name = try Registry.method(named: method).description.name
        guard name == MultiDiffusion.description.name else { return true }
        guard source == nil, preset == nil, option.isEmpty else {
            throw Failure.usage(
                "--source, --preset and --option count where --method makes a source and a target; \(name) makes one "
                    + "picture")
        }
        return false
    }
}

/// Where a target, its source and the panel of both go.
struct PairPlaces {
    let target: ResultPlace
    let source: ResultPlace
    let panel: ResultPlace

    /// Beside the name that was given, or as new files.
    init(_ output: String?, seed: UInt64) throws {
        guard let output else {
            func new(_ mark: String) -> ResultPlace {
                .series(folder: ".", stem: "generated-\(seed)\(mark)", ending: "png")
            }
            (target, source, panel) = (new(""), new("-source"), new("-panel"))
            return
        }
        guard output != "-" else {
            throw Failure.usage("source, target and panel are three pictures; name a file with -o")
        }
        let (stem, ending) = ((output as NSString).deletingPathExtension, (output as NSString).pathExtension)
        func beside(_ mark: String) -> ResultPlace { .named("\(stem)\(mark).\(ending)") }
        (target, source, panel) = (.named(output), beside("-source"), beside("-panel"))
    }
}

extension GenerateCommand {
    /// Makes a source and a target by regions, and a panel of both.
    func runPair(_ prompt: String, _ negative: String?, _ layout: RegionLayout) async throws {
        guard sampler == .ddim, eta == 0, try windows.settings(hasRegions: false) == nil else {
            throw Failure.usage(
                "--sampler, --eta, --wrap and windows do not go with --method \(pairing.method), which samples by DDIM"
            )
        }
        let seed = sampling.seed.drawn()
        let (width, height) = (
            size?.width ?? width ?? layout.canvas?.width, size?.height ?? height ?? layout.canvas?.height
        )
        let options = try Options.parse(pairing.option)
        let settings = EditSettings(prompt: prompt, source: pairing.source, method: pairing.method) {
            ($0.negative, $0.preset, $0.options) = (negative, pairing.preset, options)
            ($0.seed, $0.steps, $0.guidance) = (seed, sampling.steps, sampling.guidance)
        }
        var request = PairRequest(settings, regions: layout.regions, width: width, height: height)
        let method = try request.checked().description
        let places = try PairPlaces(output, seed: seed)
        for place in [places.target, places.source, places.panel] { try Outputs.check(image: place.path) }
        let texts: [String?] =
            [prompt, negative, pairing.source] + layout.regions.flatMap { [$0.prompt, $0.target] }
        let path = try model.path(for: texts, speech.log)
        request.relevance = try guiding.source(for: method, model: path)
        let session = try ModelSession(
            model, compute, speech, at: path, width: width, height: height,
            previews: try showing.file(speech.log))
        _ = try request.checked(with: session.folder.settings).levels(of: session.folder.schedule)
        try checkSides(width, height, session.folder.autoencoder.spatialFactor)
        let asked = request
        let made = try await session.result { try $0.generatePair(asked) }
        try Task.checkCancellation()
        try write(made, of: request, to: places, threads: session.threads)
    }

    /// Writes target, source and panel with their accounts.
    private func write(
        _ made: PairGeneration, of request: PairRequest, to places: PairPlaces, threads: Int
    ) throws {
        let (settings, regions) = (request.settings, request.regions)
        var account = SamplingRecord(
            command: "generate", prompt: settings.prompt, steps: made.settings.steps,
            guidance: made.settings.guidance, width: made.target.width, height: made.target.height,
            model: made.model, cost: made.cost, threads: threads, by: Program.producer)
        (account.negative, account.source) = (settings.negative, settings.source)
        (account.regions, account.seed) = (regions.map(\.description), settings.seed)
        account.sampler = .ddim
        (account.method, account.options) = (made.method, made.options)
        account.layout = regions.allSatisfy { $0.place.isBox } ? regions : nil
        func write(_ image: Image, to place: ResultPlace) throws -> String {
            try place.write { path, replacing in
                account.output = lastName(of: path)
                try image.write(
                    to: path, metadata: noMetadata ? [:] : account.metadata(), replacing: replacing)
            }
        }
        func caption(_ prompt: String, _ regions: [Region]) -> String {
            ([prompt] + regions.map(\.prompt)).filter { !$0.isEmpty }.joined(separator: ", ")
        }
        let panel = Image.panel([
            .init(
                made.source.enlarged, caption: caption(settings.source ?? settings.prompt, regions.ofSource)),
            .init(made.target.enlarged, caption: caption(settings.prompt, regions.ofTarget)),
        ])
        _ = try write(made.source, to: places.source)
        _ = try write(panel, to: places.panel)
        let path = try write(made.target, to: places.target)
        if json {
            Terminal.print(try jsonText(account))
        } else if !speech.quiet {
            Outputs.tell(
                "\(Outputs.name(path)) (seed \(settings.seed), \(account.width)x\(account.height), "
                    + String(format: "%.1f s", made.cost.seconds) + ", \(made.cost.forwards) passes), with "
                    + "its source and a panel beside it", beside: [path])
        }
    }
}

extension Region.Place {
    /// Whether it is a box.
    fileprivate var isBox: Bool { if case .box = self { true } else { false } }
}

extension Image {
    /// The image by whole factors so large that it can be looked at in a panel.
    fileprivate var enlarged: Image {
        let factor = max(256 / max(height, 1), 1)
        return resized(width: width * factor, height: height * factor)
    }
}
