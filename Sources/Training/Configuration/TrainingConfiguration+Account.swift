import Foundation
import Synchronization

extension TrainingConfiguration {
    /// What a run will do, in one line.
    public var summary: String {
        let source =
            switch data.source {
            case .stillLife: "\(data.count) rendered still lifes of \(data.size)x\(data.size) pixels"
            case .folder: "the pictures in \(data.folder) at \(data.size)x\(data.size) pixels"
            }
        let work: String
        switch kind {
        case .diffusion:
            let networks = "text encoder and UNet in \(diffusion.steps) steps"
            work =
                autoencoder.reuse.isEmpty
                ? "an autoencoder in \(autoencoder.steps) steps, then \(networks)"
                : "\(networks), with the autoencoder of \(autoencoder.reuse)"
        case .judge: work = "a judge in \(judge.steps) steps"
        case .clip: work = "a pair of towers in \(clip.steps) steps"
        case .clipseg: work = "a network that finds what texts name in \(clipseg.steps) steps"
        case .pixels: work = "a diffusion model in pixel space in \(pixels.steps) steps"
        }
        var usual = TrainingConfiguration()
        (usual.output, usual.work) = (output, self.work)
        let limit =
            timeLimitMinutes > 0 ? ", for \(String(format: "%g", timeLimitMinutes)) minutes at most" : ""
        return "trains \(work), on \(source)\(limit), into \(output)"
            + (self == usual ? "; all of this is the default, which takes hours on a CPU" : "")
    }

    /// Looks at everything that a run reads before it begins, without computing anything.
    /// - Returns: what is worth a word, a line each.
    /// - Throws: `TrainingError` for what is missing or cannot be learned from.
    public func examine() throws -> [String] {
        try validate()
        var folders = [("autoencoder.reuse", autoencoder.reuse), ("autoencoder.start", autoencoder.start)]
        folders += [("diffusion.start", diffusion.start), ("diffusion.frozenText", diffusion.frozenText)]
        switch kind {
        case .diffusion: break
        case .judge: folders = [("judge.autoencoder", judge.autoencoder)]
        case .clip: folders = [("clip.tokenizer", clip.tokenizer)]
        case .clipseg:
            folders = [("clipseg.pair", clipseg.pair), ("clipseg.autoencoder", clipseg.autoencoder)]
        case .pixels: folders = []
        }
        for (key, folder) in folders where !folder.isEmpty {
            guard FileManager.default.fileExists(atPath: folder) else {
                throw TrainingError.invalidValue(key: key, value: folder, reason: "there is no such folder")
            }
        }
        guard data.source == .folder, kind != .judge else { return [] }
        let said = Said()
        let entries = try FolderImages(section: data, needsCaptions: kind != .pixels).entries(
            control: TrainingControl { if case .message(let text) = $0 { said.add(text) } })
        let what = kind == .pixels ? "pictures" : "pictures with captions"
        return ["\(entries.count) \(what) in \(data.folder)"] + said.lines
    }
}

/// Lines in their order.
private final class Said: Sendable {
    private let all = Mutex<[String]>([])
    var lines: [String] { all.withLock { $0 } }
    func add(_ line: String) { all.withLock { $0.append(line) } }
}
