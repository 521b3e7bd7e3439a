import Foundation
import Networks
import Support
import Tensors

/// What a checkpoint says of the quantity that its network answers, and how its noise was scheduled.
struct CheckpointPrediction {
    /// The schedule of the family, with the answer that is taken to be the network's.
    let schedule: NoiseSchedule
    let evidence: PredictionEvidence
    /// Side of the latents that it was trained on.
    let sampleSize: Int

    /// The first of these that speaks counts: who asked, the configuration beside the file, marking tensors, the texts in
    /// the file, its family.
    /// - Throws: `DiffusionError` where the configuration beside the file contradicts its shapes.
    init(of checkpoint: CheckpointFile, asked: Prediction?) throws {
        let header = checkpoint.header
        let isZeroTerminal = header.has("ztsnr")
        let sidecar = try Sidecar(of: checkpoint)
        let (prediction, evidence) =
            asked.map { ($0, .asked) }
            ?? sidecar.map { ($0.prediction, .sidecar($0.path)) }
            ?? (header.has("v_pred") || isZeroTerminal
                ? (.velocity, .marker(header.has("v_pred") ? "v_pred" : "ztsnr")) : nil)
            ?? Self.told(by: checkpoint.file.metadata) ?? Self.usual(checkpoint)
        self.evidence = evidence
        // Noise alone says nothing about the picture at a last level without signal.
        if isZeroTerminal, prediction == .velocity {
            schedule = NoiseSchedule(
                betas: NoiseSchedule.betas(.scaledLinear, from: 0.00085, to: 0.012, count: 1000),
                prediction: .velocity, spacing: .trailing, zeroTerminal: true)
        } else {
            schedule = NoiseSchedule.stableDiffusion.with(prediction: prediction)
        }
        sampleSize = Self.side(of: checkpoint, prediction)
    }

    /// What the file's texts say in the words of the ModelSpec.
    private static func told(by texts: [String: String]) -> (Prediction, PredictionEvidence)? {
        let key = "modelspec.prediction_type"
        switch texts[key]?.lowercased() {
        case "epsilon": return (.noise, .metadata(key))
        case "v", "v_prediction": return (.velocity, .metadata(key))
        default: break
        }
        let architecture = "modelspec.architecture"
        guard let text = texts[architecture] else { return nil }
        if text.hasPrefix("stable-diffusion-v2-768-v") { return (.velocity, .metadata(architecture)) }
        if text.hasPrefix("stable-diffusion-v2-512") { return (.noise, .metadata(architecture)) }
        return nil
    }

    /// What the family's models do, where one counts.
    private static func usual(_ checkpoint: CheckpointFile) -> (Prediction, PredictionEvidence) {
        let isPlain = checkpoint.header.size(checkpoint.prefix + "input_blocks.0.0.weight", 1) == 4
        return (.noise, checkpoint.kind.base == .sd2 && isPlain ? .nothing : .family)
    }

    /// 96 for models of velocity of the second family, which were trained on pictures of 768 pixels, else 64.
    private static func side(of checkpoint: CheckpointFile, _ prediction: Prediction) -> Int {
        if let text = checkpoint.file.metadata["modelspec.resolution"],
            let side = text.lowercased().split(separator: "x").compactMap({ Int($0) }).max(),
            (64...2048).contains(side)
        {
            return side / 8
        }
        guard checkpoint.kind.base == .sd2 else { return 64 }
        let name = lastName(of: checkpoint.file.path)
        return prediction == .velocity || name.contains("768") ? 96 : 64
    }

    /// The configuration in Stable Diffusion's first form that some keep beside a file: `NAME.yaml`.
    private struct Sidecar {
        let path: String
        let prediction: Prediction

        /// Nil where there is none.
        init?(of checkpoint: CheckpointFile) throws {
            path = URL(fileURLWithPath: checkpoint.file.path).deletingPathExtension().path + ".yaml"
            guard let file = FileHandle(forReadingAtPath: path) else { return nil }
            defer { try? file.close() }
            let data = (try? file.read(upToCount: 1 << 16)) ?? Data()
            var values: [String: String] = [:]
            for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
                let parts = line.split(separator: ":", maxSplits: 1).map {
                    $0.trimmingCharacters(in: .whitespaces.union(["\"", "'"]))
                }
                // The first of a name is the UNet's: what else has channels stands behind it.
                guard let key = parts.first, values[key] == nil else { continue }
                values[key] = parts.count == 2 ? parts[1] : ""
            }
            guard values["unet_config"] != nil || values["parameterization"] != nil else { return nil }
            switch values["parameterization"] {
            case nil, "eps": prediction = .noise
            case "v": prediction = .velocity
            case let other?:
                throw DiffusionError.malformedFile(
                    path: path, reason: "parameterization is \(other); known here: eps, v")
            }
            let shapes = CheckpointShapes(checkpoint).unet
            for (key, found) in [
                ("in_channels", shapes.inChannels), ("context_dim", shapes.crossAttentionDim),
            ] {
                guard let said = values[key].flatMap({ Int($0) }), said != found else { continue }
                throw DiffusionError.malformedFile(
                    path: path,
                    reason: "\(key) is \(said), and the file beside it has \(found); it belongs to another")
            }
        }
    }
}
