import Foundation
import Imaging
import StillLife
import Tensors

/// Scenes of the still-life world as training images; everything follows from the settings.
struct StillLifeImages: Sendable {
    let section: DataSection

    /// The scene of an index; indices from `count` on are held out.
    func scene(_ index: Int) -> Scene {
        let seed = section.seed &+ UInt64(index)
        var draws = Randomness(seed: seed).draws(.scenes, 0)
        let objects = 1 + draws.index(weights: section.objectWeights)
        let styles = Style.allCases
        let style = styles[draws.index(weights: styles.map { section.styleWeights[$0.rawValue] ?? 0 })]
        return Scene.random(seed: seed, from: SceneChoices(objects: objects...objects, styles: [style]))
    }

    /// The captions of an index: the common one, the one that names the wall too, then others in random order.
    func captions(_ index: Int) -> [String] {
        let all = scene(index).captions(split: .training)
        var draws = Randomness(seed: section.seed &+ UInt64(index)).draws(.captions, 0)
        return Array((all.prefix(2) + all.dropFirst(2).shuffled(using: &draws)).prefix(section.captions))
    }

    /// Names the images: settings and what the renderer makes of a few scenes, so that a better renderer starts anew.
    func fingerprint() throws -> String {
        var fingerprint = try CacheKey(of: section)
        for index in 0..<8 {
            fingerprint.add(scene(index).render(size: 16).pixels)
            for caption in captions(index) { fingerprint.add(caption) }
        }
        return fingerprint.text
    }

    func images(in folder: String, control: TrainingControl) throws -> ImageSet {
        let size = section.size
        return try ImageSet.cached(
            in: folder, fingerprint: try fingerprint(), count: section.count, heldOut: section.heldOut,
            size: size,
            image: { scene($0).render(size: size) }, captions: captions, control: control)
    }

    /// The images under their common captions, and so many bytes about each that come of the same renderings.
    ///
    /// - `name`: what the file of those bytes is named after.
    func rendered(
        with name: String, bytes: Int, in folder: String, control: TrainingControl,
        of described: @escaping @Sendable (Rendering) -> [UInt8]
    ) throws -> (images: ImageSet, about: MappedFile) {
        let (size, total) = (section.size, section.count + section.heldOut)
        let fingerprint = try fingerprint()
        let path = "\(folder)/\(name)-\(fingerprint).bin"
        func cached(_ image: @escaping @Sendable (Int) throws -> Image) throws -> ImageSet {
            try ImageSet.cached(
                in: folder, fingerprint: fingerprint, count: section.count, heldOut: section.heldOut,
                size: size, image: image, captions: { [scene($0).caption] }, control: control)
        }
        if !FileManager.default.fileExists(atPath: path) {
            // Both files come from the same renderings.
            try? FileManager.default.removeItem(atPath: "\(folder)/pictures-\(fingerprint).bin")
            try CacheFile.write(to: path, count: bytes * total) { memory in
                _ = try cached { index in
                    let rendering = scene(index).rendering(size: size)
                    described(rendering).withUnsafeBytes { memory.put($0, at: index * bytes) }
                    return rendering.image
                }
            }
        }
        return (
            try cached { scene($0).render(size: size) }, try CacheFile.mapped(path, count: bytes * total)
        )
    }
}
