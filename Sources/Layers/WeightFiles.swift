import Foundation
import Tensors

/// The files of a component's folder that its weights are read from.
///
/// A part may lie there whole (`NAME.safetensors`), as a variant (`NAME.fp16.safetensors`), or in shards that an index
/// lists. What else lies there (pickles, ONNX, Flax) is never looked at.
struct WeightFiles {
    /// The files, all of which are needed.
    let paths: [String]

    /// - Parameters:
    ///   - name: what the weights are called in such a folder.
    ///   - dtype: what is computed in; of several variants the nearest is taken.
    /// - Throws: `WeightError`.
    init(in folder: String, name: String, preferring dtype: DType) throws {
        let manager = FileManager.default
        guard manager.fileExists(atPath: folder) else { throw WeightError.noFolder(folder) }
        for file in Self.choices(name, preferring: dtype) {
            let path = folder + "/" + file
            guard manager.fileExists(atPath: path) else { continue }
            paths = file.hasSuffix(".json") ? try Self.shards(listedIn: path, folder: folder) : [path]
            return
        }
        let pickles = ["\(name).bin", "\(name).ckpt", "\(name).fp16.bin", "\(name).pt", "pytorch_model.bin"]
        if let pickle = pickles.first(where: { manager.fileExists(atPath: folder + "/" + $0) }) {
            throw WeightError.pickle(path: folder + "/" + pickle)
        }
        throw WeightError.noFile(folder: folder, name: "\(name).safetensors")
    }

    /// Names of files and indices, best choice first: what was trained before its average, and that before the copy
    /// that was not averaged.
    private static func choices(_ name: String, preferring dtype: DType) -> [String] {
        let variants: [String?] =
            switch dtype {
            case .float16: ["fp16", nil, "fp32", "bf16"]
            case .bfloat16: ["bf16", nil, "fp32", "fp16"]
            default: [nil, "fp32", "bf16", "fp16"]
            }
        return (variants + ["ema", "non_ema"]).flatMap { variant -> [String] in
            guard let variant else { return ["\(name).safetensors", "\(name).safetensors.index.json"] }
            // The newest writers put the variant before the number of a shard, and older ones behind it.
            return [
                "\(name).\(variant).safetensors", "\(name).safetensors.index.\(variant).json",
                "\(name).safetensors.\(variant).index.json",
            ]
        } + ["pytorch_model.safetensors"]
    }

    private static func shards(listedIn path: String, folder: String) throws -> [String] {
        struct Index: Decodable {
            let shards: [String: String]

            private enum CodingKeys: String, CodingKey {
                case shards = "weight_map"
            }
        }
        let index: Index
        do {
            index = try JSONDecoder().decode(Index.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw WeightError.index(path: path, reason: "it has no readable weight_map")
        }
        return try Set(index.shards.values).sorted().map { shard in
            guard !shard.contains("/"), shard.hasSuffix(".safetensors") else {
                throw WeightError.index(
                    path: path, reason: "it names \(shard), which is no safetensors file beside it")
            }
            let file = folder + "/" + shard
            guard FileManager.default.fileExists(atPath: file) else {
                throw WeightError.noFile(folder: folder, name: shard)
            }
            return file
        }
    }
}
