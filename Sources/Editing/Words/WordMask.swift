public import Diffusion
public import Imaging
public import Perception
import Tensors

/// A mask asked for in words: where an image shows what they say, and what is done to that.
public struct MaskWords: Sendable, Hashable {
    /// The words: "the blue mug".
    public var words: String
    /// Whether all but what is found may change.
    public var isInverted: Bool
    /// By how many pixels of the image the mask is grown; below 0 it shrinks.
    public var growth: Int
    /// The Gaussian that softens it, in pixels of the image.
    public var blur: Double

    /// A mask of words; by default as it is found.
    public init(_ words: String, isInverted: Bool = false, growth: Int = 0, blur: Double = 0) {
        (self.words, self.isInverted, self.growth, self.blur) = (words, isInverted, growth, blur)
    }

    /// A found mask with what is to be done to it, at an image's size.
    func finished(_ found: Mask, width: Int, height: Int) -> Mask {
        var mask = found.resized(width: width, height: height).thresholded()
        if isInverted { mask = mask.inverted() }
        if growth != 0 { mask = mask.grown(by: growth) }
        return blur > 0 ? mask.blurred(radius: blur) : mask
    }
}

/// What a finder found for some words.
public struct WordMask: Sendable, Hashable {
    /// 1 where the image shows them, 0 elsewhere, at the image's size or another.
    public var mask: Mask
    /// How much speaks for the image showing them at all; what it is a measure of is the finder's.
    public var confidence: Double
    /// From which confidence on a mask is to be trusted.
    public var leastConfidence: Double

    /// A mask with the finder's confidence.
    public init(_ mask: Mask, confidence: Double, leastConfidence: Double) {
        (self.mask, self.confidence, self.leastConfidence) = (mask, confidence, leastConfidence)
    }
}

/// Something that finds where an image shows what words say.
public protocol WordMaskFinder {
    /// The mask of words in an image.
    /// - Parameters:
    ///   - session: the job that asks, with its model.
    ///   - source: what the image shows as a whole, if that is known.
    ///   - seed: of all noise.
    func mask(
        of words: String, in image: Image, session: DiffusionSession, source: String?, seed: UInt64
    ) throws -> WordMask
}

/// Finds words by the diffusion model's own attention, as the method Lift does.
///
/// Under the source prompt where that names the thing, so that others it names are told from it, else under the words
/// alone. The confidence is the evidence of `Lift`: by what share the noise is predicted worse without the words. Cost: 14
/// forwards.
public struct AttentionMaskFinder: WordMaskFinder {
    /// A finder.
    public init() {}

    /// The mask of a thing in words such as "the left red apple".
    /// - Throws: `LiftError` for words that are no thing's name, or name several.
    public func mask(
        of words: String, in image: Image, session: DiffusionSession, source: String?, seed: UInt64
    ) throws -> WordMask {
        let thing = try LiftInstruction.Thing(named: words)
        let isNamed = (try? PromptPhrases(source ?? "").phrases(for: thing)) != nil
        let prompt = isNamed ? source ?? words : words
        let (facts, steps) = (session.model.facts, Lift.description.standard.steps)
        let size = WorkingSize(
            fitting: image.width, image.height, longSide: facts.imageSide, multipleOf: facts.latentFactor)
        let working = image.resized(to: size)
        let finder = try ThingFinder(
            session, levels: try DDIM().levels(of: session.schedule, steps: steps),
            image: FloatImage(working),
            clean: try session.encode(working), source: try session.prompt(prompt, as: "source prompt"),
            threshold: Float(Lift.wordThreshold.standard), random: RandomGenerator(seed: seed))
        let found = try finder.found(thing)
        let evidence = try finder.evidence(of: [found])[0]
        return WordMask(found.core, confidence: evidence, leastConfidence: LiftError.leastEvidence)
    }
}

/// Finds words by a network that tells where an image shows a text.
///
/// The mask is where the network holds it likelier than not; the confidence is the mean probability there.
public struct RelevanceMaskFinder: WordMaskFinder {
    private let network: any RelevanceNetwork

    /// A finder that asks a network.
    public init(_ network: any RelevanceNetwork) { self.network = network }

    /// The mask of any text that the network reads.
    public func mask(
        of words: String, in image: Image, session: DiffusionSession, source: String?, seed: UInt64
    ) throws -> WordMask {
        try session.checkCancellation()
        let logits = try withoutGradients {
            try network.relevance(of: image.tensor(device: session.model.device), to: [words])
        }
        let (_, height, width) = logits.shape3
        let chances = Mask(width: width, height: height, values: logits.sigmoid.floats)
        let inside = chances.values.filter { $0 > 0.5 }
        let mean = inside.isEmpty ? 0 : Double(inside.reduce(0, +)) / Double(inside.count)
        return WordMask(chances.strictly(above: 0.5), confidence: mean, leastConfidence: 0.5)
    }
}

/// What a record says of a mask that was asked for in words.
public struct WordMaskRecord: Sendable, Hashable, Codable {
    /// The words.
    public var words: String
    /// The finder's confidence.
    public var confidence: Double
    /// The share of the image that was found.
    public var area: Double
}

extension DiffusionSession {
    /// A request whose mask of words is found, and what its record says of that; the request itself where it has none.
    /// - Throws: `EditingError` where nothing is found.
    func findingMask(
        of request: EditRequest, by finder: any WordMaskFinder
    ) throws -> (request: EditRequest, record: WordMaskRecord?) {
        guard let asked = request.maskWords else { return (request, nil) }
        let found = try finder.mask(
            of: asked.words, in: request.image, session: self, source: request.source, seed: request.seed)
        guard found.mask.values.contains(where: { $0 > 0.5 }) else {
            throw EditingError.badValue(
                name: "the mask of \"\(asked.words)\"", value: "black everywhere",
                expected: "made of words that the picture shows")
        }
        if found.confidence < found.leastConfidence {
            warn(
                "the picture does not seem to show \"\(asked.words)\" (confidence "
                    + "\(LiftError.signed(found.confidence)); \(OptionValue.number(found.leastConfidence)) is needed), so "
                    + "that its mask may be of anything")
        }
        var masked = request
        masked.mask = asked.finished(found.mask, width: request.image.width, height: request.image.height)
        return (
            masked,
            WordMaskRecord(words: asked.words, confidence: found.confidence, area: Double(found.mask.area))
        )
    }
}
