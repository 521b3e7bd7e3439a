public import Foundation

extension NoiseSchedule {
    /// Reads the `scheduler_config.json` of a diffusers folder, as Python's `DDIMScheduler.from_config`
    /// would.
    ///
    /// - Throws: `DiffusionError`; a setting that would change results and is not supported is named.
    public init(contentsOf path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw DiffusionError.missingFile(path: path, purpose: "the noise schedule")
        }
        try self.init(json: data, path: path)
    }

    /// Reads the text of a `scheduler_config.json`; `path` is used in errors.
    /// - Throws: `DiffusionError`.
    public init(json: Data, path: String = "scheduler_config.json") throws {
        let settings: Settings
        do {
            settings = try JSONDecoder().decode(Settings.self, from: json)
        } catch {
            throw DiffusionError.malformedFile(
                path: path, reason: "not a scheduler's configuration: \(Settings.reason(error))")
        }
        try self.init(settings, path: path)
    }

    private init(_ settings: Settings, path: String) throws {
        func unsupported(_ key: String, _ value: String, _ advice: String) -> DiffusionError {
            .unsupportedSetting(path: path, key: key, value: value, advice: advice)
        }
        let className = settings.className ?? "DDIMScheduler"
        guard Self.knownClasses.contains(className) else {
            throw DiffusionError.unsupportedClass(
                path: path, component: "the scheduler", className: className)
        }
        if settings.thresholding == true {
            throw unsupported(
                "thresholding", "true", "it is meant for models in pixel space; set it to false")
        }
        // DDIM and DDPM clip unless they are told not to; the others have no such setting.
        let clips =
            settings.clips ?? ["DDIMScheduler", "DDIMInverseScheduler", "DDPMScheduler"].contains(className)
        if clips {
            throw unsupported(
                "clip_sample", settings.clips == nil ? "true by default" : "true",
                "it would cut latents off at ±1; set it to false")
        }
        guard let prediction = Prediction(rawValue: settings.prediction ?? "epsilon") else {
            throw unsupported("prediction_type", settings.prediction ?? "", "epsilon and v_prediction are")
        }
        guard let spacing = Spacing(rawValue: settings.spacing ?? "leading") else {
            throw unsupported(
                "timestep_spacing", settings.spacing ?? "", "leading, trailing and linspace are")
        }
        let zeroTerminal = settings.zeroTerminal ?? false
        if zeroTerminal, prediction == .noise {
            throw unsupported(
                "rescale_betas_zero_snr", "true with prediction_type epsilon",
                "noise alone says nothing about the picture at the last level; v_prediction does")
        }
        let betas: [Double]
        if let trained = settings.trainedBetas {
            betas = trained
        } else {
            guard let growth = Growth(rawValue: settings.growth ?? "linear") else {
                throw unsupported(
                    "beta_schedule", settings.growth ?? "", "linear, scaled_linear and squaredcos_cap_v2 are")
            }
            betas = Self.betas(
                growth, from: settings.start ?? 0.0001, to: settings.end ?? 0.02,
                count: min(max(settings.trainingSteps ?? 1000, 0), 1_000_000))
        }
        guard !betas.isEmpty, betas.allSatisfy({ $0.isFinite && $0 >= 0 && $0 < 1 }) else {
            throw DiffusionError.malformedFile(
                path: path, reason: "every variance of the schedule must lie in 0..<1, and there must be some"
            )
        }
        let offset = settings.offset ?? 0
        guard (0..<betas.count).contains(offset) else {
            throw DiffusionError.malformedFile(
                path: path, reason: "steps_offset is \(offset); it must lie in 0..<\(betas.count)")
        }
        self.init(
            betas: betas, endsClean: settings.endsClean ?? (className != "PNDMScheduler"),
            prediction: prediction, spacing: spacing, offset: offset, zeroTerminal: zeroTerminal)
    }

    /// Samplers of one family of schedules: their configurations say the same things in the same words.
    private static let knownClasses: Set<String> = [
        "DDIMScheduler", "DDIMInverseScheduler", "DDPMScheduler", "PNDMScheduler", "LMSDiscreteScheduler",
        "EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler", "HeunDiscreteScheduler",
        "DPMSolverMultistepScheduler", "DPMSolverSinglestepScheduler", "KDPM2DiscreteScheduler",
        "KDPM2AncestralDiscreteScheduler", "DEISMultistepScheduler", "UniPCMultistepScheduler",
    ]

    private struct Settings: Decodable {
        var className: String?
        var trainingSteps: Int?
        var start: Double?
        var end: Double?
        var growth: String?
        var trainedBetas: [Double]?
        var endsClean: Bool?
        var offset: Int?
        var prediction: String?
        var spacing: String?
        var clips: Bool?
        var thresholding: Bool?
        var zeroTerminal: Bool?

        enum CodingKeys: String, CodingKey {
            case className = "_class_name"
            case trainingSteps = "num_train_timesteps"
            case start = "beta_start"
            case end = "beta_end"
            case growth = "beta_schedule"
            case trainedBetas = "trained_betas"
            case endsClean = "set_alpha_to_one"
            case offset = "steps_offset"
            case prediction = "prediction_type"
            case spacing = "timestep_spacing"
            case clips = "clip_sample"
            case thresholding
            case zeroTerminal = "rescale_betas_zero_snr"
        }

        /// What a decoder found wrong, in one line.
        static func reason(_ error: any Error) -> String {
            switch error {
            case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
                let key = context.codingPath.map(\.stringValue).joined(separator: ".")
                return "\(key.isEmpty ? "the file" : key): \(context.debugDescription)"
            case DecodingError.dataCorrupted: return "it is not JSON"
            default: return "\(error)"
            }
        }
    }
}
