import Foundation
public import Networks

/// The diffusers folder of an unconditional model in pixel space (`DDPMPipeline`, `DDIMPipeline`), looked through without
/// loading any weights.
public struct PixelModelFolder: Sendable {
    /// Where it is.
    public let path: String
    /// The folder's last name.
    public var name: String { URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent }
    /// How its network was taught to see noise.
    public let schedule: NoiseSchedule
    /// One line for each setting of the folder that is not used as it stands.
    public let notices: [String]
    /// The UNet's shape.
    public let unet: PixelUNetConfiguration
    /// A short hash of its weights and settings, see `Fingerprint`.
    public let fingerprint: String

    /// Reads `model_index.json`, the UNet's configuration and the schedule, and sees that weights are there.
    /// - Throws: `DiffusionError` naming a missing file, one that cannot be read, a model of another kind or pickled
    ///   weights; `ConfigurationError` naming an unsupported setting.
    public init(path: String) throws {
        self.path = path
        try ModelFolder.requireFolder(path)
        let (pipeline, parts) = try ModelIndex.entries(of: path)
        guard ModelIndex.isInPixelSpace(pipeline: pipeline, network: parts["unet"]) else {
            throw DiffusionError.notAModel(
                path: path, what: "a \(pipeline) and no unconditional model in pixel space",
                advice: "name the folder of a DDPMPipeline or DDIMPipeline with a UNet2DModel")
        }
        try ModelFolder.check(.unet, in: path)
        let scheduler = try ScheduleFile(
            contentsOf: path + "/scheduler/scheduler_config.json", inPixels: true)
        (schedule, notices) = (scheduler.schedule, scheduler.notices)
        unet = try PixelUNetConfiguration(contentsOf: path + "/unet/config.json")
        guard unet.inChannels == 3 else {
            throw DiffusionError.mismatch("the UNet reads \(unet.inChannels) channels and an image has 3")
        }
        fingerprint = try Fingerprint.of(folder: path)
    }

    /// Whether a folder's index names such a model.
    public static func isPixelModel(_ path: String) -> Bool {
        guard let (pipeline, parts) = try? ModelIndex.entries(of: path) else { return false }
        return ModelIndex.isInPixelSpace(pipeline: pipeline, network: parts["unet"])
    }
}
