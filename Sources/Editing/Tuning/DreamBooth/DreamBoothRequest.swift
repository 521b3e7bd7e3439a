import Diffusion
public import Imaging

/// What a few images teach a model: a thing, a place or a style, under a word of its own (DreamBooth).
///
/// Ruiz et al., "DreamBooth: Fine Tuning Text-to-Image Diffusion Models for Subject-Driven Generation", CVPR 2023, arXiv
/// 2208.12242; with adapters as Hu et al., "LoRA", arXiv 2106.09685. The numbers are those of diffusers' scripts. Only the
/// UNet is tuned.
public struct DreamBoothRequest: Sendable, Hashable {
    /// An image and what it shows.
    public struct Example: Sendable, Hashable {
        /// The image, of any size; its middle square is learnt from.
        public var image: Image
        /// What it shows, such as "a photo of sks mug".
        public var prompt: String

        /// An image and what it shows.
        public init(image: Image, prompt: String) {
            (self.image, self.prompt) = (image, prompt)
        }
    }

    /// Images of the whole class, which the model makes itself and must not forget (prior preservation).
    public struct Prior: Sendable, Hashable {
        /// What they show, such as "a photo of a mug".
        public var prompt: String
        /// How many.
        public var count = 100
        /// What their loss is multiplied by (λ).
        public var weight = 1.0
        /// Steps of their sampling.
        public var steps = 50
        /// Guidance of their sampling.
        public var guidance = 7.5

        /// The usual number of images of a prompt, with a preset's settings.
        public init(prompt: String, preset: Preset = .paper) {
            self.prompt = prompt
            if preset == .fast { (count, steps) = (20, 20) }
        }
    }

    /// The images.
    public var examples: [Example]
    /// What of the UNet is tuned.
    public var trainable: Trainable
    /// Rank of the adapters (r).
    public var rank = 4
    /// What the adapters' product is multiplied by, times the rank (α); the rank, for a scale of 1, where nil.
    public var alpha: Double?
    /// Steps of AdamW.
    public var steps: Int
    /// AdamW's learning rate.
    public var learningRate: Double
    /// AdamW's weight decay.
    public var weightDecay = 1e-2
    /// The length that gradients are shortened to.
    public var clip = 1.0
    /// What the fresh adapters, noise, timesteps and images of the class follow from.
    public var seed: UInt64 = 0
    /// Side of the square that is learnt from, in pixels; the model's own where nil.
    public var side: Int?
    /// Images of the whole class; nil learns the examples alone.
    public var prior: Prior?

    /// Examples with a preset's numbers for what is tuned.
    ///
    /// Adapters: 500 steps at 1e-4; weights: 400 steps at 5e-6, or 800 with a prior. `fast`: 150 steps at ten times the
    /// rate.
    public init(
        _ examples: [Example], trainable: Trainable = .lora, prior: Prior? = nil, preset: Preset = .paper
    ) {
        self.examples = examples
        self.trainable = trainable
        self.prior = prior
        let isFast = preset == .fast
        steps = isFast ? 150 : trainable == .lora ? 500 : prior == nil ? 400 : 800
        learningRate = trainable == .lora ? (isFast ? 1e-3 : 1e-4) : (isFast ? 5e-5 : 5e-6)
    }

    /// What the adapters' product is multiplied by.
    var scale: Double { (alpha ?? Double(rank)) / Double(rank) }

    /// Refuses what cannot be trained, before anything is loaded.
    /// - Throws: `EditingError` that says what is wrong and what would be right.
    public func check() throws(EditingError) {
        guard !examples.isEmpty else {
            throw .badValue(name: "the number of pictures", value: "0", expected: "at least 1")
        }
        for prompt in examples.map(\.prompt) + [prior?.prompt].compactMap(\.self)
        where prompt.allSatisfy(\.isWhitespace) { throw .emptyPrompt }
        func check<Value: Comparable & CustomStringConvertible>(
            _ name: String, _ value: Value, _ range: ClosedRange<Value>
        ) throws(EditingError) {
            guard range.contains(value) else {
                throw .badValue(
                    name: name, value: "\(value)",
                    expected: "a number from \(range.lowerBound) to \(range.upperBound)")
            }
        }
        try check("rank", rank, 1...128)
        try check("alpha", alpha ?? 1, 1e-3...1e4)
        try check("steps-tuning", steps, 1...100_000)
        try check("learning-rate", learningRate, 0...1)
        try check("weight-decay", weightDecay, 0...1)
        try check("clip", clip, 1e-6...1e6)
        try check("size", side ?? 64, Limits.side)
        guard let prior else { return }
        try check("prior-pictures", prior.count, 1...10_000)
        try check("prior-weight", prior.weight, 0...100)
    }
}
