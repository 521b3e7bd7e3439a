import Layers
import Tensors

/// The encoder of a tiny autoencoder (TAESD and its kin, Ollin Boer Bohan): convolutions and blocks in a row.
///
/// What a layer is, its tensors say. With a bias it is a convolution, without one it halves each side; a block is three
/// convolutions with ReLU between beside the identity, then ReLU; blocks of newer kin first add a branch that mixes
/// channels under a normalisation.
struct TinyEncoder: LatentEncoder {
    private enum Layer {
        case convolution(Convolution)
        /// W [outputs, inputs, 3, 3].
        case halving(Tensor)
        case block(Block)
    }

    private struct Block {
        let mixing: Mixing?
        let convolutions: [Convolution]

        func callAsFunction(_ x: Tensor) -> Tensor {
            let x = mixing.map { x + $0(x) } ?? x
            var branch = x
            for (index, convolution) in convolutions.enumerated() {
                branch = convolution(index == 0 ? branch : branch.relu)
            }
            return (branch + x).relu
        }
    }

    private struct Mixing {
        let convIn: Tensor
        let norm: GroupNorm
        let convOut: Tensor

        func callAsFunction(_ x: Tensor) -> Tensor {
            norm(x.convolved(convIn, nil)).relu.convolved(convOut, nil)
        }
    }

    private let layers: [Layer]
    let latentChannels: Int
    let spatialFactor: Int

    /// - Throws: `WeightError` for a layer that is none of these.
    init(_ store: WeightStore) throws {
        var layers: [Layer] = []
        var (channels, factor) = (3, 1)
        for index in 0... {
            let weights = store.weights[index]
            if weights["conv"][0].holds("weight") {
                layers.append(.block(try Self.block(weights, channels)))
            } else if let shape = store.shape(of: "\(index).weight") {
                let outputs = shape.first ?? 0
                if weights.holds("bias") {
                    layers.append(.convolution(try Convolution(weights, channels, outputs)))
                } else {
                    layers.append(.halving(try weights.tensor("weight", [outputs, channels, 3, 3], .zeros)))
                    factor *= 2
                }
                channels = outputs
            } else if index == 0 {
                // Asking for it says what is missing.
                _ = try Convolution(weights, channels, 64)
            } else {
                break
            }
        }
        self.layers = layers
        latentChannels = channels
        spatialFactor = factor
    }

    private static func block(_ weights: Weights, _ channels: Int) throws -> Block {
        var mixing: Mixing?
        let pool = weights["pool"]
        if pool[0].holds("weight") {
            let wide = channels * 4
            mixing = Mixing(
                convIn: try pool[0].tensor("weight", [wide, channels, 1, 1], .zeros),
                norm: try GroupNorm(pool[1], wide, groups: 4, epsilon: 1e-5),
                convOut: try pool[3].tensor("weight", [channels, wide, 1, 1], .zeros))
        }
        return Block(
            mixing: mixing,
            convolutions: try [0, 2, 4].map { try Convolution(weights["conv"][$0], channels, channels) })
    }

    func means(of images: Tensor) -> Tensor {
        // It was taught images in 0…1.
        layers.reduce((images + 1) * 0.5) { x, layer in
            switch layer {
            case .convolution(let convolution): convolution(x)
            case .halving(let weight): x.convolved(weight, nil, stride: 2, padding: 1)
            case .block(let block): block(x)
            }
        }
    }
}
