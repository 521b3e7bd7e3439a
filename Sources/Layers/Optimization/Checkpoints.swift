import Foundation
public import Support
public import Tensors

/// The checkpoints of a stage in its folder: written by rename, the newest two kept.
public struct Checkpoints: Sendable {
    private let folder: String
    private let stage: String

    /// The checkpoints of a stage in a folder that is there.
    public init(folder: String, stage: String) {
        self.folder = folder
        self.stage = stage
    }

    /// What a checkpoint says besides its tensors.
    public struct Position: Codable, Equatable {
        /// Steps done.
        public var step: Int
        /// Seconds spent so far.
        public var seconds: Double
        /// Running mean of the loss.
        public var smoothedLoss: Double
        /// The settings that the values depend on, by key.
        public var settings: [String: String]
        /// The losses of all steps, where they are kept.
        public var losses: [Float]?

        /// A position in a training.
        public init(
            step: Int, seconds: Double, smoothedLoss: Double, settings: [String: String],
            losses: [Float]? = nil
        ) {
            self.step = step
            self.seconds = seconds
            self.smoothedLoss = smoothedLoss
            self.settings = settings
            self.losses = losses
        }
    }

    private static let key = "pentimento.training"

    private func path(_ step: Int) -> String {
        let digits = String(step)
        return
            "\(folder)/\(stage)-\(String(repeating: "0", count: max(0, 8 - digits.count)))\(digits).safetensors"
    }

    /// Paths from the newest to the oldest.
    private var paths: [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return files.filter { $0.hasPrefix(stage + "-") && $0.hasSuffix(".safetensors") }.sorted(by: >)
            .map { "\(folder)/\($0)" }
    }

    /// Writes a checkpoint, then removes all but the newest two.
    public func save(_ parameters: ParameterSet, at position: Position) throws -> String {
        let encoded = String(decoding: try JSONEncoder().encode(position), as: UTF8.self)
        let path = path(position.step)
        try Safetensors.write(parameters.state, metadata: [Self.key: encoded], to: path)
        for old in paths.dropFirst(2) { try? FileManager.default.removeItem(atPath: old) }
        return path
    }

    /// Removes all of them, once what they were for is kept elsewhere.
    public func remove() { for path in paths { try? FileManager.default.removeItem(atPath: path) } }

    /// The newest checkpoint that can be read; broken ones are passed over.
    public func newest() -> (file: SafetensorsFile, position: Position)? {
        for path in paths {
            guard let file = try? SafetensorsFile(path: path), let text = file.metadata[Self.key],
                let position = try? JSONDecoder().decode(Position.self, from: Data(text.utf8))
            else { continue }
            return (file, position)
        }
        return nil
    }

    /// Takes up the newest checkpoint.
    /// - Returns: where it stands; nil without one.
    /// - Throws: `CheckpointError` where it was made with settings that change the values.
    public func restore(_ parameters: ParameterSet, settings: [String: String]) throws -> Position? {
        guard let (file, position) = newest() else { return nil }
        // Older checkpoints name fewer settings.
        for (key, value) in position.settings.sorted(by: { $0.key < $1.key }) where settings[key] != value {
            throw CheckpointError(
                path: file.path, key: key, found: value, wanted: settings[key] ?? "none")
        }
        if let (name, found, wanted) = parameters.firstDifference(from: file) {
            throw CheckpointError(
                path: file.path, key: "shape of \(name)", found: found, wanted: wanted)
        }
        try parameters.restore(from: file)
        return position
    }
}

/// A checkpoint was made with settings that change what its values mean.
public struct CheckpointError: UserError, Equatable {
    /// The checkpoint.
    public var path: String
    /// The setting, or the shape of a tensor.
    public var key: String
    /// What the checkpoint has.
    public var found: String
    /// What is asked for.
    public var wanted: String

    /// The checkpoint does not fit what is asked for.
    public var kind: UserErrorKind { .badInput }

    /// What differs, and what to do.
    public var description: String {
        "\(path) was made with another \(key): \(found), not \(wanted); choose another work folder, or delete it "
            + "to start again"
    }
}
