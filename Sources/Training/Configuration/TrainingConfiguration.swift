public import Diffusion
import Foundation

/// Everything that a training run depends on; a JSON file names what differs from these defaults.
///
/// Two runs with the same configuration and the same number of threads give the same model.
public struct TrainingConfiguration: Codable, Sendable, Equatable {
    /// What is trained.
    public var kind = Kind.diffusion
    /// The model folder that is written; relative paths start at the current folder.
    public var output = "Models/trained"
    /// Where checkpoints and caches lie; empty for a folder of the user's cache named after `output`.
    public var work = ""
    /// All randomness follows from this number.
    public var seed: UInt64 = 1
    /// `auto`, `cpu` or `cuda`.
    public var device = "auto"
    /// What the networks compute in; weights and moments are kept in 32 bits.
    public var precision = Precision.float32
    /// Threads that one operation may use; 0 for one per core.
    public var threads = 0
    /// Stops and writes the model after so many minutes of this run; 0 for no limit.
    public var timeLimitMinutes = 0.0
    /// Whether the learning rate falls with the time that is over, where there is a time limit, and not with the steps.
    ///
    /// For a machine that is there for so many minutes: the model is ready at their end. Such a run cannot be repeated.
    public var paceFollowsTime = false
    /// Seconds between checkpoints.
    public var checkpointSeconds = 300.0
    /// Steps between lines of `progress.jsonl`.
    public var logSteps = 20
    /// What is learned from.
    public var data = DataSection()
    /// The first stage: images to latents and back.
    public var autoencoder = AutoencoderSection()
    /// The second stage: text encoder and UNet.
    public var diffusion = DiffusionSection()
    /// Images made on the way, to look at.
    public var samples = SampleSection()
    /// The network that judges images; only for the kind `judge`.
    public var judge = JudgeSection()
    /// The pair of towers for images and texts; only for the kind `clip`.
    public var clip = ClipSection()
    /// The network that finds what texts name; only for the kind `clipseg`.
    public var clipseg = ClipsegSection()
    /// The UNet that makes images out of noise alone; only for the kind `pixels`.
    public var pixels = PixelsSection()

    /// The defaults.
    public init() {}

    /// What a run trains.
    public enum Kind: String, Codable, Sendable, Equatable, CaseIterable {
        /// An autoencoder, then text encoder and UNet.
        case diffusion
        /// A network that says what still lifes show.
        case judge
        /// Two towers that bring images and their captions together.
        case clip
        /// A network that tells where a still life shows what a text says (CLIPSeg).
        case clipseg
        /// An unconditional UNet in pixel space.
        case pixels
    }

    /// What the networks compute in.
    public enum Precision: String, Codable, Sendable, Equatable, CaseIterable {
        case float32, bfloat16
    }
}

/// What a model learns from.
public struct DataSection: Codable, Sendable, Equatable {
    /// Where images come from.
    public enum Source: String, Codable, Sendable, Equatable, CaseIterable {
        /// Scenes rendered ahead of training.
        case stillLife
        /// A folder of images with captions.
        case folder
    }
    /// Where images come from.
    public var source = Source.stillLife
    /// The folder of images, each with a NAME.txt (one caption a line) or a line in captions.jsonl.
    public var folder = ""
    /// Width and height of the images in pixels; a multiple of the autoencoder's factor.
    public var size = 64
    /// How many scenes are rendered.
    public var count = 40_000
    /// How many more are kept out of training, to measure on.
    public var heldOut = 256
    /// The first scene's seed.
    public var seed: UInt64 = 1_000_000
    /// How many captions an image gets.
    public var captions = 8
    /// How often scenes have one, two and three objects.
    public var objectWeights = [0.65, 0.25, 0.10]
    /// How often scenes are drawn in each style.
    public var styleWeights = ["photo": 0.7, "pencil": 0.1, "painting": 0.1, "pixelArt": 0.1]

    /// The defaults.
    public init() {}
}

/// The autoencoder and how it is trained.
public struct AutoencoderSection: Codable, Sendable, Equatable {
    /// How pixels are compared.
    public enum Loss: String, Codable, Sendable, Equatable, CaseIterable {
        case absolute, squared
    }
    /// An autoencoder folder to take instead of training one; empty to train.
    public var reuse = ""
    /// An autoencoder folder whose weights training begins with, grown where this one has more channels; empty for none.
    public var start = ""
    /// A network whose latents training draws those of this autoencoder towards; empty for none.
    ///
    /// A folder: of an `AutoencoderKL`, or with the `encoder.safetensors` of a tiny autoencoder (a plain sequence of
    /// convolutions, as TAESD and its kin are published). It must have as many latent channels and the same factor.
    public var teacher = ""
    /// Weight of the mean squared difference between the latents' means and the teacher's, per latent number.
    public var teacherWeight = 0.05
    /// Channels of each level; every level but the last halves the image.
    public var channels = [32, 64, 64]
    /// Channels of a latent.
    public var latentChannels = 4
    /// Residual blocks of an encoder level; the decoder has one more.
    public var layersPerBlock = 1
    /// Groups of the normalisations.
    public var normGroups = 8
    /// Width and height of the crops that are trained on.
    public var cropSize = 32
    /// Crops in a step.
    public var batch = 32
    /// Steps.
    public var steps = 6_000
    /// Highest learning rate.
    public var learningRate = 1e-3
    /// Steps until the learning rate is reached.
    public var warmup = 100
    /// What AdamW draws weights to zero by.
    public var weightDecay = 0.0
    /// Longest gradient; longer ones are shortened.
    public var gradientClip = 1.0
    /// How pixels are compared.
    public var loss = Loss.absolute
    /// Weight of the Kullback-Leibler divergence from a standard normal, per latent number.
    public var klWeight = 1e-4
    /// Weight of the differences between neighbouring pixels.
    public var gradientWeight = 0.5
    /// Weight of the same comparison at a half and a quarter of the size.
    public var multiScaleWeight = 0.25

