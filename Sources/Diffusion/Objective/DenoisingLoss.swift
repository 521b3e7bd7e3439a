public import Tensors

/// The denoising objective that a UNet is trained on: weighted squares of what they answer less what they should.
public struct DenoisingLoss: Sendable {
    /// How latents are noised, and what the network answers.
    public let schedule: NoiseSchedule
    /// Where min-SNR weighting caps the ratio (γ of Hang and others 2023); 0 for equal weights.
    public let gamma: Double
    /// The ratio that noisier levels are weighted as though they had; 0 to weight them as they are.
    ///
    /// What is large in an image (a wall, a table) shows through even strong noise. It must come from the prompt at the
    /// noisiest levels alone, and their squared errors are too small to teach it.
    public let floor: Double

    /// The objective on a schedule.
    public init(schedule: NoiseSchedule, gamma: Double, floor: Double = 0) {
        self.schedule = schedule
        self.gamma = gamma
        self.floor = floor
    }

    /// The schedule of Stable Diffusion, or one that ends noisier: √β in a straight line, level 0 with the ᾱ of timestep 0.
    public static func schedule(_ prediction: Prediction, betaEnd: Double = usualBetaEnd) -> NoiseSchedule {
        NoiseSchedule(
            betas: NoiseSchedule.betas(.scaledLinear, from: betaStart, to: betaEnd, count: timesteps),
            endsClean: false, prediction: prediction, spacing: .leading, offset: offset)
    }

    /// Where the β of Stable Diffusion end.
    public static let usualBetaEnd = 0.012
    /// Where they begin.
    public static let betaStart = 0.00085
    private static let (timesteps, offset) = (1000, 1)

    /// The same schedule as the `scheduler_config.json` of a diffusers folder.
    public static func schedulerJSON(_ prediction: Prediction, betaEnd: Double = usualBetaEnd) -> [String:
        any Sendable]
    {
        [
            "_class_name": "DDIMScheduler", "beta_end": betaEnd,
            "beta_schedule": NoiseSchedule.Growth.scaledLinear.rawValue, "beta_start": betaStart,
            "clip_sample": false, "num_train_timesteps": timesteps, "prediction_type": prediction.rawValue,
            "set_alpha_to_one": false, "steps_offset": offset,
            "timestep_spacing": NoiseSchedule.Spacing.leading.rawValue, "trained_betas": String?.none,
        ]
    }

    /// The schedule of models in pixel space (Ho, Jain and Abbeel 2020): β in a straight line, level 0 clean.
    public static func pixelSchedule() -> NoiseSchedule {
        NoiseSchedule(
            betas: NoiseSchedule.betas(.linear, from: pixelBetas.start, to: pixelBetas.end, count: timesteps),
            endsClean: true, spacing: .leading, offset: 0)
    }

    private static let pixelBetas = (start: 1e-4, end: 0.02)

    /// The same schedule as the `scheduler_config.json` of a diffusers folder.
    public static func pixelSchedulerJSON() -> [String: any Sendable] {
        [
            "_class_name": "DDPMScheduler", "beta_end": pixelBetas.end,
            "beta_schedule": NoiseSchedule.Growth.linear.rawValue, "beta_start": pixelBetas.start,
            "clip_sample": false, "num_train_timesteps": timesteps,
            "prediction_type": Prediction.noise.rawValue, "steps_offset": 0,
            "timestep_spacing": NoiseSchedule.Spacing.leading.rawValue, "trained_betas": String?.none,
            "variance_type": "fixed_small",
        ]
    }

    /// √ᾱ·x₀ + √(1-ᾱ)·ε, each row at its own timestep.
    public func noisy(_ clean: Tensor, _ noise: Tensor, timesteps: [Int]) -> Tensor {
        let (signal, spread) = coefficients(timesteps, like: clean)
        return clean * signal + noise * spread
    }

    /// What the network should answer: the noise, or the velocity √ᾱ·ε - √(1-ᾱ)·x₀.
    public func target(_ clean: Tensor, _ noise: Tensor, timesteps: [Int]) -> Tensor {
        guard schedule.prediction == .velocity else { return noise }
        let (signal, spread) = coefficients(timesteps, like: clean)
        return noise * signal - clean * spread
    }

    /// Weight of a timestep's squared error (equation 4 of Hang et al., with a floor): min(max(SNR, floor), γ) over SNR
    /// for noise, over SNR + 1 for velocity, where SNR = ᾱ / (1-ᾱ).
    public func weight(_ timestep: Int) -> Double {
        guard gamma > 0 else { return 1 }
        let alphaBar = schedule.alphaBars[timestep]
        let ratio = alphaBar / (1 - alphaBar)
        return min(max(ratio, floor), gamma) / (schedule.prediction == .velocity ? ratio + 1 : ratio)
    }

    /// Mean square of each row, [B].
    public func squares(_ answer: Tensor, _ target: Tensor) -> Tensor {
        (answer.to(dtype: .float32) - target).squared.mean([1, 2, 3])
    }

    /// The loss of a batch: the mean of its rows' weighted squares.
    public func callAsFunction(_ answer: Tensor, _ target: Tensor, timesteps: [Int]) -> Tensor {
        let weights = Tensor(timesteps.map { Float(weight($0)) }).to(device: answer.device)
        return (squares(answer, target) * weights).mean
    }

    /// √ᾱ and √(1-ᾱ) of rows, [B, 1, 1, 1].
    private func coefficients(_ timesteps: [Int], like tensor: Tensor) -> (signal: Tensor, spread: Tensor) {
        let alphaBars = timesteps.map { schedule.alphaBars[$0] }
        func column(_ values: [Double]) -> Tensor {
            Tensor(values.map(Float.init), shape: [values.count, 1, 1, 1]).to(device: tensor.device)
        }
        return (column(alphaBars.map { $0.squareRoot() }), column(alphaBars.map { (1 - $0).squareRoot() }))
    }
}
