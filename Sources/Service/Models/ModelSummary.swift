public import Diffusion
import Networks

/// What a model's folder holds, told without loading its weights.
public struct ModelSummary: Encodable, Sendable {
    /// The kinds of models that run here.
    public enum Kind: String, Encodable, Sendable {
        /// UNet, autoencoder and text encoder.
        case latent
        /// An unconditional UNet on the images themselves.
        case pixels
    }

    /// Its kind.
    public let kind: Kind
    /// Sizes, name and fingerprint.
    public let facts: ModelFacts
    /// Channels of the UNet's stages, outermost first.
    public let channels: [Int]
    /// What the UNet answers.
    public let prediction: Prediction
    /// Why that is taken for it, where a file tells; nil for folders.
    public let evidence: String?
    /// Whether it answers a variance behind that.
    public let learnsVariance: Bool
    /// Training timesteps of its noise schedule.
    public let timesteps: Int
    /// ᾱ of the noisiest of them.
    public let lastAlphaBar: Double
    /// One line for each setting of the folder that is not used as it stands.
    public let notices: [String]

    /// Reads a diffusers folder, of either kind, or a checkpoint file.
    /// - Throws: what `ModelFolder` and `PixelModelFolder` throw.
    public init(folder path: String) throws {
        let schedule: NoiseSchedule
        if PixelModelFolder.isPixelModel(path) {
            let folder = try PixelModelFolder(path: path)
            (kind, schedule, notices) = (.pixels, folder.schedule, folder.notices)
            facts = ModelFacts(name: folder.name, fingerprint: folder.fingerprint, unet: folder.unet)
            channels = folder.unet.blockOutChannels
            learnsVariance = folder.unet.outChannels > folder.unet.inChannels
            evidence = nil
        } else {
            let folder = try ModelFolder(path: path)
            (kind, schedule, notices) = (.latent, folder.schedule, folder.notices)
            facts = LoadedModel(folder: folder).facts
            channels = folder.unet.blockOutChannels
            learnsVariance = false
            evidence = folder.kind == nil ? nil : folder.predictionEvidence.description
        }
        prediction = schedule.prediction
        timesteps = schedule.trainingSteps
        lastAlphaBar = schedule.alphaBars.last ?? 0
    }

    /// The same for people, a title and a text each.
    public var lines: [(title: String, text: String)] {
        let side = facts.imageSide
        let what =
            switch kind {
            case .latent: "a latent diffusion model, told what to show by prompts"
            case .pixels: "an unconditional diffusion model in pixel space, without a text encoder"
            }
        let answer = prediction == .noise ? "noise" : "velocity"
        return [
            ("model", "\(facts.name), \(what)"), ("fingerprint", facts.fingerprint),
            ("images", "\(side)×\(side) pixels"),
            (
                "latents",
                "\(facts.latentChannels) channels, \(facts.latentFactor) \(facts.latentFactor == 1 ? "pixel" : "pixels") "
                    + "a side"
            ),
            ("UNet", "channels \(channels.map(String.init).joined(separator: ", "))"),
            (
                "answers",
                answer + (evidence.map { ", \($0)" } ?? "")
                    + (learnsVariance ? " and a learned variance, which is not used" : "")
            ),
            ("schedule", "\(timesteps) timesteps, the noisiest with ᾱ \(lastAlphaBar.rounded(to: 6))"),
        ] + notices.map { ("notice", $0) }
    }
}

extension Double {
    /// A number with so many digits behind the point.
    fileprivate func rounded(to digits: Int) -> Double {
        let power = (0..<digits).reduce(1.0) { power, _ in power * 10 }
        return (self * power).rounded() / power
    }
}
