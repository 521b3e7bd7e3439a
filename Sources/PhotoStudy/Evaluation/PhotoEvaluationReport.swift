public import ImageMetrics

/// The numbers of a model of photos; parts that were not measured are nil or empty.
public struct PhotoEvaluationReport: Sendable, Hashable, Codable {
    /// The model's name.
    public var model: String
    /// Its fingerprint.
    public var fingerprint: String
    /// What the lists of photos hold, as a short hash.
    public var photos: String
    /// What was asked for.
    public var settings: PhotoEvaluationSettings
    /// Held-out photos through the autoencoder at the model's size, mean PSNR in dB.
    public var autoencoder: Double?
    /// The judge's own answers on held-out photos, by group of labels.
    public var judge: [String: JudgeAnswers] = [:]
    /// Generated images against their prompts, as the judge sees them, by group of labels.
    public var generated: [String: JudgeAnswers] = [:]
    /// Edits whose true results are known.
    public var colourEdits: ColourEdits?
    /// Edits of kind.
    public var kindEdits: KindEdits?
    /// Forward passes of the UNet.
    public var forwards = 0
    /// Seconds in all.
    public var seconds = 0.0

    /// Nothing is measured yet.
    init(model: String, fingerprint: String, photos: String, settings: PhotoEvaluationSettings) {
        (self.model, self.fingerprint, self.photos, self.settings) = (model, fingerprint, photos, settings)
    }

    /// How often a judge's answers are what was wanted, and what it took for what.
    public struct JudgeAnswers: Sendable, Hashable, Codable {
        /// The share that is as wanted.
        public var right: Share
        /// How often what was wanted (outside) was taken for what (inside).
        public var confusion: [String: [String: Int]]

        /// The answers of a judge.
        init(_ answers: [(wanted: String, seen: String)]) {
            right = Share(answers.map { $0.wanted == $0.seen })
            confusion = answers.reduce(into: [:]) { $0[$1.wanted, default: [:]][$1.seen, default: 0] += 1 }
        }
    }

    /// Edits of colour against their true results, the photo's own pixels pasted back outside the method's mask.
    public struct ColourEdits: Sendable, Hashable, Codable {
        /// How many.
        public var count: Int
        /// Median of 1 - d(result, truth) / d(photo, truth) over the petals, d the mean squared error.
        public var medianGain: Double?
        /// Its mean, none counted below -1, with a 95 % interval over photos.
        public var meanGain: Interval?
        /// The share that comes nearer to the true result than the photo is.
        public var nearer: Share
        /// Mean intersection over union of the method's own mask with the petals.
        public var maskOverlap: Double?
        /// Mean PSNR to the photo outside the petals, in dB.
        public var outside: Double?
        /// The share that has the colour that was asked for, as the judge sees it.
        public var colour: Share?
        /// The same of the photos before the edit.
        public var before: Share?
        /// The same of the true results: what the judge grants a perfect edit.
        public var truths: Share?
        /// Median gain by the colour that was asked for.
        public var byColour: [String: Double]
    }

    /// Edits of kind, as the judge sees them.
    public struct KindEdits: Sendable, Hashable, Codable {
        /// How many.
        public var count: Int
        /// The share that shows the kind that was asked for.
        public var kind: Share?
        /// The same of the photos before the edit.
        public var before: Share?
        /// The share that shows the kind and the colour that were asked for.
        public var kindAndColour: Share?
        /// Mean share of the image that the method's own mask covers.
        public var area: Double?
        /// Mean PSNR to the photo outside that mask, in dB; 100 where all pixels there are the photo's.
        public var outside: Double?
        /// The share that shows the kind that was asked for, by what became what.
        public var byPair: [String: Share]
    }
}
