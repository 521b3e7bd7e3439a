/// An unconditional UNet in pixel space, and how it is trained.
public struct PixelsSection: Codable, Sendable, Equatable {
    /// Channels of each level of the UNet; every level but the last halves the image.
    public var channels = [64, 96, 128, 160]
    /// Residual blocks of a level on the way down; one more on the way up.
    public var layersPerBlock = 1
    /// Which levels have self-attention; the middle always has.
    public var attention = [false, false, true, true]
    /// Channels of an attention head.
    public var headChannels = 32
    /// Groups of the normalisations.
    public var normGroups = 16
    /// Whether the time scales and shifts features (Dhariwal and Nichol 2021) rather than being added to them.
    public var timeScales = true
    /// Images in a step.
    public var batch = 128
    /// Steps.
    public var steps = 20_000
    /// Highest learning rate.
    public var learningRate = 4e-4
    /// Where the cosine ends, as a share of the highest learning rate.
    public var finalLearningRateShare = 0.02
    /// Steps until the learning rate is reached.
    public var warmup = 300
    /// What AdamW draws weights to zero by.
    public var weightDecay = 0.01
    /// Longest gradient; longer ones are shortened.
    public var gradientClip = 1.0
    /// How much of the running average of the weights each step keeps; less during the first steps.
    public var averageDecay = 0.999
    /// Where min-SNR weighting caps the ratio (γ in equation 4 of Hang and others 2023); 0 for equal weights.
    public var snrGamma = 5.0
    /// The signal-to-noise ratio that noisier levels are weighted as though they had; 0 to weight them as they are.
    public var snrFloor = 0.0
    /// Whether channels lie innermost in memory.
    public var channelsLast = false
    /// Images of a sheet.
    public var samples = 16

    /// The defaults.
    public init() {}
}

extension PixelsSection {
    /// The network's shape.
    var architecture: [String: String] {
        [
            "pixels.channels": "\(channels)", "pixels.layersPerBlock": "\(layersPerBlock)",
            "pixels.attention": "\(attention)", "pixels.headChannels": "\(headChannels)",
            "pixels.normGroups": "\(normGroups)", "pixels.timeScales": "\(timeScales)",
        ]
    }
}

extension TrainingConfiguration {
    /// Checks the settings of a UNet in pixel space.
    /// - Throws: `TrainingError.invalidValue`.
    func validatePixels() throws {
        let section = pixels
        let levels = section.channels.count
        try validateChannels(section.channels, groups: section.normGroups, "pixels")
        try require(
            section.attention.count == levels, "pixels.attention", section.attention, "\(levels) values")
        let attending = zip(section.channels, section.attention).enumerated().filter {
            $0.element.1 || $0.offset == levels - 1
        }.map(\.element.0)
        try require(
            section.headChannels > 0 && attending.allSatisfy { $0 % section.headChannels == 0 },
            "pixels.headChannels", section.headChannels,
            "a divisor of the channels of levels with attention, \(attending)")
        try require(
            section.layersPerBlock > 0, "pixels.layersPerBlock", section.layersPerBlock, "at least 1")
        try require((0...1024).contains(section.samples), "pixels.samples", section.samples, "0 to 1024")
        try validateDenoising("pixels", section)
    }

    /// Checks what all stages have in common that learn to tell noise.
    func validateDenoising(_ key: String, _ section: any DenoisingSection) throws {
        try validateSteps(
            key, batch: section.batch, steps: section.steps, rate: section.learningRate,
            warmup: section.warmup, decay: section.weightDecay, clip: section.gradientClip)
        try require(
            (0...1).contains(section.finalLearningRateShare), "\(key).finalLearningRateShare",
            section.finalLearningRateShare, "0 to 1")
        try validateAverage(key, section.averageDecay)
        try require(
            section.snrGamma >= 0 && section.snrGamma.isFinite, "\(key).snrGamma", section.snrGamma,
            "at least 0")
        try require(
            section.snrFloor >= 0 && section.snrFloor.isFinite, "\(key).snrFloor", section.snrFloor,
            "at least 0")
    }
}
