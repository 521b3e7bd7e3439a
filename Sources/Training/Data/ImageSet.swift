import Diffusion
import Foundation
import Imaging
import Tensors

/// Square images of one size in a mapped file, with their captions.
struct ImageSet: Sendable {
    /// Images to learn from.
    let count: Int
    /// Images behind those, to measure on.
    let heldOut: Int
    /// Width and height in pixels.
    let size: Int
    /// Per image its captions, the most usual one first; held-out images included.
    let captions: [[String]]
    /// How often an epoch shows each image that is learned from.
    var repeats: [Int]
    /// Names these images and captions among all others.
    let fingerprint: String
    private let file: MappedFile

    /// Bytes of one image.
    static func bytes(size: Int) -> Int { size * size * 3 }

    /// Opens the cached images of a fingerprint, or has them made: pixels by `image` on all cores.
    /// - Parameters:
    ///   - image: the pixels of an index, rows from the top, red, green and blue.
    ///   - captions: the captions of an index.
    static func cached(
        in folder: String, fingerprint: String, count: Int, heldOut: Int, size: Int,
        image: @escaping @Sendable (Int) throws -> Image,
        captions: @escaping @Sendable (Int) throws -> [String],
        control: TrainingControl
    ) throws -> ImageSet {
        let total = count + heldOut
        let pixelPath = "\(folder)/pictures-\(fingerprint).bin"
        let captionPath = "\(folder)/captions-\(fingerprint).json"
        let byteCount = bytes(size: size) * total
        let manager = FileManager.default
        if !manager.fileExists(atPath: pixelPath) || !manager.fileExists(atPath: captionPath) {
            control.report(.message("preparing \(total) pictures of \(size)×\(size) pixels"))
            let texts = SharedArray<[String]>(count: total, filling: [])
            try CacheFile.write(to: pixelPath, count: byteCount) { memory in
                try inParallel(total, control: control) { index in
                    let made = try image(index)
                    precondition(made.width == size && made.height == size, "a picture of another size")
                    made.pixels.withUnsafeBytes { memory.put($0, at: index * bytes(size: size)) }
                    texts[index] = try captions(index)
                }
            }
            try CacheFile.write(JSONEncoder().encode(texts.values), to: captionPath)
        }
        let data = try Data(contentsOf: URL(fileURLWithPath: captionPath))
        guard let stored = try? JSONDecoder().decode([[String]].self, from: data), stored.count == total
        else {
            throw TrainingError.file(
                path: captionPath, reason: "does not hold \(total) lists of captions; delete it")
        }
        return ImageSet(
            count: count, heldOut: heldOut, size: size, captions: stored,
            repeats: Array(repeating: 1, count: count), fingerprint: fingerprint,
            file: try CacheFile.mapped(pixelPath, count: byteCount))
    }

    /// Crops of images in -1…1, [images, 3, side, side].
    func tensor(crops places: [(image: Int, x: Int, y: Int)], side: Int, device: Device) -> Tensor {
        Tensor(pixels: crops(places, side: side), height: side, width: side, device: device)
    }

    /// Whole images in -1…1, [images, 3, size, size].
    func tensor(_ indices: some Sequence<Int>, device: Device) -> Tensor {
        tensor(crops: indices.map { ($0, 0, 0) }, side: size, device: device)
    }

    /// Crops of images as bytes [images, side, side, 3].
    private func crops(_ places: [(image: Int, x: Int, y: Int)], side: Int) -> [UInt8] {
        let row = side * 3
        return [UInt8](unsafeUninitializedCapacity: places.count * side * row) { buffer, filled in
            let target = UnsafeMutableRawBufferPointer(buffer)
            var written = 0
            for place in places {
                let corner = place.image * Self.bytes(size: size) + (place.y * size + place.x) * 3
                for line in 0..<side {
                    let start = corner + line * size * 3
                    UnsafeMutableRawBufferPointer(rebasing: target[written..<(written + row)])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: file.bytes[start..<(start + row)]))
                    written += row
                }
            }
            filled = written
        }
    }
}

/// Runs `body` for every index on all cores; the first error, or a wish to stop, ends it early.
func inParallel(
    _ count: Int, control: TrainingControl, _ body: @escaping @Sendable (Int) throws -> Void
) throws {
    let chunk = 16
    let failure = FirstError()
    let started = ContinuousClock.now
    let done = Counter()
    DispatchQueue.concurrentPerform(iterations: (count + chunk - 1) / chunk) { part in
        guard failure.error == nil else { return }
        do {
            if control.isStopping { throw CancellationError() }
            for index in (part * chunk)..<min(count, (part + 1) * chunk) { try body(index) }
        } catch {
            failure.keep(error)
        }
        if let total = done.add(chunk, reportingEvery: 4096) {
            let rate = Double(total) / max(1e-9, (ContinuousClock.now - started).seconds)
            control.report(.message("\(min(total, count)) of \(count) pictures, \(Int(rate)) a second"))
        }
    }
    if let error = failure.error { throw error }
}

extension Duration {
    /// In seconds.
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