    /// The defaults.
    public init() {}

    /// How many pixels wide a latent place is.
    public var factor: Int { 1 << max(0, channels.count - 1) }
}

/// Text encoder and UNet, and how they are trained together.
public struct DiffusionSection: Codable, Sendable, Equatable {
    /// A model folder whose tokenizer and weights training begins with, grown where this model has more channels; empty
    /// for none.
    public var start = ""
    /// A folder with a CLIP pair whose tokenizer and text tower are taken as they are; empty to train a text encoder.
    ///
    /// The settings of the text encoder must be those of the tower.
    public var frozenText = ""
    /// Channels of each level of the UNet; every level but the last halves the latent.
    public var channels = [64, 128, 256]
    /// Residual blocks of a level on the way down; one more on the way up.
    public var layersPerBlock = 1
    /// Which levels look at the prompt.
    public var attention = [true, true, false]
    /// Attention heads of each level.
    public var heads = [2, 4, 8]
    /// Groups of the normalisations.
    public var normGroups = 16
    /// Layers of the text encoder.
    public var textLayers = 3
    /// Width of the text encoder, and of what the UNet looks at.
    public var textWidth = 128
    /// Attention heads of the text encoder.
    public var textHeads = 4
    /// Tokens of a prompt with its start and end.
    public var contextLength = 32
    /// Most entries of the tokenizer's vocabulary.
    public var vocabulary = 800
    /// Latents in a step.
    public var batch = 64
    /// Steps.
    public var steps = 20_000
    /// Highest learning rate.
    public var learningRate = 4e-4
    /// Where the cosine ends, as a share of the highest learning rate.
    public var finalLearningRateShare = 0.02
    /// Steps until the learning rate is reached.
    public var warmup = 500
    /// What AdamW draws weights to zero by.
    public var weightDecay = 0.01
    /// Longest gradient; longer ones are shortened.
    public var gradientClip = 1.0
    /// How much of the running average of the weights each step keeps; less during the first steps.
    public var averageDecay = 0.999
    /// What the UNet answers: `epsilon`, the noise, or `v_prediction`, the velocity.
    public var prediction = Prediction.noise
    /// Where min-SNR weighting caps the ratio (γ in equation 4 of Hang and others 2023); 0 for equal weights.
    public var snrGamma = 5.0
    /// The signal-to-noise ratio that noisier levels are weighted as though they had; 0 to weight them as they are.
    public var snrFloor = 0.0
    /// The last of the noise schedule's β.
    ///
    /// Stable Diffusion's 0.012 leaves what is large in an image visible at the noisiest timestep.
    public var betaEnd = DenoisingLoss.usualBetaEnd
    /// How often the empty caption stands in for the image's.
    public var emptyCaptions = 0.1
    /// Whether channels lie innermost in memory.
    public var channelsLast = false

    /// The defaults.
    public init() {}
}

/// Images made during training, to look at.
public struct SampleSection: Codable, Sendable, Equatable {
    /// Steps between sheets; 0 for none.
    public var everySteps = 1_000
    /// Steps of a DDIM run.
    public var ddimSteps = 25
    /// Guidance scale.
    public var guidance = 4.0
    /// What is asked for; the same noise every time.
    public var prompts = [
        "a red apple on a wooden table", "a green pear on a marble table", "a yellow lemon on a slate table",
        "a blue mug on a checkered cloth", "a purple cube on a wooden table in front of a brick wall",
        "an orange ball on a marble table in front of a blue wall", "a white duck on a slate table",
        "a black teapot on a wooden table", "a pencil sketch of a brown bottle on a wooden table",
        "a painting of a pink vase on a checkered cloth", "pixel art of a red mushroom on a slate table",
        "a lit white candle on a wooden table", "an open blue book on a marble table",
        "a green bowl and a red ball on a wooden table", "a yellow cone and a blue ring on a slate table",
        "a red apple, a green pear and a yellow lemon on a wooden table",
    ]

    /// The defaults.
    public init() {}
}
