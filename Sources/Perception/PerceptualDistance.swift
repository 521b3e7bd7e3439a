import Diffusion
public import Imaging
import Layers
public import Networks
public import Tensors

/// LPIPS in a folder: how unlike two images look to a network; 0 for equal ones.
///
/// Zhang and others, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018, version 0.1.
public final class PerceptualDistance {
    private let network: PerceptualNetwork
    private let device: Device
    /// A short hash of the folder's files; empty for a network in memory.
    public let fingerprint: String

    /// The name of the trunk, as columns name it: `alex` or `vgg`.
    public var trunk: String { network.configuration.trunk.rawValue }
    /// The shortest side of images that the network can look at, in pixels.
    public var leastSide: Int { network.configuration.trunk == .alex ? 31 : 16 }

    /// A network from its folder: `config.json` and `model.safetensors`.
    /// - Throws: `ConfigurationError`, `WeightError`, `SafetensorsError`.
    public convenience init(folder: String, device: Device = .cpu) throws {
        let shape = try PerceptualNetworkConfiguration(contentsOf: folder + "/config.json")
        let network = try withoutGradients {
            try PerceptualNetwork(WeightStore(folder: folder, name: "model", device: device).weights, shape)
        }
        self.init(network, device: device, fingerprint: try Fingerprint.of(network: folder))
    }

    /// A network in memory.
    public init(_ network: PerceptualNetwork, device: Device, fingerprint: String = "") {
        (self.network, self.device, self.fingerprint) = (network, device, fingerprint)
    }

    /// LPIPS of two images; nil where they are too small for the network.
    /// - Precondition: the sizes are equal.
    public func distance(from first: Image, to second: Image) -> Double? {
        guard fits(first, second) else { return nil }
        return withoutGradients {
            network(first.tensor(device: device), second.tensor(device: device)).scalars(as: Double.self)[0]
        }
    }

    /// LPIPS place by place, one value a pixel, rows from the top; nil where the images are too small.
    ///
    /// Every depth's map is enlarged bilinearly and all are added (`spatial` in the Python package); over an area the
    /// distance is the mean of its pixels.
    /// - Precondition: the sizes are equal.
    public func map(from first: Image, to second: Image) -> [Double]? {
        guard fits(first, second) else { return nil }
        return withoutGradients {
            let maps = network.differences(first.tensor(device: device), second.tensor(device: device)).map {
                $0.resampledBilinear(height: first.height, width: first.width)
            }
            return maps.dropFirst().reduce(maps[0], +).scalars(as: Double.self)
        }
    }

    private func fits(_ first: Image, _ second: Image) -> Bool {
        precondition(
            first.width == second.width && first.height == second.height,
            "pictures of \(first.width)x\(first.height) and \(second.width)x\(second.height) cannot be compared"
        )
        return min(first.width, first.height) >= leastSide
    }
}
