import Diffusion
import Layers
import Networks
import Prompts
import Tensors

/// A model whose text encoder and UNet another one begins from.
///
/// Tensors whose names and shapes agree are taken over, the others begin as always: a model with other latents keeps
/// what its predecessor knew of words and shapes.
struct StartingPoint {
    /// The predecessor's tokenizer: token ids mean the same in both.
    let tokenizer: Tokenizer
    private let stores: [ModelFolder.Part: WeightStore]

    /// Reads a diffusers folder.
    /// - Throws: errors that say what of it cannot be read.
    init(folder: String, contextLength: Int) throws {
        let model = try ModelFolder(path: folder)
        tokenizer = try Tokenizer(folder: model.path + "/tokenizer", contextLength: contextLength)
        stores = try Dictionary(
            uniqueKeysWithValues: [.unet, .textEncoder].map { part in
                (part, try WeightStore(folder: "\(model.path)/\(part.rawValue)", name: part.weights))
            })
    }

    /// The predecessor's tensor, or the fresh one where it has none of that name and shape.
    func value(of name: String, in part: ModelFolder.Part, or fresh: Tensor) -> Tensor {
        (try? stores[part]?.weights.tensor(name, fresh.shape, .zeros)) ?? fresh
    }
}
