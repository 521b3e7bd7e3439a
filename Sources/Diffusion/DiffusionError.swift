public import Support
public import Tensors

/// What can be wrong with a model folder, a schedule or a request for noise.
public enum DiffusionError: UserError, Equatable {
    /// A file that the model needs is not there.
    case missingFile(path: String, purpose: String)
    /// A file is there but is not what it should be.
    case malformedFile(path: String, reason: String)
    /// Only pickled weights are there, which are programs and are never run.
    case pickledWeights(path: String)
    /// A component has a class that this program does not know.
    case unsupportedClass(path: String, component: String, className: String)
    /// A model of another family than those that run here.
    case otherFamily(path: String, family: String)
    /// A file or folder of another kind than a model.
    case notAModel(path: String, what: String, advice: String)
    /// A model in pixel space where one with prompts belongs.
    case noPrompts(path: String)
    /// A setting changes results in a way that is not supported.
    case unsupportedSetting(path: String, key: String, value: String, advice: String)
    /// The schedule cannot be cut into so many steps.
    case badSteps(steps: Int, most: Int)
    /// The schedule has no timestep that far up.
    case badOffset(offset: Int, most: Int)
    /// The model lacks a part that the job needs.
    case missingComponent(name: String)
    /// A file lacks a part; what to do about it, and the setting that names one.
    case missingPart(path: String, part: String, advice: String, setting: String)
    /// Network and autoencoder (or text encoder) of a folder do not fit each other.
    case mismatch(String)
    /// The UNet reads another number of channels than it is given.
    case channels(found: Int, wanted: Int)
    /// The device asked for is not there.
    case deviceUnavailable(name: String)
    /// The network answered values that are not numbers.
    case notFinite(stage: String, dtype: DType)
    /// A part's weights hold values that are not numbers.
    case brokenWeights(part: String, tensor: String)

    /// Where the cause lies: in the model's folder, in what was asked of it, or in what the network answers.
    public var kind: UserErrorKind {
        switch self {
        case .missingFile: .missing
        case .badSteps, .badOffset, .deviceUnavailable: .request
        case .pickledWeights, .unsupportedClass, .otherFamily, .noPrompts, .unsupportedSetting: .unsupported
        case .notFinite: .fault
        case .malformedFile, .notAModel, .missingComponent, .missingPart, .mismatch, .channels,
            .brokenWeights:
            .badInput
        }
    }

    /// One line: what happened, where, and what to do.
    public var description: String { "\(message)" }

    /// The same with the settings that it points to.
    public var message: Message {
        switch self {
        case .missingFile(let path, let purpose):
            "\(path): no such file; \(purpose) needs it. Is the download of the model folder complete?"
        case .malformedFile(let path, let reason):
            "\(path): \(reason)"
        case .pickledWeights(let path):
            "\(path): pickled weights are programs and are not run; convert them to safetensors "
                + "(in Python: pipeline.save_pretrained(folder, safe_serialization=True))"
        case .unsupportedClass(let path, let component, let className):
            "\(path): \(component) is a \(className), which is not supported; "
                + "models of the Stable Diffusion 1.x and 2.x family are"
        case .otherFamily(let path, let family):
            "\(path): a model of the family \(family), whose networks are others; "
                + "Stable Diffusion 1.x and 2.x run here"
        case .notAModel(let path, let what, let advice):
            "\(path) is \(what); \(advice)"
        case .noPrompts(let path):
            "\(path): an unconditional diffusion model in pixel space, which has no text encoder; this needs a model "
                + "that reads prompts"
        case .unsupportedSetting(let path, let key, let value, let advice):
            "\(path): \(key) is \(value), which is not supported; \(advice)"
        case .badSteps(let steps, let most):
            "\(steps) steps cannot be taken; the model's schedule allows 1 to \(most)"
        case .badOffset(let offset, let most):
            "timesteps cannot be shifted by \(offset); the model's schedule allows 0 to \(most)"
        case .missingComponent(let name):
            "the model has no \(name), which this needs"
        case .missingPart(let path, let part, let advice, let setting):
            "\(path) has no \(part), and no picture is made without; \(advice)\(.setting(setting), before: " (", after: ")", plain: "")"
        case .mismatch(let what):
            "the parts of the model do not fit each other: \(what)"
        case .channels(let found, let wanted):
            "the parts of the model do not fit each other: the UNet reads \(wanted) channels, not \(found): an "
                + "inpainting or instruction model needs the method made for it "
                + "(\(.setting("method", "inpaint"), plain: "inpaint"), instruct-pix2pix)"
        case .deviceUnavailable(let name):
            "device \(name) is not available; use \(.setting("device", "cpu"), plain: "the cpu"), or a libtorch built "
                + "for it"
        case .notFinite(let stage, let dtype) where dtype == .float16 || dtype == .bfloat16:
            "the network answered values that are not numbers while \(stage); try "
                + "\(.setting("dtype", "float32"), plain: "float32")"
        case .notFinite(let stage, _):
            "the network answered values that are not numbers while \(stage), though its weights are numbers; "
                + "try another guidance, strength or seed"
        case .brokenWeights(let part, let tensor):
            "\(part): the weights are broken: \(tensor) holds values that are not numbers; fetch them again"
        }
    }

    /// Whether the cause is a file that is not there, for which programs have an exit code of its own.
    public var isMissingFile: Bool {
        if case .missingFile = self { return true }
        return false
    }
}
