import Diffusion
public import Foundation
import Imaging
import Layers
import Tensors

/// How a model came to be: `training.json` beside it, from which a model card is written.
public struct TrainingRecord: Codable, Sendable {
    /// Every setting, defaults included, without the folders of the machine.
    public var configuration: TrainingConfiguration
    /// What is the same for all configurations: the optimiser's constants, averages, the ends of learning rates.
    public var constants: [String: Double]
    /// Parameters of `unet`, `text_encoder` and `vae`.
    public var parameters: [String: Int]
    /// Steps done by `autoencoder` and `diffusion`.
    public var steps: [String: Int]
    /// Images, or crops, that each stage learned from, counted as often as they were seen.
    public var picturesSeen: [String: Int]
    /// Seconds spent on each stage, all runs together.
    public var seconds: [String: Double]
    /// Running mean of each stage's loss at its end.
    public var loss: [String: Double]
    /// Held-out images through the autoencoder, mean PSNR in dB.
    public var reconstruction: Double
    /// Squared error of the noise in held-out latents, the geometric mean over signal-to-noise ratios e⁻⁴ to e⁴; nil in
    /// records from before it was measured.
    public var heldOutError: Double?
    /// What latents are multiplied by.
    public var scalingFactor: Double
    /// Points of the loss curves, thinned to at most 200 in all.
    public var curve: [TrainingProgress]
    /// What it was trained on: system, processor or GPU, cores, threads, memory.
    public var machine: [String: String]
    /// Versions of the libraries that computed.
    public var libraries: [String: String]
    /// When it was written; ISO 8601 in the file.
    public var date: Date
    /// What text encoder and UNet had learned before, where they began as those of another model.
    public var before: Before?

    /// All earlier trainings of text encoder and UNet.
    public struct Before: Codable, Sendable, Hashable {
        /// Images that they learned from, counted as often as they were seen.
        public var picturesSeen: Int
        /// Seconds spent on them.
        public var seconds: Double
        /// When the last of these trainings ended; ISO 8601 in the file.
        public var date: Date
    }

    init(
        _ configuration: TrainingConfiguration, parameters: [ModelFolder.Part: Int],
        measures: LatentSet.Measures, heldOutError: Double,
        lines: [TrainingProgress], device: Device
    ) {
        self.configuration = configuration.withoutPlaces
        self.parameters = Dictionary(uniqueKeysWithValues: parameters.map { ($0.key.rawValue, $0.value) })
        constants = [
            "beta1": ParameterSet.beta1, "beta2": ParameterSet.beta2, "epsilon": ParameterSet.epsilon,
            "autoencoder.averageDecay": AutoencoderStage.averageDecay,
            "autoencoder.finalLearningRateShare": AutoencoderStage.finalShare,
        ]
        // The newest line of each stage.
        let last = Dictionary(lines.map { ($0.stage, $0) }) { $1 }
        let batches = [
            "autoencoder": configuration.autoencoder.batch, "diffusion": configuration.diffusion.batch,
        ]
        steps = last.mapValues(\.step)
        picturesSeen = Dictionary(
            uniqueKeysWithValues: last.map { ($0.key, $0.value.step * (batches[$0.key] ?? 0)) })
        seconds = last.mapValues(\.seconds)
        loss = last.mapValues(\.smoothedLoss)
        reconstruction = measures.reconstruction
        self.heldOutError = heldOutError
        scalingFactor = measures.scalingFactor
        curve = Self.thinned(lines)
        machine = Self.machine(device)
        libraries = Self.libraries
        date = Date()
        let start = configuration.diffusion.start
        before = start.isEmpty ? nil : Before(folder: start)
    }

    /// At most so many points, half for each stage, evenly chosen, the last among them.
    static func thinned(_ curve: [TrainingProgress], to most: Int = 200) -> [TrainingProgress] {
        ["autoencoder", "diffusion"].flatMap { stage in
            let points = curve.filter { $0.stage == stage }
            let stride = max(1, (points.count + most / 2 - 1) / (most / 2))
            return points.enumerated().filter {
                ($0.offset + 1) % stride == 0 || $0.offset == points.count - 1
            }.map(\.element)
        }
    }

    static func machine(_ device: Device) -> [String: String] {
        let process = ProcessInfo.processInfo
        var found = [
            "device": "\(device)", "cores": "\(process.activeProcessorCount)",
            "threads": "\(Device.threadCount)",
            "system": process.operatingSystemVersionString, "memory": "\(process.physicalMemory >> 20) MiB",
        ]
        let lines =
            (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
        if let line = lines.first(where: { $0.hasPrefix("model name") }), let colon = line.firstIndex(of: ":")
        {
            found["processor"] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return found
    }

    static var libraries: [String: String] {
        var found: [String: String] = [:]
        found["libtorch"] = Backend.version
        found["libvips"] = try? ImageLibrary.version()
        return found
    }
}

extension TrainingRecord.Before {
    /// What is read of another record; its configuration may be older than today's.
    private struct Earlier: Decodable {
        var picturesSeen: [String: Int]
        var seconds: [String: Double]
        var date: Date
        var before: TrainingRecord.Before?
    }

    /// Reads the record of the model in a folder; nil where there is none.
    fileprivate init?(folder: String) {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        guard let data = FileManager.default.contents(atPath: folder + "/training.json"),
            let record = try? decoder.decode(Earlier.self, from: data)
        else { return nil }
        let stage = "diffusion"
        picturesSeen = record.picturesSeen[stage, default: 0] + (record.before?.picturesSeen ?? 0)
        seconds = record.seconds[stage, default: 0] + (record.before?.seconds ?? 0)
        date = record.date
    }
}
