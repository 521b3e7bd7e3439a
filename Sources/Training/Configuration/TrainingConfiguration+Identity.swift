import Diffusion
import Foundation
import Tensors

/// What a checkpoint must agree with: everything that decides what its numbers mean, by key.
///
/// How fast and how long is learned may change from one run to the next; the shape of the networks and what they learn
/// from may not, even where every tensor would still fit.
extension TrainingConfiguration {
    /// What both stages depend on.
    func commonSettings(data: String) -> [String: String] {
        ["seed": "\(seed)", "data": data, "precision": precision.rawValue]
    }
}

extension AutoencoderSection {
    /// The network's shape.
    var architecture: [String: String] {
        var settings = [
            "autoencoder.channels": "\(channels)", "autoencoder.latentChannels": "\(latentChannels)",
            "autoencoder.layersPerBlock": "\(layersPerBlock)", "autoencoder.normGroups": "\(normGroups)",
            "autoencoder.start": (start as NSString).lastPathComponent,
        ]
        if !teacher.isEmpty { settings["autoencoder.teacher"] = (teacher as NSString).lastPathComponent }
        return settings
    }
}

extension DiffusionSection {
    /// The networks' shapes, and what the UNet answers.
    var architecture: [String: String] {
        var settings = [
            "diffusion.channels": "\(channels)", "diffusion.layersPerBlock": "\(layersPerBlock)",
            "diffusion.attention": "\(attention)", "diffusion.heads": "\(heads)",
            "diffusion.normGroups": "\(normGroups)", "diffusion.textLayers": "\(textLayers)",
            "diffusion.textWidth": "\(textWidth)", "diffusion.textHeads": "\(textHeads)",
            "diffusion.contextLength": "\(contextLength)", "diffusion.vocabulary": "\(vocabulary)",
            "diffusion.prediction": prediction.rawValue, "diffusion.betaEnd": "\(betaEnd)",
            "diffusion.start": (start as NSString).lastPathComponent,
        ]
        if !frozenText.isEmpty {
            settings["diffusion.frozenText"] = (frozenText as NSString).lastPathComponent
        }
        return settings
    }
}

extension JudgeSection {
    /// The network's shape, and what its images go through.
    var architecture: [String: String] {
        [
            "judge.channels": "\(channels)", "judge.normGroups": "\(normGroups)",
            "judge.layersPerLevel": "\(layersPerLevel)",
            "judge.roundTrips": "\(roundTrips)", "judge.latentNoise": "\(latentNoise)",
        ]
    }
}

extension ClipSection {
    /// The networks' shapes.
    var architecture: [String: String] {
        [
            "clip.patch": "\(patch)", "clip.vision": "\([visionWidth, visionLayers, visionHeads])",
            "clip.text": "\([textWidth, textLayers, textHeads])", "clip.projection": "\(projection)",
        ]
    }
}

extension ClipsegSection {
    /// The network's shape, and what its images go through.
    var architecture: [String: String] {
        [
            "clipseg.patch": "\(patch)", "clipseg.extractLayers": "\(extractLayers)",
            "clipseg.decoder": "\([decoderWidth, decoderHeads, decoderInner])",
            "clipseg.roundTrips": "\(roundTrips)", "clipseg.latentNoise": "\(latentNoise)",
            "clipseg.pair": (pair as NSString).lastPathComponent,
        ]
    }
}

extension TrainingConfiguration.Precision {
    /// The type of the networks' numbers.
    var dtype: DType { self == .bfloat16 ? .bfloat16 : .float32 }
}
