import Diffusion
public import Imaging
import Layers
import Networks
public import Tensors

/// A network that tells faces apart, in a folder: whether two images show one person.
///
/// The faces must be upright and fill their images; nothing here looks for them.
public final class FaceIdentity {
    private let network: FaceNetwork
    private let device: Device
    /// A short hash of the folder's files.
    public let fingerprint: String

    /// A network from its folder.
    /// - Throws: `WeightError`, `SafetensorsError`.
    public init(folder: String, device: Device = .cpu) throws {
        network = try withoutGradients {
            try FaceNetwork(WeightStore(folder: folder, name: "model", device: device).weights)
        }
        self.device = device
        fingerprint = try Fingerprint.of(network: folder)
    }

    /// The cosine of two faces' embeddings: 1 for equal images, near 0 for two people.
    public func likeness(of first: Image, to second: Image) -> Double {
        let faces = [first, second].map {
            $0.middleSquare(side: FaceNetwork.side).tensor(device: device)
        }
        return withoutGradients {
            let both = network(.concatenated(faces))
            return (both.rows(0..<1) * both.rows(1..<2)).sum.item
        }
    }
}
