import Layers
import Networks
import Perception
import Prompts
import Tensors

/// A pair of towers that a segmentation begins from.
struct TowerPair {
    let shape: CLIPConfiguration
    let tokenizer: Tokenizer
    let normalisation: ImageNormalisation
    private let store: WeightStore

    /// Reads a pair's folder.
    /// - Throws: errors that say what of it cannot be read.
    init(folder: String) throws {
        shape = try CLIPConfiguration(contentsOf: folder + "/config.json")
        tokenizer = try Tokenizer(folder: folder, contextLength: shape.text.contextLength)
        normalisation = try ImageNormalisation(contentsOf: folder + "/preprocessor_config.json")
        store = try WeightStore(folder: folder, name: "model")
    }

    /// What the tensor of a name begins with: the pair's, fitted to smaller patches where it has to be; the fresh one
    /// where the pair has none.
    func value(of name: String, in fresh: Tensor) throws -> Tensor {
        let own = "clip."
        guard name.hasPrefix(own) else { return fresh }
        let known = String(name.dropFirst(own.count))
        guard let wanted = store.shape(of: known) else { return fresh }
        let value = try store.weights.tensor(known, wanted, .zeros)
        guard value.shape != fresh.shape else { return value }
        if value.rank == 4 {
            // What the larger patch answers to the smaller one with every pixel doubled (Beyer and others 2023).
            let factor = value.shape[2] / fresh.shape[2]
            return value.averagePooled(factor) * Double(factor * factor)
        }
        let side = Int(Double(fresh.shape[0] - 1).squareRoot().rounded())
        return ImageEncoder.resized(value, rows: side, columns: side)
    }
}
