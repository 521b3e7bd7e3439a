import Diffusion

/// How DiffusionCLIP tunes.
public struct DiffusionCLIPSettings: Sendable, Hashable {
    /// How gradients find their way through the generating steps.
    public enum Mode: String, Sendable, CaseIterable {
        /// Through the whole chain at once, in the memory of all its passes (the published `clip_finetune`).
        case chain
        /// At every step by a loss of its predicted clean image, with a step of the optimiser each (the published
        /// `clip_finetune_eff`). Another objective, and S times as many updates.
        case local
        /// The gradient of the whole chain, one pass at a time.
        case stepwise
    }

    /// How gradients find their way.
    public var mode = Mode.stepwise
    /// The noisiest timestep (t₀): 300 to 600 the more shapes are to change; best no multiple of the steps.
    public var top = 500
    /// Points of the grid that images are inverted along (S_for).
    public var inversionSteps = 40
    /// Points of the grid that images are generated along while it tunes (S_gen).
    public var generationSteps = 6
    /// How often each image is seen.
    public var epochs = 5
    /// Adam's learning rate in the first epoch.
    public var learningRate = 8e-6
    /// What it is multiplied by after each epoch.
    public var growth = 1.3
    /// Weight of the directional loss.
    public var clipWeight = 3.0
    /// Weight of the mean absolute difference to the image itself.
    public var l1Weight = 1.0
    /// Sentences that the texts are put into.
    public var templates = DirectionalLoss.templates

    /// The example of the published code.
    public init() {}

    /// The defaults of the published code: one epoch, and images held by nothing but their inversion.
    public static var official: DiffusionCLIPSettings {
        var settings = DiffusionCLIPSettings()
        (settings.top, settings.epochs, settings.learningRate) = (400, 1, 2e-6)
        (settings.l1Weight, settings.mode) = (0, .chain)
        return settings
    }

    /// Sees that the settings fit a model.
    /// - Throws: `DiffusionCLIPError.setting`.
    func check(_ schedule: NoiseSchedule) throws(DiffusionCLIPError) {
        func require(_ holds: Bool, _ key: String, _ value: some Any, _ wanted: String)
            throws(DiffusionCLIPError)
        {
            guard holds else { throw .setting(key: key, value: "\(value)", wanted: wanted) }
        }
        try require(
            (1..<schedule.trainingSteps).contains(top), "top", top,
            "a timestep, 1 to \(schedule.trainingSteps - 1)")
        for (key, steps) in [("inversionSteps", inversionSteps), ("generationSteps", generationSteps)] {
            try require(
                steps == 0 || (2...(top + 1)).contains(steps), key, steps, "0 for all, or 2 to \(top + 1)")
        }
        try require(epochs > 0, "epochs", epochs, "at least 1")
        try require(learningRate > 0 && learningRate.isFinite, "learningRate", learningRate, "above 0")
        try require(growth > 0 && growth.isFinite, "growth", growth, "above 0")
        for (key, weight) in [("clipWeight", clipWeight), ("l1Weight", l1Weight)] {
            try require(weight >= 0 && weight.isFinite, key, weight, "at least 0")
        }
        try require(clipWeight + l1Weight > 0, "clipWeight and l1Weight", 0, "above 0, one of them")
        try require(!templates.isEmpty, "templates", 0, "a sentence at least")
    }
}
