public import Layers
import Networks
public import Tensors

/// A small convolutional network that names what an image shows: which kinds of objects, each one's own colour, surface
/// and state, how many there are, and what is around them.
///
/// It first says of each cell what kind of object covers it; the features of an object are the mean over the cells of
/// its kind, so that its colour is read where it stands and not from its neighbour.
public final class AttributeNetwork {
    /// How it is built.
    public let configuration: AttributeNetworkConfiguration
    private let first: Convolution
    private let toHalf: Convolution
    private let half: Resnet
    private let toQuarter: Convolution
    private let quarter: Resnet
    private let toEighth: Convolution
    private let eighth: [Resnet]
    private let join: Convolution
    private let joined: Resnet
    private let norm: GroupNorm
    private let kindOfCell: Convolution
    private let presence: Tensor
    private let presenceBias: Tensor
    private let presenceGain: Tensor
    private let hidden: Linear
    private let colour: Linear
    private let surface: Linear
    private let state: Linear
    private let around: Linear
    private let table: Linear
    private let wall: Linear
    private let style: Linear
    private let count: Linear

    /// Builds the network from its weights.
    /// - Throws: `WeightError` for a missing or misshapen tensor.
    public init(_ weights: Weights, _ configuration: AttributeNetworkConfiguration) throws {
        self.configuration = configuration
        let (c, groups) = (configuration.channels, configuration.normGroups)
        func resnet(_ weights: Weights, _ channels: Int) throws -> Resnet {
            try Resnet(weights, channels, channels, groups: groups, epsilon: 1e-6)
        }
        first = try Convolution(weights["first"], 3, c[0])
        toHalf = try Convolution(weights["to_half"], c[0], c[1], stride: 2)
        half = try resnet(weights["half"], c[1])
        toQuarter = try Convolution(weights["to_quarter"], c[1], c[2], stride: 2)
        quarter = try resnet(weights["quarter"], c[2])
        toEighth = try Convolution(weights["to_eighth"], c[2], c[3], stride: 2)
        eighth = try (0..<2).map { try resnet(weights["eighth"][$0], c[3]) }
        join = try Convolution(weights["join"], c[2] + c[3], c[2], size: 1)
        joined = try resnet(weights["joined"], c[2])
        norm = try GroupNorm(weights["norm"], c[2], groups: groups, epsilon: 1e-6)
        let kinds = configuration.kinds.count
        kindOfCell = try Convolution(weights["cell"], c[2], kinds + 1, size: 1)
        presence = try weights.tensor("presence.weight", [kinds, c[2]], .fanIn(c[2]))
        presenceBias = try weights.tensor("presence.bias", [kinds], .zeros)
        presenceGain = try weights.tensor("presence.gain", [kinds], .ones)
        hidden = try Linear(weights["hidden"], c[2], c[2])
        colour = try Linear(weights["colour"], c[2], configuration.colours.count)
        surface = try Linear(weights["surface"], c[2], configuration.surfaces.count)
        state = try Linear(weights["state"], c[2], configuration.states.count)
        around = try Linear(weights["around"], 2 * c[3], c[3])
        table = try Linear(weights["table"], c[3], configuration.tables.count)
        wall = try Linear(weights["wall"], c[3], configuration.walls.count)
        style = try Linear(weights["style"], c[3], configuration.styles.count)
        count = try Linear(weights["count"], c[3], configuration.mostObjects)
    }

    /// What the network says, as numbers before the softmax (or, for kinds, before the sigmoid).
    public struct Answer {
        /// Per cell: nothing (0) or kind k (k + 1), [B, kinds + 1, cells, cells].
        public let cells: Tensor
        /// Whether each kind is there, [B, kinds].
        public let kinds: Tensor
        /// The colour that an object of each kind would have, [B, kinds, colours].
        public let colours: Tensor
        /// Likewise what covers it, [B, kinds, surfaces].
        public let surfaces: Tensor
        /// Likewise what has happened to it, [B, kinds, states].
        public let states: Tensor
        /// What the objects stand on, [B, tables].
        public let tables: Tensor
        /// What is behind them, [B, walls].
        public let walls: Tensor
        /// How the image is made, [B, styles].
        public let styles: Tensor
        /// One object, two, …, [B, mostObjects].
        public let counts: Tensor
    }

    /// Looks at images [B, 3, side, side] in -1…1.
    ///
    /// - `region`: what share of each cell counts, [B, 1, cells, cells]; objects outside are not seen.
    public func callAsFunction(_ images: Tensor, region: Tensor? = nil) -> Answer {
        let (batch, _, height, width) = images.shape4
        precondition(
            height == configuration.side && width == configuration.side,
            "pictures of \(width)×\(height) pixels where \(configuration.side) a side belong")
        let large = quarter(toQuarter(half(toHalf(first(images).silu))))
        let small = eighth.reduce(toEighth(large)) { $1($0) }
        let cells = configuration.cells
        let up = small.upsampledNearest(height: cells, width: cells)
        let features = norm(joined(join(.concatenated([large, up], along: 1)))).silu
        let kindOfCell = kindOfCell(features)

        // Of all cells' probability of a kind, the share that each cell has.
        let kinds = configuration.kinds.count
        var likely = kindOfCell.softmax(1).narrowed(1, from: 1, count: kinds)
        if let region { likely = likely * region }
        likely = likely.reshaped([batch, kinds, cells * cells])
        let evidence = likely.sum([2], keeping: true)  // [B, kinds, 1]
        let places = features.reshaped([batch, configuration.channels[2], cells * cells]).transposed(1, 2)
        let objects = likely.matmul(places) / (evidence + 1e-4)  // [B, kinds, C]
        let known = hidden(objects).silu
        let kindScores =
            (objects * presence).sum([2]) + presenceBias
            + (evidence.squeezed(2) + 0.01).logarithm * presenceGain

        let middle = small.shape[2] / 2
        let halves = [
            small.narrowed(2, from: 0, count: middle), small.narrowed(2, from: middle, count: middle),
        ]
        let scene = around(.concatenated(halves.map { $0.silu.mean([2, 3]) }, along: 1)).silu
        return Answer(
            cells: kindOfCell, kinds: kindScores, colours: colour(known), surfaces: surface(known),
            states: state(known), tables: table(scene), walls: wall(scene), styles: style(scene),
            counts: count(scene))
    }
}
