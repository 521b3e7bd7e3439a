import Diffusion
import Foundation
import Networks
import Tensors

/// The latents of all training images in a mapped file of 16-bit numbers, and what was measured on the way.
struct LatentSet {
    /// What was measured when the latents were made.
    struct Measures: Codable, Sendable {
        /// 1 / the standard deviation of all latents, which brings them to about 1.
        var scalingFactor: Double
        /// Of held-out images through the autoencoder, in dB.
        var reconstruction: Double
    }

    let measures: Measures
    /// Names these latents among all others.
    let fingerprint: String
    /// The shape of one: [latentChannels, height, width].
    let shape: [Int]
    private let file: MappedFile
    /// All of them, float16, on the device that trains, where that is not the CPU.
    private let resident: Tensor?

    private var byteCount: Int { shape.reduce(2, *) }

    /// Opens the cached latents of these images and this network, or makes them.
    ///
    /// - `weights`: the network's, which name the cache.
    /// - `reconstruction`: measured once, beside the latents.
    static func cached(
        in folder: String, images: ImageSet, encoder: any LatentEncoder,
        weights: [(name: String, tensor: Tensor)], device: Device, control: TrainingControl,
        reconstruction: () -> Double
    ) throws -> LatentSet {
        var fingerprint = CacheKey()
        fingerprint.add(images.fingerprint)
        for (name, tensor) in weights {
            fingerprint.add(name)
            var bytes = [UInt8](repeating: 0, count: tensor.count * tensor.dtype.byteCount)
            bytes.withUnsafeMutableBytes { tensor.copyBytes(to: $0) }
            fingerprint.add(bytes)
        }
        let path = "\(folder)/latents-\(fingerprint.text).bin"
        let measuresPath = "\(folder)/latents-\(fingerprint.text).json"
        let side = images.size / encoder.spatialFactor
        let shape = [encoder.latentChannels, side, side]
        let byteCount = shape.reduce(2, *)
        let manager = FileManager.default
        if !manager.fileExists(atPath: path) || !manager.fileExists(atPath: measuresPath) {
            control.report(.message("encoding \(images.count) pictures"))
            var (sum, squares) = (0.0, 0.0)
            try CacheFile.write(to: path, count: byteCount * images.count) { memory in
                // Layers of many large images at once take memory anew from the system for every one of them.
                let batch = max(device == .cpu ? 8 : 128, 64 * 64 * 64 / (images.size * images.size))
                for start in stride(from: 0, to: images.count, by: batch) {
                    if control.isStopping { throw CancellationError() }
                    let part = start..<min(start + batch, images.count)
                    let mean = withoutGradients {
                        encoder.means(of: images.tensor(part, device: device))
                    }
                    sum += mean.to(dtype: .float64).sum.item
                    squares += mean.to(dtype: .float64).squared.sum.item
                    var bytes = [UInt8](repeating: 0, count: byteCount * part.count)
                    bytes.withUnsafeMutableBytes { mean.to(dtype: .float16).copyBytes(to: $0) }
                    bytes.withUnsafeBytes { memory.put($0, at: byteCount * start) }
                }
            }
            let count = Double(byteCount / 2 * images.count)
            let deviation = max(squares / count - (sum / count) * (sum / count), 1e-12).squareRoot()
            let measures = Measures(
                scalingFactor: 1 / deviation, reconstruction: reconstruction())
            try CacheFile.write(JSONEncoder().encode(measures), to: measuresPath)
        }
        let stored = try JSONDecoder().decode(
            Measures.self, from: Data(contentsOf: URL(fileURLWithPath: measuresPath)))
        let file = try CacheFile.mapped(path, count: byteCount * images.count)
        return LatentSet(
            measures: stored, fingerprint: fingerprint.text, shape: shape, file: file,
            resident: device == .cpu ? nil : moved(file, count: images.count, shape: shape, to: device))
    }

    /// All latents of a file on a device, brought there in parts.
    private static func moved(_ file: MappedFile, count: Int, shape: [Int], to device: Device) -> Tensor {
        let (bytes, part) = (shape.reduce(2, *), 4096)
        return .concatenated(
            stride(from: 0, to: count, by: part).map { start in
                let rows = min(part, count - start)
                let memory = UnsafeRawBufferPointer(
                    rebasing: file.bytes[(start * bytes)..<((start + rows) * bytes)])
                return Tensor(copying: memory, shape: [rows] + shape, dtype: .float16).to(device: device)
            })
    }

    /// Scaled latents of images, float32 [B, latentChannels, h, w].
    func scaled(_ images: [Int], device: Device) -> Tensor {
        plain(images, device: device) * measures.scalingFactor
    }

    /// Latents of images as the network gave them, float32 [B, latentChannels, h, w].
    func plain(_ images: [Int], device: Device) -> Tensor {
        if let resident, resident.device == device {
            return resident.indexSelect(0, Tensor(images.map(Int64.init)).to(device: device)).to(
                dtype: .float32)
        }
        let count = byteCount
        let bytes = [UInt8](unsafeUninitializedCapacity: count * images.count) { buffer, filled in
            let target = UnsafeMutableRawBufferPointer(buffer)
            for (row, image) in images.enumerated() {
                UnsafeMutableRawBufferPointer(rebasing: target[(row * count)..<((row + 1) * count)])
                    .copyMemory(
                        from: UnsafeRawBufferPointer(
                            rebasing: file.bytes[(image * count)..<((image + 1) * count)]))
            }
            filled = count * images.count
        }
        let half = bytes.withUnsafeBytes {
            Tensor(copying: $0, shape: [images.count] + shape, dtype: .float16)
        }
        return half.to(device: device).to(dtype: .float32)
    }
}
