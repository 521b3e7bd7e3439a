public import Foundation
import Tensors

/// How a model came to be: `training.json` beside it, from which a model card is written.
public struct TrainingRecord: Codable, Sendable {
    /// The settings, without the folders of the machine.
    public var configuration: TrainingConfiguration
    /// Parameters of `unet`, `text_encoder` and `vae`.
    public var parameters: [String: Int]
    /// Steps done by `autoencoder` and `diffusion`.
    public var steps: [String: Int]
    /// Seconds spent on each stage.
    public var seconds: [String: Double]
    /// Held-out pictures through the autoencoder, mean PSNR in dB.
    public var reconstruction: Double
    /// What latents are multiplied by.
    public var scalingFactor: Double
    /// Points of the loss curves, thinned.
    public var curve: [TrainingProgress]
    /// What it was trained on: processor or GPU, cores, libtorch.
    public var machine: [String: String]
    /// When it was written.
    public var date: Date

    /// At most so many points of a stage's curve, evenly chosen, the last among them.
    static func thinned(_ curve: [TrainingProgress], to most: Int = 200) -> [TrainingProgress] {
        let stages = ["autoencoder", "diffusion"].map { stage in curve.filter { $0.stage == stage } }
        return stages.flatMap { points in
            let stride = max(1, (points.count + most - 1) / most)
            return points.enumerated().filter { ($0.offset + 1) % stride == 0 || $0.offset == points.count - 1 }
                .map(\.element)
        }
    }

    static func machine(_ device: Device) -> [String: String] {
        var found = [
            "device": "\(device)", "cores": "\(ProcessInfo.processInfo.activeProcessorCount)",
            "threads": "\(Device.threadCount)", "libtorch": Backend.version ?? "",
        ]
        let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
        if let line = lines.first(where: { $0.hasPrefix("model name") }), let colon = line.firstIndex(of: ":") {
            found["processor"] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return found
    }
}
