import Diffusion
public import Imaging
import Layers
public import Networks
public import Tensors

/// A network of our own that labels images, such as photos of flowers by their kind and colour.
///
/// It says something of every image; of images unlike those it was taught it says nothing true.
public final class LabelJudge {
    private let network: LabelNetwork
    private let device: Device
    /// Images of a pass.
    private static let batch = 32
    /// What the view of an image's middle leaves out on each edge, as a share of the side.
    private static let border = 0.1

    /// A label and how sure the judge is of it.
    public struct Label: Sendable, Hashable, Codable {
        /// One of its group's labels.
        public var name: String
        /// 0…1.
        public var probability: Double
    }

    /// The groups of labels.
    public var groups: [LabelNetworkConfiguration.Group] { network.configuration.groups }

    /// A judge from its folder: `config.json` and `model.safetensors`.
    /// - Throws: `ConfigurationError`, `WeightError`, `SafetensorsError`.
    public convenience init(folder: String, device: Device = .cpu) throws {
        let shape = try LabelNetworkConfiguration(contentsOf: folder + "/config.json")
        self.init(
            try withoutGradients {
                try LabelNetwork(WeightStore(folder: folder, name: "model", device: device).weights, shape)
            }, device: device)
    }

    /// A judge from its folder; nil where the folder's `config.json` tells of another kind of network.
    public convenience init?(ifLabelling folder: String, device: Device = .cpu) throws {
        guard try LabelNetworkConfiguration.describes(folder + "/config.json") else { return nil }
        try self.init(folder: folder, device: device)
    }

    /// A judge that uses a network.
    public init(_ network: LabelNetwork, device: Device) {
        self.network = network
        self.device = device
    }

    /// The most probable label of each group, by the groups' names, of each image.
    ///
    /// The largest square in the middle of an image is looked at, in as many views as the network's configuration says.
    public func labels(of images: [Image]) -> [[String: Label]] {
        let side = network.configuration.side
        return labels(of: .concatenated(images.map { $0.middleSquare(side: side).tensor() }))
    }

    /// Likewise of images [B, 3, side, side] in -1…1.
    public func labels(of images: Tensor) -> [[String: Label]] {
        stride(from: 0, to: images.shape[0], by: Self.batch).flatMap { start -> [[String: Label]] in
            let rows = start..<min(start + Self.batch, images.shape[0])
            let answers = withoutGradients { () -> [[Double]] in
                let views = views(of: images.rows(rows).to(device: device))
                return network(.concatenated(views)).map {
                    $0.to(dtype: .float32).softmax(-1).reshaped([views.count, rows.count, -1]).mean([0])
                        .scalars(as: Double.self)
                }
            }
            return rows.indices.map { index in
                let row = index - rows.lowerBound
                var found: [String: Label] = [:]
                for (group, values) in zip(groups, answers) {
                    let own = values[(row * group.labels.count)..<((row + 1) * group.labels.count)]
                    guard let best = own.indices.max(by: { own[$0] < own[$1] }) else { continue }
                    found[group.name] = Label(
                        name: group.labels[best - own.startIndex], probability: own[best])
                }
                return found
            }
        }
    }

    /// What of images [B, 3, side, side] is looked at; the answers are averaged.
    private func views(of images: Tensor) -> [Tensor] {
        let count = network.configuration.views
        guard count > 1 else { return [images] }
        var views = [images]
        if count == 4 {
            let side = network.configuration.side
            let border = Int((Double(side) * Self.border).rounded())
            let middle = images.narrowed(2, from: border, count: side - 2 * border)
                .narrowed(3, from: border, count: side - 2 * border)
            views.append(middle.resampledBilinear(height: side, width: side))
        }
        return views + views.map { $0.flipped(3) }
    }

    /// The labels that a prompt asks for, by their groups' names: the first word of each group, plurals included.
    public func wanted(by prompt: String) -> [String: String] {
        let words = prompt.lowercased().split { !$0.isLetter }.map(String.init)
        var found: [String: String] = [:]
        for group in groups {
            let forms = group.labels.flatMap {
                [(form: $0, label: $0), (form: Self.plural(of: $0), label: $0)]
            }
            let known = Dictionary(forms.map { ($0.form, $0.label) }) { first, _ in first }
            if let word = words.first(where: { known[$0] != nil }) { found[group.name] = known[word] }
        }
        return found
    }

    /// What several of a label are called: «tulips», «daisies».
    public static func plural(of label: String) -> String {
        label.hasSuffix("y") ? label.dropLast() + "ies" : label + "s"
    }
}
