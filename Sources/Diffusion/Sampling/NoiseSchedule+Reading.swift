public import Foundation
import Networks
import Support

extension NoiseSchedule {
    /// Reads the `scheduler_config.json` of a diffusers folder as its Stable Diffusion pipelines run it with DDIM.
    ///
    /// That is `DDIMScheduler.from_pretrained`, whose defaults hold where a key is absent whatever sampler wrote the
    /// file, and the corrections of the pipelines' constructor: see `ScheduleFile`.
    /// - Throws: `DiffusionError`, `ConfigurationError`; a setting that would change results and is not supported is
    ///   named.
    public init(contentsOf path: String) throws { self = try ScheduleFile(contentsOf: path).schedule }

    /// Reads the text of a `scheduler_config.json`; `path` is used in errors.
    /// - Throws: `DiffusionError`, `ConfigurationError`.
    public init(json: Data, path: String = "scheduler_config.json") throws {
        self = try ScheduleFile(json: json, path: path).schedule
    }
}

/// A `scheduler_config.json`: the schedule it describes, and what was corrected on the way.
///
/// diffusers' `StableDiffusionPipeline`, its variants for images and inpainting, and most others of the family set
/// `steps_offset` to 1 and `clip_sample` to false whatever the file says, with a notice of deprecation. Their
/// InstructPix2Pix pipeline does neither.
public struct ScheduleFile: Sendable {
    /// The schedule as it is used.
    public let schedule: NoiseSchedule
    /// One line for each setting that is not used as it stands.
    public let notices: [String]

