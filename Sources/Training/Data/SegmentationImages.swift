import Diffusion
import Foundation
import Imaging
import StillLife
import StillLifeStudy
import Tensors

/// Rendered still lifes with what every pixel shows, and how they come back from an autoencoder.
struct SegmentationImages: Sendable {
    let images: ImageSet
    private let scenes: StillLifeImages
    private let identities: MappedFile
    /// The same images after a round trip; nil without an autoencoder.
    private(set) var roundTrips: RoundTrips?

    private var pixels: Int { images.size * images.size }

    /// Opens the cached images of the settings, or renders them.
    init(_ section: DataSection, in folder: String, control: TrainingControl) throws {
        scenes = StillLifeImages(section: section)
        (images, identities) = try scenes.rendered(
            with: "identities", bytes: section.size * section.size, in: folder, control: control
        ) { $0.identities.map(UInt8.init(bitPattern:)) }
    }

    /// The same images with their round trips through an autoencoder.
    func with(_ roundTrips: RoundTrips) -> SegmentationImages {
        var copy = self
        copy.roundTrips = roundTrips
        return copy
    }

    func scene(_ index: Int) -> Scene { scenes.scene(index) }

    /// What the pixels of images show of as many texts each, [images · texts, side, side]: ones and zeros.
    func truth(_ indices: [Int], _ texts: [[AskedText]], device: Device) -> Tensor {
        var values: [Float] = []
        values.reserveCapacity(texts.joined().count * pixels)
        for (index, asked) in zip(indices, texts) {
            let shown = identities.bytes[(index * pixels)..<((index + 1) * pixels)]
            for text in asked {
                let answers = (0...255).map { text.isShown(by: Int8(bitPattern: UInt8($0))) ? Float(1) : 0 }
                values += shown.lazy.map { answers[Int($0)] }
            }
        }
        return Tensor(values, shape: [texts.joined().count, images.size, images.size]).to(device: device)
    }

    /// What patches may show: a kind of object, the table, the wall.
    static var classes: Int { ObjectKind.allCases.count + 2 }

    /// The share of each patch that shows each class, [images, classes, side / patch, side / patch].
    func classShares(_ indices: [Int], patch: Int, device: Device) -> Tensor {
        let kinds = ObjectKind.allCases
        var numbers: [Float] = []
        numbers.reserveCapacity(indices.count * pixels)
        for index in indices {
            // By identity as bits: objects from 0, the wall 254, the table 255.
            var names = [Float](repeating: Float(kinds.count), count: 256)
            names[254] = Float(kinds.count + 1)
            for (object, described) in scene(index).objects.enumerated() {
                names[object] = Float(kinds.firstIndex(of: described.kind) ?? 0)
            }
            numbers += identities.bytes[(index * pixels)..<((index + 1) * pixels)].lazy.map { names[Int($0)] }
        }
        let shown = Tensor(numbers, shape: [indices.count, 1, images.size, images.size]).to(device: device)
        let planes = (0..<Self.classes).map { shown.equals(Double($0)).to(dtype: .float32) }
        return Tensor.concatenated(planes, along: 1).averagePooled(patch)
    }

    /// Held-out still lifes as rendered, or as they come back.
    func heldOut(_ count: Int, afterRoundTrip: Bool) -> [SeenScene] {
        (images.count..<(images.count + min(count, images.heldOut))).map { index in
            let tensor =
                afterRoundTrip
                ? roundTrips?.tensor([index], device: .cpu) : images.tensor([index], device: .cpu)
            let shown = identities.bytes[(index * pixels)..<((index + 1) * pixels)]
            return SeenScene(
                scene: scene(index), image: Image(tensor ?? images.tensor([index], device: .cpu)),
                identities: shown.map(Int8.init(bitPattern:)))
        }
    }
}
