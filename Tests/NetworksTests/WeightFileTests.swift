import Foundation
import Layers
import Tensors
import TestSupport
import Testing

/// Which files of a part's folder are read.
@Suite struct WeightFileTests {
    /// A folder with files that hold one number each, and what a store finds there.
    private static func found(
        _ files: [String: Float], dtype: DType = .float32, indices: [String: String] = [:]
    ) throws -> String {
        let folder = try Folder()
        for (name, value) in files {
            if name.hasSuffix(".safetensors") {
                try Safetensors.write([("w", Tensor([value]))], to: folder[name])
            } else {
                try folder.file(name, "x")
            }
        }
        for (name, shard) in indices {
            try folder.file(name, "{\"weight_map\": {\"w\": \"\(shard)\"}}")
        }
        do {
            let store = try WeightStore(folder: folder.path, name: "model", dtype: dtype)
            return "\(try store.weights.tensor("w", [1], .zeros).to(dtype: .float32).floats[0])"
        } catch {
            return "\(error)".replacingOccurrences(of: folder.path, with: "F")
        }
    }

    // The nearest wrong choice: half files for every type but float32, and a pickle named where a variant lies there.
    @Test("The nearest variant to what is computed in is read, and copies without averages last")
    func variants() throws {
        let all: [String: Float] = [
            "model.safetensors": 1, "model.fp16.safetensors": 2, "model.bf16.safetensors": 3,
            "model.non_ema.safetensors": 4, "model.bin": 0, "model.ema.safetensors": 5,
        ]
        #expect(try Self.found(all) == "1.0")
        #expect(try Self.found(all, dtype: .float16) == "2.0")
        #expect(try Self.found(all, dtype: .bfloat16) == "3.0")
        #expect(try Self.found(all, dtype: .float64) == "1.0")
        #expect(try Self.found(all.filter { $0.key != "model.safetensors" }) == "3.0")
        #expect(try Self.found(["model.fp16.safetensors": 2, "model.bin": 0]) == "2.0")
        #expect(try Self.found(["model.non_ema.safetensors": 4, "model.ema.safetensors": 5]) == "5.0")
        #expect(try Self.found(["model.non_ema.safetensors": 4]) == "4.0")
        #expect(try Self.found(["pytorch_model.safetensors": 6]) == "6.0")
        #expect(
            try Self.found(["model.bin": 0])
                == "F/model.bin is a pickle, which can run code when it is opened and is never read here; convert it to "
                + "safetensors")
    }

    @Test(
        "Shards of a variant are found by the index of old writers and of new ones; one that is missing is named"
    )
    func shards() throws {
        let shard = "model.fp16-00001-of-00002.safetensors"
        let old = "model-00001-of-00002.fp16.safetensors"
        #expect(
            try Self.found([shard: 7], indices: ["model.safetensors.index.fp16.json": shard]) == "7.0")
        #expect(try Self.found([old: 8], indices: ["model.safetensors.fp16.index.json": old]) == "8.0")
        #expect(
            try Self.found([:], indices: ["model.safetensors.index.json": "model-00002-of-00002.safetensors"])
                == "F has no model-00002-of-00002.safetensors; is the download complete?")
    }
}
