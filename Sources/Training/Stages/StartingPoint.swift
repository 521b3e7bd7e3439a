import Diffusion
import Layers
import Prompts
import Tensors

/// A model whose text encoder and UNet another one begins from.
struct StartingPoint {
    /// The predecessor's tokenizer: token ids mean the same in both.
    let tokenizer: Tokenizer
    /// The predecessor's weights.
    let unet, text: PretrainedWeights

    /// Reads a diffusers folder.
    /// - Throws: errors that say what of it cannot be read.
    init(folder: String, contextLength: Int) throws {
        let model = try ModelFolder(path: folder)
        tokenizer = try Tokenizer(folder: model.path + "/tokenizer", contextLength: contextLength)
        unet = try PretrainedWeights(folder: "\(model.path)/\(ModelFolder.Part.unet.rawValue)", part: .unet)
        text = try PretrainedWeights(
            folder: "\(model.path)/\(ModelFolder.Part.textEncoder.rawValue)", part: .textEncoder)
    }
}

/// The text tower of a CLIP pair, for a UNet that learns to read what it says.
struct FrozenText {
    let tokenizer: Tokenizer
    let store: WeightStore

    /// Reads a pair's folder.
    /// - Throws: errors that say what of it cannot be read.
    init(folder: String, contextLength: Int) throws {
        tokenizer = try Tokenizer(folder: folder, contextLength: contextLength)
        store = try WeightStore(folder: folder, name: ModelFolder.Part.textEncoder.weights)
    }
}

/// Weights that a network begins with, and grows from where it has more channels.
///
/// A network with more latent channels than its predecessor keeps what that one knew: the predecessor's numbers lie at
/// the beginning of every dimension, fresh ones after them.
struct PretrainedWeights {
    private let store: WeightStore

    /// Reads a component's folder.
    /// - Throws: `WeightError`, `SafetensorsError`.
    init(folder: String, part: ModelFolder.Part) throws {
        store = try WeightStore(folder: folder, name: part.weights)
    }

    /// The predecessor's tensor inside the fresh one; the fresh one where it has none of that name, or a larger one.
    ///
    /// - `halves`: dimensions that hold two kinds of channels one after the other (means, then log variances), each of
    ///   which grows by itself.
    func value(of name: String, in fresh: Tensor, halves: [Int] = []) -> Tensor {
        guard let shape = store.shape(of: name), shape.count == fresh.shape.count,
            zip(shape, fresh.shape).allSatisfy({ $0 <= $1 }),
            let known = try? store.weights.tensor(name, shape, .zeros)
        else { return fresh }
        func split(_ shape: [Int]) -> [Int] {
            shape.enumerated().flatMap { halves.contains($0) ? [2, $1 / 2] : [$1] }
        }
        var value = known.reshaped(split(shape))
        let room = fresh.reshaped(split(fresh.shape))
        for dimension in room.shape.indices where value.shape[dimension] < room.shape[dimension] {
            var rest = room
            for later in room.shape.indices where later > dimension {
                rest = rest.narrowed(later, from: 0, count: value.shape[later])
            }
            let had = value.shape[dimension]
            rest = rest.narrowed(dimension, from: had, count: room.shape[dimension] - had)
            value = .concatenated([value, rest], along: dimension)
        }
        return value.reshaped(fresh.shape)
    }
}
