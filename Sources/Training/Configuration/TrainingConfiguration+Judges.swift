/// The network that judges images, and how it is trained.
public struct JudgeSection: Codable, Sendable, Equatable {
    /// An autoencoder's folder whose round trips are learned from as well; empty for none.
    public var autoencoder = ""
    /// How often an image is shown as it comes back from the autoencoder.
    public var roundTrips = 0.5
    /// Largest deviation of noise added to the latents of round trips, as a share of the latents' own.
    public var latentNoise = 0.25
    /// How often each way of degrading an image is used: blur, a smaller size, noise, coarse frequencies.
    public var degraded = 0.25
    /// Channels at the whole, a half, a quarter and an eighth of the image's side.
    public var channels = [16, 32, 64, 96]
    /// Groups of the normalisations.
    public var normGroups = 8
    /// Images in a step.
    public var batch = 32
    /// Steps.
    public var steps = 3_000
    /// Highest learning rate.
    public var learningRate = 2e-3
    /// Steps until the learning rate is reached.
    public var warmup = 100
    /// What AdamW draws weights to zero by.
    public var weightDecay = 0.01
    /// Longest gradient; longer ones are shortened.
    public var gradientClip = 1.0
    /// How much of the running average of the weights each step keeps; less during the first steps.
    public var averageDecay = 0.995
    /// Residual blocks of a level; this and what follows is for a folder's labels alone.
    public var layersPerLevel = 1
    /// Smallest share of an image's area that a random crop shows; 1 for whole images.
    public var smallestArea = 0.5
    /// How often a rectangle of an image is greyed out.
    public var erased = 0.0
    /// Alpha of the Beta distribution of the shares in which two images and their labels are mixed; 0 for no mixing.
    public var mixing = 0.0
    /// How much of each wanted answer is shared out evenly among the labels.
    public var smoothing = 0.0
    /// How often a pooled feature is left out while it learns.
    public var dropout = 0.0
    /// Views of an image whose answers are averaged: 1 is the image, 2 its mirror image too, 4 the middle of both as well.
    public var views = 1

    /// The defaults.
    public init() {}
}

/// The pair of towers for images and texts, and how they are trained.
public struct ClipSection: Codable, Sendable, Equatable {
    /// The folder of the tokenizer that cuts captions.
    public var tokenizer = "Models/still-life/tokenizer"
    /// Side of the patches that an image is cut into, in pixels.
    public var patch = 8
    /// Width of the image's tower.
    public var visionWidth = 128
    /// Layers of the image's tower.
    public var visionLayers = 4
    /// Attention heads of the image's tower.
    public var visionHeads = 4
    /// Width of the text's tower.
    public var textWidth = 128
    /// Layers of the text's tower.
    public var textLayers = 3
    /// Attention heads of the text's tower.
    public var textHeads = 4
    /// Numbers of an embedding.
    public var projection = 128
    /// Pairs in a step.
    public var batch = 96
    /// Steps.
    public var steps = 3_000
    /// Highest learning rate.
    public var learningRate = 1e-3
    /// Steps until the learning rate is reached.
    public var warmup = 100
    /// What AdamW draws weights to zero by.
    public var weightDecay = 0.05
    /// Longest gradient; longer ones are shortened.
    public var gradientClip = 1.0
    /// How much of the running average of the weights each step keeps; less during the first steps.
    public var averageDecay = 0.995

    /// The defaults.
    public init() {}
}

/// Text-prompted segmentation of still lifes, and how it is trained.
public struct ClipsegSection: Codable, Sendable, Equatable {
    /// The folder of the pair of towers that training begins from, with its tokenizer.
    public var pair = "Models/still-life-clip"
    /// An autoencoder's folder whose round trips are learned from as well; empty for none.
    public var autoencoder = "Models/still-life/vae"
    /// How often an image is shown as it comes back from the autoencoder.
    public var roundTrips = 0.5
    /// Largest deviation of noise added to the latents of round trips, as a share of the latents' own.
    public var latentNoise = 0.2
    /// How often each way of degrading an image is used: blur, a smaller size, noise, coarse frequencies.
    public var degraded = 0.1
    /// Side of the patches that an image is cut into, in pixels; that of the pair's, or a half, a quarter … of it.
    public var patch = 4
    /// The layers of the image's tower whose embeddings the decoder reads, from 0.
    public var extractLayers = [1, 3]
    /// Width of the decoder.
    public var decoderWidth = 64
    /// Attention heads of the decoder.
    public var decoderHeads = 4
    /// Width between the halves of the decoder's feed-forward layers.
    public var decoderInner = 256
    /// Texts that are asked about each image of a step.
    public var texts = 3
    /// Weight of the Dice loss beside the binary cross-entropy.
    public var diceWeight = 0.5
    /// Weight of the cross-entropy of what patches show, told by a layer that is dropped after training.
    public var kindWeight = 0.3
    /// Images in a step.
    public var batch = 16
    /// Steps.
    public var steps = 3_000
    /// Highest learning rate.
    public var learningRate = 1e-3
    /// Steps until the learning rate is reached.
    public var warmup = 100
    /// What AdamW draws weights to zero by.
    public var weightDecay = 0.01
    /// Longest gradient; longer ones are shortened.
    public var gradientClip = 1.0
    /// How much of the running average of the weights each step keeps; less during the first steps.
    public var averageDecay = 0.995

    /// The defaults.
    public init() {}
}
