import Diffusion
import Foundation
import Imaging
import Networks
import StillLife
import Tensors

/// Rendered still lifes with the truth about every cell, and how they come back from an autoencoder.
struct JudgeImages: Sendable {
    let images: ImageSet
    private let scenes: StillLifeImages
    private let coverage: MappedFile
    /// The same images after a round trip; nil without an autoencoder.
    private(set) var roundTrips: RoundTrips?

    /// Cells along a side; a cell is four pixels wide.
    var cells: Int { images.size / 4 }
    /// Samples of a cell: sixteen pixels of four samples.
    private static let samples: Float = 64
    private static let mostObjects = 3

    /// Opens the cached images of the settings, or renders them.
    init(_ section: DataSection, in folder: String, control: TrainingControl) throws {
        scenes = StillLifeImages(section: section)
        let (size, cells) = (section.size, section.size / 4)
        (images, coverage) = try scenes.rendered(
            with: "coverage", bytes: Self.mostObjects * cells * cells, in: folder, control: control
        ) { Self.coverage(of: $0, size: size) }
    }

    /// Per object of a scene and cell, how many samples show it.
    private static func coverage(of rendering: Rendering, size: Int) -> [UInt8] {
        let cells = size / 4
        var found = [UInt8](repeating: 0, count: mostObjects * cells * cells)
        for (object, counts) in rendering.coverage.enumerated().prefix(mostObjects) {
            for y in 0..<(cells * 4) {
                for x in 0..<(cells * 4) {
                    found[(object * cells + y / 4) * cells + x / 4] += counts[y * size + x]
                }
            }
        }
        return found
    }

    /// The same images with their round trips through an autoencoder.
    func with(_ roundTrips: RoundTrips) -> JudgeImages {
        var copy = self
        copy.roundTrips = roundTrips
        return copy
    }

    func scene(_ index: Int) -> Scene { scenes.scene(index) }

    /// What is true of images.
    func truth(_ indices: [Int], device: Device) -> JudgeTruth {
        let (cells, kinds) = (cells, ObjectKind.allCases)
        let places = cells * cells
        var truth = JudgeTruth.Numbers(images: indices.count, places: places)
        for (row, index) in indices.enumerated() {
            let scene = scene(index)
            let start = index * Self.mostObjects * places
            for place in 0..<places { truth.cells[row * (kinds.count + 1) * places + place] = 1 }
            for (object, described) in scene.objects.enumerated() {
                let kind = kinds.firstIndex(of: described.kind) ?? 0
                for place in 0..<places {
                    let share = Float(coverage.bytes[start + object * places + place]) / Self.samples
                    truth.cells[row * (kinds.count + 1) * places + place] -= share
                    truth.cells[(row * (kinds.count + 1) + kind + 1) * places + place] += share
                }
                truth.add(described, kind: kind, row: row)
            }
            truth.add(scene)
        }
        return JudgeTruth(truth, cells: cells, device: device)
    }
}

/// Images as they come back from an autoencoder, in a mapped file.
struct RoundTrips: Sendable {
    private let size: Int
    private let file: MappedFile
    /// Names these round trips among all others.
    let fingerprint: String

    /// Opens the cached round trips, or makes them; those of held-out images are without added noise.
    static func cached(
        in folder: String, images: ImageSet, autoencoder: Autoencoder,
        weights: [(name: String, tensor: Tensor)], latentNoise: Double, randomness: Randomness,
        device: Device, control: TrainingControl
    ) throws -> RoundTrips {
        var fingerprint = CacheKey()
        fingerprint.add(images.fingerprint)
        fingerprint.add("\(latentNoise) \(randomness.seed)")
        for (name, tensor) in weights {
            fingerprint.add(name)
            var bytes = [UInt8](repeating: 0, count: tensor.count * tensor.dtype.byteCount)
            bytes.withUnsafeMutableBytes { tensor.copyBytes(to: $0) }
            fingerprint.add(bytes)
        }
        let total = images.count + images.heldOut
        let byteCount = ImageSet.bytes(size: images.size)
        let path = "\(folder)/round-trips-\(fingerprint.text).bin"
        if !FileManager.default.fileExists(atPath: path) {
            control.report(.message("taking \(total) pictures through the autoencoder and back"))
            try CacheFile.write(to: path, count: byteCount * total) { memory in
                let batch = 32
                for start in stride(from: 0, to: total, by: batch) {
                    if control.isStopping { throw CancellationError() }
                    let part = start..<min(start + batch, total)
                    let back = withoutGradients { () -> Tensor in
                        let mean = autoencoder.encode(images.tensor(part, device: device)).mean
                        var draws = randomness.draws(.roundTrips, start)
                        // Every other one without noise.
                        let shares = part.map { index -> Float in
                            let share = max(draws.unit() * 2 - 1, 0) * latentNoise
                            return index < images.count ? Float(share) : 0
                        }
                        let deviation = (mean - mean.mean).squared.mean.squareRoot
                        let random = RandomGenerator(seed: randomness.seed(.roundTrips, start))
                        let noise = random.normal(mean.shape).to(device: device)
                        let scale = Tensor(shares, shape: [shares.count, 1, 1, 1]).to(device: device)
                        return autoencoder.decode(mean + noise * scale * deviation)
                    }
                    let bytes = ((back + 1) * 127.5 + 0.5).clamped(0, 255).permuted(0, 2, 3, 1).contiguous
                        .to(dtype: .uint8, device: .cpu).scalars(as: UInt8.self)
                    bytes.withUnsafeBytes { memory.put($0, at: start * byteCount) }
                }
            }
        }
        return RoundTrips(
            size: images.size, file: try CacheFile.mapped(path, count: byteCount * total),
            fingerprint: fingerprint.text)
    }

    /// Images in -1…1, [images, 3, size, size].
    func tensor(_ indices: [Int], device: Device) -> Tensor {
        let count = ImageSet.bytes(size: size)
        let bytes = indices.flatMap { file.bytes[($0 * count)..<(($0 + 1) * count)] }
        return Tensor(pixels: bytes, height: size, width: size, device: device)
    }
}
