import Tensors

/// A layer that is laid over an image: colours and how opaque they are.
struct EditLayer {
    /// Colours (C), [1, 3, H, W] in 0…1.
    let colour: Tensor
    /// Opacity (α), [1, 1, H, W] in 0…1.
    let alpha: Tensor

    /// The green that the layer is looked at over where it is looked at alone (G), red, green and blue in 0…1.
    static let green: [Float] = [0, 177 / 255, 64 / 255]

    /// Colours that are less correlated than red, green and blue, one a column; the generator's channels are their shares.
    ///
    /// The rows are red, green and blue.
    static let decorrelation: [Float] = [
        0.5628, 0.3117, 0.0693,
        0.5845, 0, -0.1732,
        0.5845, -0.3117, 0.1039,
    ]

    /// A layer of its parts.
    init(colour: Tensor, alpha: Tensor) {
        self.colour = colour
        self.alpha = alpha
    }

    /// The layer that a generator's four channels [1, 4, H, W] mean: decorrelated colours and opacity before the sigmoid.
    init(channels: Tensor) {
        let (_, _, height, width) = channels.shape4
        let matrix = Tensor(Self.decorrelation, shape: [3, 3]).like(channels)
        let colours = channels.narrowed(1, from: 0, count: 3).reshaped([1, 3, height * width])
        self.init(
            colour: matrix.matmul(colours).reshaped([1, 3, height, width]).sigmoid,
            alpha: channels.narrowed(1, from: 3, count: 1).sigmoid)
    }

    /// The layer where a mask [1, 1, H, W] lets it be; all of it where nil.
    func within(_ mask: Tensor?) -> EditLayer {
        guard let mask else { return self }
        return EditLayer(colour: colour, alpha: alpha * mask)
    }

    /// I_o = α·C + (1 - α)·I: the layer over an image [1, 3, H, W] in 0…1.
    func over(_ image: Tensor) -> Tensor { alpha * colour + (1 - alpha) * image }

    /// I_scr = α·C + (1 - α)·G: the layer over green.
    var overGreen: Tensor { over(Tensor(Self.green, shape: [1, 3, 1, 1]).like(colour)) }

    /// Colours and opacity in one tensor, [1, 4, H, W].
    var tensor: Tensor { .concatenated([colour, alpha], along: 1) }

    /// The layer of colours and opacity in one tensor.
    init(_ tensor: Tensor) {
        self.init(
            colour: tensor.narrowed(1, from: 0, count: 3), alpha: tensor.narrowed(1, from: 3, count: 1))
    }
}
