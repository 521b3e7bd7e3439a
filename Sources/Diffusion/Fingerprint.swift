import Crypto
import Foundation

/// A name for the contents of a model folder that is cheap to make.
///
/// The first 16 hexadecimal digits of a SHA-256 over, for `model_index.json` and each file of the components, in the
/// order of their paths: the path below the folder, its size, and its bytes; of a weight file (.safetensors) the first
/// 64 KiB, which begin with the names and shapes of the tensors, and 64 samples of 4 KiB evenly over the rest. Two
/// models that differ agree only where they differ in no sampled byte; retraining changes all of them. What else lies
/// in the folder (a card, a record of the training, a safety checker) does not make another model.
enum Fingerprint {
    private static let head = 64 * 1024
    private static let sample = 4096
    private static let samples = 64
    private static let components = ["scheduler", "text_encoder", "tokenizer", "unet", "vae"]

    static func of(folder: String) -> String {
        var digest = SHA256()
        let paths = (FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? [])
            .filter { path in path == "model_index.json" || components.contains { path.hasPrefix($0 + "/") } }
            .filter { $0.hasSuffix(".json") || $0.hasSuffix(".safetensors") || $0.hasSuffix("merges.txt") }
        for path in paths.sorted() {
            guard let file = FileHandle(forReadingAtPath: folder + "/" + path),
                let size = try? file.seekToEnd()
            else { continue }
            digest.update(data: Data("\(path)\n\(size)\n".utf8))
            let places: [(offset: UInt64, count: Int)]
            if path.hasSuffix(".safetensors"), size > UInt64(head + sample * samples) {
                let room = (size - UInt64(head)) / UInt64(samples)
                places = [(0, head)] + (0..<samples).map { (UInt64(head) + UInt64($0) * room, sample) }
            } else {
                places = [(0, Int(size))]
            }
            for place in places {
                guard (try? file.seek(toOffset: place.offset)) != nil,
                    let bytes = try? file.read(upToCount: place.count)
                else { continue }
                digest.update(data: bytes)
            }
            try? file.close()
        }
        return digest.finalize().prefix(8).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}
