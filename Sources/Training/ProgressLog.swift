import Foundation

/// `progress.jsonl`: one line of numbers every few steps, as long as the run that led to the present weights.
final class ProgressLog {
    private let path: String
    private var handle: FileHandle?

    init(path: String) { self.path = path }

    /// Every line so far.
    func lines() -> [TrainingProgress] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        return data.split(separator: UInt8(ascii: "\n")).compactMap {
            try? JSONDecoder().decode(TrainingProgress.self, from: $0)
        }
    }

    /// Forgets what a stage did after a step, because it is done again.
    func rewind(stage: String, to step: Int) throws {
        let kept = lines().filter { $0.stage != stage || $0.step <= step }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = try kept.reduce(into: Data()) {
            $0 += try encoder.encode($1)
            $0.append(UInt8(ascii: "\n"))
        }
        try handle?.close()
        handle = nil
        try CacheFile.write(text, to: path)
    }

    /// Adds a line.
    func append(_ progress: TrainingProgress) throws {
        if handle == nil {
            if !FileManager.default.fileExists(atPath: path) { try CacheFile.write(Data(), to: path) }
            guard let opened = FileHandle(forWritingAtPath: path) else {
                throw TrainingError.cannotWrite(
                    path: path, reason: "it cannot be opened for writing", isFault: false)
            }
            try opened.seekToEnd()
            handle = opened
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        try handle?.write(contentsOf: try encoder.encode(progress) + [UInt8(ascii: "\n")])
    }
}
