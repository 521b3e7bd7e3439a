import Diffusion
public import Imaging
import Layers
public import Networks
public import StillLife
public import Support
public import Tensors

/// A network of our own that says what a still life shows.
///
/// It was trained on renders alone, its names are the world's, and outside of that world it has nothing to say.
public final class Judge {
    private let network: AttributeNetwork
    private let device: Device
    /// An object is seen where its probability is above this.
    public static let threshold = 0.5
    /// Images of a pass.
    private static let batch = 64

    /// The side of the images it looks at; others are resampled.
    public var side: Int { network.configuration.side }

    /// A judge from its folder: `config.json` and `model.safetensors`.
    /// - Throws: `ConfigurationError`, `WeightError`, `SafetensorsError`; `JudgingError.otherWorld` where its names are
    ///   not this world's.
    public convenience init(folder: String, device: Device = .cpu) throws {
        let shape = try AttributeNetworkConfiguration(contentsOf: folder + "/config.json")
        let network = try withoutGradients {
            try AttributeNetwork(WeightStore(folder: folder, name: "model", device: device).weights, shape)
        }
        try self.init(network, device: device, name: folder)
    }

    /// A judge that uses a network.
    ///
    /// - `name`: what messages call it.
    public init(_ network: AttributeNetwork, device: Device, name: String = "the judge") throws {
        self.network = network
        self.device = device
        let (found, own) = (network.configuration, AttributeNetworkConfiguration.stillLife(side: side))
        for place in AttributeNetworkConfiguration.names where found[keyPath: place] != own[keyPath: place] {
            throw JudgingError.otherWorld(
                name: name, found: found[keyPath: place], wanted: own[keyPath: place])
        }
    }

    /// What images show.
    public func attributes(of images: [Image]) -> [ImageAttributes] {
        attributes(of: tensor(images))
    }

    /// What images [B, 3, side, side] in -1…1 show.
    public func attributes(of images: Tensor) -> [ImageAttributes] {
        stride(from: 0, to: images.shape[0], by: Self.batch).flatMap { start in
            let rows = start..<min(start + Self.batch, images.shape[0])
            return withoutGradients { attributes(network(images.rows(rows).to(device: device))) }
        }
    }

    /// The object that fills a box of an image, in pixels of that image.
    ///
    /// The whole image is looked at, but only the cells within the box are counted.
    public func object(in box: Box, of image: Image) -> ImageAttributes.Object {
        let cells = network.configuration.cells
        func share(_ cell: Int, _ from: Int, _ length: Int, of total: Int) -> Float {
            let (low, high) = (
                Float(cell) * Float(total) / Float(cells), Float(cell + 1) * Float(total) / Float(cells)
            )
            return max(min(high, Float(from + length)) - max(low, Float(from)), 0) / (high - low)
        }
        let across = (0..<cells).map { share($0, box.x, box.width, of: image.width) }
        let down = (0..<cells).map { share($0, box.y, box.height, of: image.height) }
        let region = Tensor(down.flatMap { y in across.map { $0 * y } }, shape: [1, 1, cells, cells])
        let seen = withoutGradients {
            attributes(network(tensor([image]).to(device: device), region: region.to(device: device)))
        }
        return seen[0].objects[0]
    }

    private func tensor(_ images: [Image]) -> Tensor {
        let side = side
        let fitting = images.map {
            $0.width == side && $0.height == side ? $0 : $0.resized(width: side, height: side, by: .bicubic)
        }
        return .concatenated(fitting.map { $0.tensor() })
    }

    private func attributes(_ answer: AttributeNetwork.Answer) -> [ImageAttributes] {
        let kinds = Rows(answer.kinds.sigmoid)
        let colours = Rows(answer.colours.softmax(-1))
        let surfaces = Rows(answer.surfaces.softmax(-1))
        let states = Rows(answer.states.softmax(-1))
        let (tables, walls) = (Rows(answer.tables.softmax(-1)), Rows(answer.walls.softmax(-1)))
        let (styles, counts) = (Rows(answer.styles.softmax(-1)), Rows(answer.counts.softmax(-1)))
        let allStates = ObjectState.allCases
        return (0..<answer.kinds.shape[0]).map { image in
            let probabilities = kinds[image]
            let order = probabilities.indices.sorted { probabilities[$0] > probabilities[$1] }
            let seen = order.enumerated().filter {
                $0.offset == 0 || probabilities[$0.element] > Self.threshold
            }
            let objects = seen.map { _, place -> ImageAttributes.Object in
                let row = image * probabilities.count + place
                let kind = ObjectKind.allCases[place]
                let (colour, sureness) = colours.best(row)
                let state = kind.states.max {
                    states[row][allStates.firstIndex(of: $0) ?? 0]
                        < states[row][allStates.firstIndex(of: $1) ?? 0]
                }
                return .init(
                    kind: kind, colour: ObjectColour.allCases[colour],
                    surface: Surface.allCases[surfaces.best(row).index],
                    state: state ?? .whole, probability: probabilities[place], colourProbability: sureness)
            }
            let (table, wall) = (tables.best(image), walls.best(image))
            let (style, count) = (styles.best(image), counts.best(image))
            return ImageAttributes(
                objects: objects, count: count.index + 1, table: Table.allCases[table.index],
                wall: Wall.allCases[wall.index], style: Style.allCases[style.index],
                probabilities: [
                    "table": table.value, "wall": wall.value, "style": style.value, "count": count.value,
                ])
        }
    }
}

/// A tensor's last dimension as rows of numbers.
private struct Rows {
    private let values: [Double]
    private let width: Int

    init(_ tensor: Tensor) {
        values = tensor.scalars(as: Double.self)
        width = tensor.shape.last ?? 1
    }

    subscript(_ row: Int) -> [Double] { Array(values[(row * width)..<((row + 1) * width)]) }

    func best(_ row: Int) -> (index: Int, value: Double) {
        self[row].enumerated().map { (index: $0.offset, value: $0.element) }.max { $0.value < $1.value }
            ?? (0, 0)
    }
}

extension AttributeNetworkConfiguration {
    /// A network that knows the still-life world.
    public static func stillLife(side: Int) -> AttributeNetworkConfiguration {
        var shape = AttributeNetworkConfiguration()
        shape.side = side
        shape.kinds = ObjectKind.allCases.map(\.rawValue)
        shape.colours = ObjectColour.allCases.map(\.rawValue)
        shape.surfaces = Surface.allCases.map(\.rawValue)
        shape.states = ObjectState.allCases.map(\.rawValue)
        shape.tables = Table.allCases.map(\.rawValue)
        shape.walls = Wall.allCases.map(\.rawValue)
        shape.styles = Style.allCases.map(\.rawValue)
        return shape
    }

    fileprivate static var names: [KeyPath<AttributeNetworkConfiguration, [String]>] {
        [\.kinds, \.colours, \.surfaces, \.states, \.tables, \.walls, \.styles]
    }
}

/// Why images cannot be judged.
public enum JudgingError: UserError, Equatable {
    /// The network's names are not this world's.
    case otherWorld(name: String, found: [String], wanted: [String])

    /// The network's folder is what cannot be used.
    public var kind: UserErrorKind { .badInput }

    /// What happened, where, and what to do.
    public var description: String {
        switch self {
        case .otherWorld(let name, let found, let wanted):
            "\(name) knows \(found.joined(separator: ", ")) where this world has "
                + "\(wanted.joined(separator: ", ")); train it again"
        }
    }
}
