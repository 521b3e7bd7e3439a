public import Editing
public import ImageMetrics
public import Imaging

/// One edit that many methods are asked for, with the true result where it is known.
public struct ComparedEdit: Sendable, Hashable {
    /// A right answer.
    public struct Truth: Sendable, Hashable {
        /// What the image should have become.
        public var image: Image
        /// Where it differs from the image before.
        public var changed: ImageArea

        /// A right answer and where it differs.
        public init(image: Image, changed: ImageArea) {
            self.image = image
            self.changed = changed
        }
    }

    /// What it is called in rows.
    public var id: String
    /// What is asked; each candidate puts in its own method and options.
    public var request: EditRequest
    /// Right answers, of the image's size: none where unknown, several where the prompt leaves room.
    public var truths: [Truth]
    /// Regions that a method is given in the place of the request's, by its name.
    public var ownRegions: [String: [Region]] = [:]
    /// What the image shows before and is to show after; where nil, as the request's prompts say.
    public var captions: Captions?

    /// What the image shows before and is to show after.
    public struct Captions: Sendable, Hashable {
        /// What it shows.
        public var before: String
        /// What it is to show.
        public var after: String

        /// Captions of an edit.
        public init(before: String, after: String) {
            self.before = before
            self.after = after
        }
    }
    /// The edit as a command, for methods that follow commands; nil where it is none.
    public var command: String?
    /// Whether only the command tells it, because the prompts do not say how far or how large.
    public var isTold = false
    /// Names under which results that were made elsewhere lie in their folder, the likeliest first.
    public var resultNames: [String] = []
    /// Where the things are that the edit touches, for methods whose mask marks the thing.
    public var thing: Mask?

    /// An edit with right answers.
    /// - Precondition: the answers have the image's size.
    public init(id: String, request: EditRequest, truths: [Truth] = []) {
        let size = (request.image.width, request.image.height)
        precondition(
            truths.allSatisfy { ($0.image.width, $0.image.height) == size },
            "truths have the picture's size")
        self.id = id
        self.request = request
        self.truths = truths
    }

    /// An edit with one right image; what differs by more than two of 255 steps, a little widened, has changed.
    public init(id: String, request: EditRequest, truth: Image) {
        let effect = Mask(changedFrom: request.image, to: truth)
        self.init(
            id: id, request: request,
            truths: [
                Truth(image: truth, changed: ImageArea(effect, width: truth.width, height: truth.height))
            ])
    }
}

extension ComparedEdit {
    /// Whether a candidate can be asked for the edit at all: by its prompts, or by its command.
    func canAsk(_ candidate: Candidate) -> Bool {
        guard let method = candidate.description else { return true }
        return method.isSpatial ? command != nil : !isTold
    }

    /// What a method is asked: the prompts, or for one that follows commands the command.
    func request(of method: MethodDescription) -> EditRequest {
        var request = request
        guard method.isSpatial else { return request }
        request.prompt = command ?? request.prompt
        if command != nil, request.mask != nil { request.mask = thing }
        return request
    }

    /// What a method of a name is asked, with options of its own.
    /// - Throws: `EditingError` for names and values that do not exist.
    func request(of name: String, options: [String: String]) throws -> EditRequest {
        var request = request(of: try Registry.method(named: name).description)
        let (own, share) = try Candidate.split(options)
        request.method = name
        request.options = own
        if let regions = ownRegions[name] { request.regions = regions }
        share(&request.settings)
        return request
    }

    /// The edit with the steps, guidance and the like of some settings; images, prompts and seed are its own.
    ///
    /// - `givesMask`: whether methods are told where the nearest true edit changes the image.
    func asked(as template: EditSettings, givesMask: Bool, pastes: Bool) -> ComparedEdit {
        var asked = self
        asked.request.settings = template
        asked.request.prompt = request.prompt
        asked.request.source = request.source
        asked.request.seed = request.seed
        asked.request.paste = pastes ? .auto : .none
        if !givesMask { asked.request.mask = nil }
        return asked
    }
}

/// What a result is worth, as far as it can be told; the keys of `--json`.
public struct Scores: Sendable, Hashable, Codable {
    /// Where the area that may change is known from.
    public enum AreaSource: String, Sendable, Codable {
        /// From the true result.
        case truth
        /// From the mask that the user gave.
        case given
        /// From the mask that the method found.
        case own
    }

    /// Where the area that may change is known from; nil where it is not known.
    public var areaFrom: AreaSource?
    /// That area's share of the image, from 0 to 1.
    public var area: Double?
    /// Peak signal-to-noise ratio of the result to the image before, outside the area, in dB; 100 at most.
    public var preservation: Double?
    /// Whether nothing at all changed outside.
    public var preservesAll: Bool?
    /// SSIM of the result to the image before, over windows outside the area.
    public var preservedSimilarity: Double?
    /// Mean absolute change inside the area, from 0 to 1.
    public var changeInside: Double?
    /// The same over the whole image.
    public var change: Double?
    /// 1 - d(result, truth) / d(before, truth) in the area, d the mean squared error: 1 is perfect, 0 is doing nothing.
    public var gain: Double?
    /// Intersection over union of the method's own mask with the true area.
    public var maskOverlap: Double?
    /// Average precision of what the method changed as a detector of the true area.
    public var localisation: Double?

    /// Nothing is known yet.
    public init() {}
}

extension ComparedEdit {
    /// Scores a result.
    /// - Parameters:
    ///   - result: of the image's size.
    ///   - mask: the mask that the method found, if it did.
    public func scores(of result: Image, mask: Mask? = nil) -> Scores {
        let (before, width, height) = (request.image, request.image.width, request.image.height)
        let own = mask.map { ImageArea($0, width: width, height: height) }
        var scores = Scores()
        scores.change = before.meanAbsoluteError(to: result)
        let best = bestTruth(for: result)
        let area: ImageArea?
        if let best {
            (area, scores.areaFrom, scores.gain) = (best.truth.changed, .truth, best.gain)
        } else if let given = request.mask {
            (area, scores.areaFrom) = (ImageArea(given, width: width, height: height), .given)
        } else {
            (area, scores.areaFrom) = (own, own == nil ? nil : .own)
        }
        guard let area else { return scores }
        let outside = area.complement
        let preservation = before.decibels(to: result, in: outside)
        scores.area = area.share
        scores.preservation = preservation?.value
        scores.preservesAll = preservation?.isCapped
        scores.preservedSimilarity = before.structuralSimilarity(to: result, in: outside)
        scores.changeInside = before.meanAbsoluteError(to: result, in: area)
        if best != nil {
            if request.mask == nil { scores.maskOverlap = own?.agreement(with: area).intersectionOverUnion }
            scores.localisation = area.averagePrecision(of: result.changeMap(from: before))
        }
        return scores
    }

    /// The right answer that a result comes nearest to, by gain; the first where no gain can be told.
    private func bestTruth(for result: Image) -> (truth: Truth, gain: Double?)? {
        var best: (truth: Truth, gain: Double?)?
        for truth in truths {
            let before = request.image.meanSquaredError(to: truth.image, in: truth.changed) ?? 0
            let after = result.meanSquaredError(to: truth.image, in: truth.changed) ?? 0
            let gain = before > 0 ? 1 - after / before : nil
            if best == nil || (gain ?? -.infinity) > (best?.gain ?? -.infinity) { best = (truth, gain) }
        }
        return best
    }
}
