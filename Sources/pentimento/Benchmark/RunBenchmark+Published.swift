import ArgumentParser
import Benchmarks
import Diffusion
import Editing
import Foundation
import Imaging
import Perception
import Service
import Support

extension RunBenchmark {
    /// Runs methods on a published benchmark, or measures results that were made elsewhere.
    func runPublished(_ benchmark: PublishedBenchmark) async throws {
        guard let data else { return }
        let others = try sweep.flatMap { try Candidate.swept($0, preset: preset) } + results.map(Self.foreign)
        let chosen = try candidates(others)
        var template = EditSettings(prompt: "a picture", source: "a picture") {
            $0.preset = preset
            $0.steps = steps
            $0.guidance = guidance
        }
        _ = try template.checked()
        try Outputs.check(folder: output)
        let edits = try PublishedEdits(benchmark, folder: data, seed: seed)
        let count = items ?? edits.entries.count
        guard count <= edits.entries.count else {
            throw BenchmarkDataError.tooFew(
                name: benchmark.title, count: edits.entries.count, wanted: count)
        }
        let session = try ModelSession(model, compute, speech)
        if let steps { _ = try session.folder.schedule.levels(steps: steps) }
        let pair = try ModelPlaces.companion(nil, of: session.folder.path, "clip")
        let clip = try CLIPSource.companion(nil, of: session.folder.path)
        let runner = Runner(engine: session.engine) {
            var request = try $1.withFiles()
            request.clip = clip
            return try $0.edit(request)
        }
        let facts = try await runner.facts()
        if session.folder.settings == nil { template.preset = preset }
        let absent =
            methods == nil || methods == "all" ? Candidate.leftOut(with: facts).map(\.method) : []
        let candidates = chosen.filter { candidate in
            !absent.contains { candidate == .method($0) }
        }
        let (measures, networks) = try measuring.measures(
            on: session.device, wantsTexts: true, pair: pair)
        let plan = StudyPlan(
            worldVersion: 0, edits: edits, model: facts.name, modelFingerprint: facts.fingerprint,
            preset: template.preset, steps: steps, guidance: guidance, inversion: nil,
            givesMask: withMask,
            pastes: paste)
        var study = Study(plan: plan, count: count, candidates: candidates, template: template)
        study.keepsSettings = true
        study.shard = shard.flatMap { Shard($0) } ?? .whole
        try await run(study, with: runner, measures, networks)
    }

    /// Computes what the folder lacks and writes what it was worth.
    private func run(
        _ study: Study<PublishedEdits>, with runner: Runner, _ measures: PictureMeasures,
        _ networks: [MeasureOptions.Network]
    ) async throws {
        var folder = try StudyFolder(output, plan: study.plan)
        let (before, edits) = (folder.rows.count, study.plan.edits)
        do {
            try await study.run(
                with: runner, into: &folder,
                measuring: { outcome, index in
                    guard let image = outcome.image else { return nil }
                    let source = try edits.item(index).edit.request.image
                    var scores = measures(
                        from: source, to: image, try edits.measuredFacts(index, for: source))
                    scores.values[.gain] = outcome.row.scores.gain.map { max($0, -1) }
                    return scores.named
                },
                tell: { [bar = speech.bar] in
                    bar.show("\($0.item) \($0.candidate)", $0.done, of: $0.total)
                })
        } catch is CancellationError {
            throw Failure(
                .interrupted,
                "interrupted; \(folder.rows.count) results are in \(output); the same command goes on")
        }
        speech.bar.hide()
        let labels = study.candidates.map(\.label)
        try folder.arrange(labels)
        let indices = (0..<study.count).filter(study.shard.holds)
        let overall = try BenchmarkFolderReport(networks: networks).write(
            folder, plan: study.plan, labels: labels, items: try indices.map { try edits.item($0) })
        guard !speech.quiet else { return }
        Terminal.print(overall.plain)
        let part = study.shard == .whole ? "" : " (part \(study.shard))"
        Terminal.print(
            "\(output)/report.html: \(indices.count) edits\(part), \(study.candidates.count) contenders, "
                + "\(folder.rows.count - before) results computed now")
    }

    /// Who takes part: the methods that were named, and whose pictures are there already.
    private func candidates(_ others: [Candidate]) throws -> [Candidate] {
        // Whoever brings pictures alone wants nothing computed.
        if methods == nil, !others.isEmpty {
            return [.nothing] + (sweep.isEmpty ? [] : [.autoencoder]) + others
        }
        let chosen = try Candidate.chosen(methods ?? "all", options: option, preset: preset) + others
        if let twice = others.first(where: { other in chosen.count { $0.label == other.label } > 1 }) {
            throw Failure.usage("two contenders are called \(twice.label); name each once")
        }
        return chosen
    }

    /// `name=dir`.
    private static func foreign(_ text: String) throws -> Candidate {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else {
            throw Failure.usage("--results is \(text); it must be of the form name=dir")
        }
        guard Destination.isFolder(parts[1]) else {
            throw Failure.missing("\(parts[1]) is no folder of pictures")
        }
        guard !["nothing", "autoencoder"].contains(parts[0]) else {
            throw Failure.usage("--results cannot be called \(parts[0]), which every table has")
        }
        return .pictures(parts[0], in: parts[1])
    }
}
