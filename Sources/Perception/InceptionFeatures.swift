import Diffusion
public import Imaging
import Layers
public import Networks
public import Tensors

/// The Inception of 2015 in a folder: what FID, KID and CSFID compare of images.
public final class InceptionFeatures {
    private let network: InceptionNetwork
    private let device: Device
    /// A short hash of the folder's files; empty for a network in memory.
    public let fingerprint: String
    /// Images of a pass.
    private static let batch = 8

    /// A network from its folder: `config.json` and `model.safetensors`.
    /// - Throws: `ConfigurationError`, `WeightError`, `SafetensorsError`.
    public convenience init(folder: String, device: Device = .cpu) throws {
        let divisor = try InceptionNetwork.divisor(contentsOf: folder + "/config.json")
        let network = try withoutGradients {
            try InceptionNetwork(
                WeightStore(folder: folder, name: "model", device: device).weights, divisor: divisor)
        }
        self.init(network, device: device, fingerprint: try Fingerprint.of(network: folder))
    }

    /// A network in memory.
    public init(_ network: InceptionNetwork, device: Device, fingerprint: String = "") {
        (self.network, self.device, self.fingerprint) = (network, device, fingerprint)
    }

    /// Features of images, float64 [N, 2048], each image stretched to 299 by 299 as pytorch-fid does.
    ///
    /// Bilinear without antialiasing, pixel centres at halves.
    /// - Precondition: there is at least one.
    public func callAsFunction(_ images: [Image]) -> Tensor {
        let rows = stride(from: 0, to: images.count, by: Self.batch).map { start in
            let part = images[start..<min(start + Self.batch, images.count)].map {
                $0.tensor(device: device).resampledBilinear(
                    height: InceptionNetwork.side, width: InceptionNetwork.side)
            }
            return withoutGradients {
                network(.concatenated(part)).to(dtype: .float64, device: .cpu)
            }
        }
        return .concatenated(rows)
    }
}
