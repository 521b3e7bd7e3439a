public import Diffusion
import Networks
public import Tensors

/// How the threads of a CPU are shared between the rows of a pass and the operators of one row.
///
/// Small operators gain nothing from a second thread; small rows do.
public struct ThreadPlan: Sendable, Hashable {
    /// Threads that the rows of a pass are shared out among.
    public let rows: Int
    /// Threads of one operator.
    public let operators: Int

    /// The plan for a model.
    /// - Parameters:
    ///   - threads: how many there are to share.
    ///   - isFixed: whether somebody asked for so many, so that operators get them too.
    ///   - width: pixels across of what the network sees where they are not the model's own.
    ///   - height: pixels down.
    ///   - window: side of the windows through which it sees them, in latent elements.
    public init(
        for folder: ModelFolder, on device: Device, threads: Int, isFixed: Bool = false, width: Int? = nil,
        height: Int? = nil,
        window: Int? = nil
    ) {
        let (unet, factor) = (folder.unet, folder.autoencoder.spatialFactor)
        func side(_ pixels: Int?) -> Int {
            min(pixels.map { $0 / factor } ?? unet.sampleSize, window ?? .max)
        }
        let isSmall = !isFixed && device == .cpu && unet.isSmall(height: side(height), width: side(width))
        rows = threads
        operators = isSmall ? 1 : threads
    }
}
