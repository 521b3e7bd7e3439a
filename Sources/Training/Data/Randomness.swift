import Foundation

/// Randomness without a state to save: every draw is named by the run's seed, a purpose and a position.
struct Randomness {
    /// What draws are for; two purposes never share numbers.
    enum Purpose: UInt64 {
        case order = 1
        case autoencoderWeights, crops, encode
        case unetWeights, textWeights, captions, timesteps, noise
        case samples, scenes
        case networkWeights, degradation, degradationNoise, roundTrips
        case heldOut
        case mixing, dropout
        case texts
    }

    let seed: UInt64

    /// The seed of a generator for one purpose at one position (a step, an epoch, an image).
    func seed(_ purpose: Purpose, _ position: Int) -> UInt64 {
        Self.scramble(
            Self.scramble(Self.scramble(seed) ^ (purpose.rawValue &* 0x9E37_79B9_7F4A_7C15))
                ^ UInt64(position))
    }

    /// A small generator for one purpose at one position.
    func draws(_ purpose: Purpose, _ position: Int) -> Draws { Draws(state: seed(purpose, position)) }

    /// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
    static func scramble(_ value: UInt64) -> UInt64 {
        var mixed = value &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// SplitMix64 as a generator.
struct Draws: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        defer { state &+= 0x9E37_79B9_7F4A_7C15 }
        return Randomness.scramble(state)
    }

    /// An integer in 0..<count.
    mutating func below(_ count: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(count)).high) }

    /// A number in 0..<1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// An index drawn with the given weights.
    mutating func index(weights: [Double]) -> Int {
        var rest = unit() * weights.reduce(0, +)
        for (index, weight) in weights.enumerated() where weight > 0 {
            rest -= weight
            if rest < 0 { return index }
        }
        return weights.lastIndex { $0 > 0 } ?? 0
    }
}

/// The order in which images are seen: every epoch is a new permutation that follows from the seed alone.
final class ImageOrder {
    private let randomness: Randomness
    /// The images of an epoch; one that is seen more often stands there more than once.
    private let images: [Int]
    private var epoch = -1
    private var permutation: [Int] = []

    /// - Parameter repeats: how often an epoch shows each image.
    init(_ randomness: Randomness, repeats: [Int]) {
        self.randomness = randomness
        images = repeats.enumerated().flatMap { Array(repeating: $0.offset, count: $0.element) }
    }

    /// Every image once an epoch.
    convenience init(_ randomness: Randomness, count: Int) {
        self.init(randomness, repeats: Array(repeating: 1, count: count))
    }

    /// The images of a step.
    func batch(step: Int, size: Int) -> [Int] {
        (0..<size).map { place in
            let position = step * size + place
            if position / images.count != epoch {
                epoch = position / images.count
                var draws = randomness.draws(.order, epoch)
                permutation = images.shuffled(using: &draws)
            }
            return permutation[position % images.count]
        }
    }
}

/// A 64-bit fingerprint of bytes (FNV-1a), for naming caches after what they hold.
struct CacheKey {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }

    mutating func add(_ text: String) { add(Array(text.utf8)) }

    /// Sixteen hexadecimal digits.
    var text: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension CacheKey {
    /// Begins with what images are asked for, wherever they lie.
    init(of section: DataSection) throws {
        self.init()
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var settings = section
        settings.folder = ""
        add(try encoder.encode(settings))
    }
}
