import Diffusion
import Imaging
import Tensors

/// Random parts of one picture at the size that a model was trained on, each with where it lies.
struct PicturePatches {
    /// The picture, a square of twice the model's own side.
    private let picture: Image
    private let side: Int
    private let unit: Int
    private let positions: PositionMap
    private let seed: UInt64

    /// The least share of the picture's side that a patch has.
    private static let leastShare = 0.1

    /// Patches of a picture of any shape, which is squeezed to a square.
    /// - Parameter channels: of the network's first convolution.
    init(of picture: Image, for facts: ModelFacts, channels: Int, seed: UInt64) {
        (side, unit) = (facts.imageSide, facts.latentFactor)
        self.picture = picture.resized(width: 2 * facts.imageSide, height: 2 * facts.imageSide)
        positions = PositionMap(channels: channels, side: 2 * facts.imageSide / facts.latentFactor)
        self.seed = seed
    }

    /// The box of a step: height and width from a tenth of the side to all of it, each by itself, anywhere.
    func box(_ random: RandomGenerator) -> PositionMap.Box {
        func length() -> Int {
            let share = Self.leastShare + (1 - Self.leastShare) * random.uniform([1]).item
            return max(Int(Double(positions.side) * share), 1)
        }
        func start(_ length: Int) -> Int {
            Int(random.integers(in: 0..<(positions.side - length + 1), [1]).scalars(as: Int64.self)[0])
        }
        let (height, width) = (length(), length())
        let (top, left) = (start(height), start(width))
        return .init(top: top, left: left, bottom: top + height, right: left + width)
    }

    /// The picture within a box, without regard to its shape, at the model's own size.
    func image(in box: PositionMap.Box) -> Image {
        let (left, top) = (box.left * unit, box.top * unit)
        let (width, height) = ((box.right - box.left) * unit, (box.bottom - box.top) * unit)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * 3)
        for row in top..<(top + height) {
            let start = picture.offset(x: left, y: row)
            pixels += picture.pixels[start..<(start + width * 3)]
        }
        return Image(width: width, height: height, pixels: pixels).resized(width: side, height: side)
    }

    /// The latent of a step's patch, a sample of its posterior, and the map of where it lies.
    func draw(_ step: Int, in session: DiffusionSession) throws -> (latent: Tensor, positions: Tensor) {
        // Noise and timesteps are drawn from the seed itself.
        let random = TuningDraws.generator(seed: ~seed, step: step)
        let box = box(random)
        let latent = try withoutGradients { try session.encode(image(in: box), sampledBy: random) }
        let (_, _, height, width) = latent.shape4
        return (latent, positions(box, height: height, width: width).like(latent))
    }

    /// The map of the whole picture at a latent's size, for sampling.
    func whole(like latent: Tensor) -> Tensor {
        let (_, _, height, width) = latent.shape4
        return positions(height: height, width: width).like(latent)
    }
}