    /// Reads a file.
    ///
    /// - `correcting`: whether to correct what the pipelines correct.
    /// - `inPixels`: whether it is of a model in pixel space, whose samplers clip or threshold what they predict and whose
    ///   network may learn a variance; neither has a say in deterministic DDIM, and the first is told.
    public init(contentsOf path: String, correcting: Bool = true, inPixels: Bool = false) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw DiffusionError.missingFile(path: path, purpose: "the noise schedule")
        }
        try self.init(json: data, path: path, correcting: correcting, inPixels: inPixels)
    }

    /// Reads a file's text; `path` is used in errors.
    public init(
        json: Data, path: String = "scheduler_config.json", correcting: Bool = true, inPixels: Bool = false
    ) throws {
        guard let object = JSONValue.object(of: json) else {
            throw DiffusionError.malformedFile(
                path: path, reason: "not a scheduler's configuration: it is not JSON, or no object")
        }
        try self.init(
            ConfigurationFile(path: path, object), correcting: correcting && !inPixels, inPixels: inPixels)
    }

    init(_ file: ConfigurationFile, correcting: Bool, inPixels: Bool = false) throws {
        let path = file.path
        try Self.checkFamily(of: file)
        var notices: [String] = []
        if inPixels {
            try Self.tellOfClipping(in: file, &notices)
        } else {
            try Self.checkClipping(in: file, correcting: correcting, &notices)
        }
        let prediction = try Prediction(rawValue: file.oneOf("prediction_type", ["epsilon", "v_prediction"]))
        let spacing = try NoiseSchedule.Spacing(
            rawValue: file.oneOf("timestep_spacing", ["leading", "trailing", "linspace"]))
        guard let prediction, let spacing else { preconditionFailure("the names are those of the cases") }
        let zeroTerminal = try file.value("rescale_betas_zero_snr", false)
        if zeroTerminal, prediction == .noise {
            throw DiffusionError.unsupportedSetting(
                path: path, key: "rescale_betas_zero_snr", value: "true with prediction_type epsilon",
                advice: "noise alone says nothing about the picture at the last level; v_prediction does")
        }
        let betas = try Self.betas(file)
        // The pipelines correct null too; without them it is refused as any number that is null.
        var offset = file["steps_offset"] == .null && correcting ? 0 : try file.value("steps_offset", 0)
        if correcting, offset != 1 {
            // The other spacings have no offset that could be seen.
            if spacing == .leading {
                let said = file["steps_offset"].map { "\($0)" } ?? "0 by default"
                notices.append(
                    "\(path): steps_offset is \(said); 1 is used, as diffusers' Stable Diffusion pipelines do"
                )
            }
            offset = min(1, betas.count - 1)
        }
        guard betas.indices.contains(offset) else {
            throw DiffusionError.malformedFile(
                path: path, reason: "steps_offset is \(offset); it must lie in 0..<\(betas.count)")
        }
        let told = NoiseSchedule(
            betas: betas, endsClean: try file.value("set_alpha_to_one", true), prediction: prediction,
            spacing: spacing, offset: offset, zeroTerminal: zeroTerminal)
        schedule = file["timestep_spacing"] == nil ? told.leavingSpacing : told
        self.notices = notices
        var neutral = Self.neutral
        if inPixels { neutral["variance_type", default: []] += ["learned", "learned_range"] }
        try file.allow(Self.read, ignored: Self.ignored, neutral: neutral)
    }

    /// Variances as the file gives them, or the parameters of their formula.
    private static func betas(_ file: ConfigurationFile) throws -> [Double] {
        let count = try file.count("num_train_timesteps", 1000)
        let betas: [Double]
        if let trained: [Double] = try file.optional("trained_betas") {
            guard trained.count == count else {
                throw file.valueError(
                    "trained_betas", "a list of \(trained.count)",
                    known: "null, or as many as num_train_timesteps says (\(count))")
            }
            betas = trained
        } else {
            let names = ["linear", "scaled_linear", "squaredcos_cap_v2"]
            guard let growth = NoiseSchedule.Growth(rawValue: try file.oneOf("beta_schedule", names)) else {
                preconditionFailure("the names are those of the cases")
            }
            betas = NoiseSchedule.betas(
                growth, from: try file.value("beta_start", 0.0001), to: try file.value("beta_end", 0.02),
                count: count)
        }
        guard betas.allSatisfy({ $0.isFinite && $0 >= 0 && $0 < 1 }) else {
            throw DiffusionError.malformedFile(
                path: file.path, reason: "every variance of the schedule must lie in 0..<1")
        }
        return betas
    }

    /// Refuses samplers of other families of schedules.
    private static func checkFamily(of file: ConfigurationFile) throws {
        let className = file["_class_name"]?.text ?? "DDIMScheduler"
        guard knownClasses.contains(className) else {
            throw DiffusionError.unsupportedClass(
                path: file.path, component: "the scheduler", className: className)
        }
    }

    /// DDIM and DDPM clip unless they are told not to; the others would not.
    private static func clips(_ file: ConfigurationFile) throws -> Bool {
        let clippers: Set<String> = ["DDIMScheduler", "DDIMInverseScheduler", "DDPMScheduler"]
        let className = file["_class_name"]?.text ?? "DDIMScheduler"
        return try file.value("clip_sample", clippers.contains(className))
    }

    /// Tells that images are not cut off at ±1 on their way.
    private static func tellOfClipping(in file: ConfigurationFile, _ notices: inout [String]) throws {
        let thresholds = try file.value("thresholding", false)
        guard try thresholds || clips(file) else { return }
        notices.append(
            "\(file.path): \(thresholds ? "thresholding" : "clip_sample") is not done here: clean images are predicted "
                + "as the network sees them, so that an inversion finds its way back")
    }

    /// Sees to it that latents are not cut off at ±1.
    private static func checkClipping(
        in file: ConfigurationFile, correcting: Bool, _ notices: inout [String]
    ) throws {
        if try file.value("thresholding", false) {
            throw DiffusionError.unsupportedSetting(
                path: file.path, key: "thresholding", value: "true",
                advice: "it is meant for models in pixel space; set it to false")
        }
        guard try clips(file) else { return }
        let said = file["clip_sample"] == nil ? "true by default" : "true"
        guard correcting else {
            throw DiffusionError.unsupportedSetting(
                path: file.path, key: "clip_sample", value: said,
                advice: "it would cut latents off at ±1; set it to false")
        }
        notices.append(
            "\(file.path): clip_sample is \(said); false is used, as diffusers' Stable Diffusion pipelines do"
        )
    }

    /// Samplers of one family of schedules: their configurations say the same things in the same words.
    private static let knownClasses: Set<String> = [
        "DDIMScheduler", "DDIMInverseScheduler", "DDIMParallelScheduler", "DDPMScheduler",
        "DDPMParallelScheduler",
        "PNDMScheduler", "LMSDiscreteScheduler", "EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler",
        "HeunDiscreteScheduler", "DPMSolverMultistepScheduler", "DPMSolverMultistepInverseScheduler",
        "DPMSolverSinglestepScheduler", "DPMSolverSDEScheduler", "KDPM2DiscreteScheduler",
        "KDPM2AncestralDiscreteScheduler", "DEISMultistepScheduler", "UniPCMultistepScheduler",
        "SASolverScheduler", "LCMScheduler", "TCDScheduler",
    ]

    private static let read: Set<String> = [
        "num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "trained_betas", "set_alpha_to_one",
        "steps_offset", "prediction_type", "timestep_spacing", "clip_sample", "thresholding",
        "rescale_betas_zero_snr",
    ]

    /// How the sampler of the file would step: another is used here, along the same noise.
    private static let ignored: Set<String> = [
        "skip_prk_steps", "clip_sample_range", "sample_max_value", "dynamic_thresholding_ratio",
        "solver_order", "solver_type", "solver_p", "algorithm_type", "lower_order_final", "euler_at_final",
        "final_sigmas_type", "lambda_min_clipped", "use_karras_sigmas", "use_exponential_sigmas",
        "use_beta_sigmas", "use_lu_lambdas", "sigma_min", "sigma_max", "interpolation_type", "predict_x0",
        "disable_corrector", "noise_sampler_seed", "original_inference_steps", "timestep_scaling",
        "flow_shift", "time_shift_type", "tensor_format", "predictor_order", "corrector_order", "tau_func",
    ]

    /// What makes another noise or another question to the network of it.
    private static let neutral: [String: [String]] = [
        "use_flow_sigmas": ["false"], "use_dynamic_shifting": ["false"], "shift_terminal": ["null"],
        "timestep_type": ["discrete"], "predict_epsilon": ["true"],
        "variance_type": ["null", "fixed_small", "fixed_small_log", "fixed_large", "fixed_large_log"],
    ]
}

extension ConfigurationFile {
    /// A text that is one of some; the first where the key is absent.
    fileprivate func oneOf(_ key: String, _ known: [String]) throws -> String {
        let text = try value(key, known[0])
        guard known.contains(text) else { throw valueError(key, text, known: known.joined(separator: ", ")) }
        return text
    }
}
