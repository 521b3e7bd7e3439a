public import Editing
import Foundation

/// Says which method suits an edit, by what a study measured.
public struct Adviser: Sendable, Hashable, Codable {
    /// What was measured of one kind of edit.
    public struct Kind: Sendable, Hashable, Codable {
        /// Edits of the kind.
        public var count: Int
        /// Median gains by the methods' names: 1 is the true edit, 0 is doing nothing.
        public var gains: [String: Double]
    }

    /// What was measured of a method over all edits.
    public struct Method: Sendable, Hashable, Codable {
        /// Mean PSNR outside of what the true edit changes, in dB.
        public var outside: Double
        /// The median of seconds.
        public var seconds: Double
    }

    /// What was measured, in words.
    public var study: String
    /// By the names of kinds.
    public var kinds: [String: Kind]
    /// By the methods' names.
    public var methods: [String: Method]

    /// Reads what `make study` left.
    /// - Returns: nil where the file is not there or cannot be read.
    public init?(contentsOf path: String) {
        guard let data = FileManager.default.contents(atPath: path),
            let read = try? JSONDecoder().decode(Adviser.self, from: data)
        else { return nil }
        self = read
    }
}

/// A method that suits an edit, and why.
public struct EditAdvice: Sendable, Hashable, Encodable {
    /// What kind of edit it was taken for; nil where that cannot be told.
    public var kind: EditKind?
    /// The method.
    public var method: String
    /// Which defaults to take.
    public var preset: Preset
    /// Why, in a sentence or two.
    public var because: String
    /// The method's median gain on such edits; nil where nothing was measured.
    public var gain: Double?
    /// How many edits that rests on.
    public var count: Int?
    /// What it keeps outside of the edit, in dB, over all kinds.
    public var outside: Double?
    /// Its seconds on the study's machine and model.
    public var seconds: Double?
    /// The next best method.
    public var second: String?
    /// What to do first, where no method does such edits well.
    public var warning: String?
}

extension Adviser {
    /// Gains below this are none: an edit that hardly shows.
    static let least = 0.1

    /// Advice for an edit.
    /// - Parameters:
    ///   - hasMask: whether what may change is known.
    ///   - followsInstructions: whether the model was trained to follow them.
    public func advice(
        from source: String?, to target: String, hasMask: Bool = false, hasRegions: Bool = false,
        followsInstructions: Bool = false
    ) -> EditAdvice {
        let kind = EditKind(from: source, to: target, hasRegions: hasRegions)
        switch kind {
        case .regions?:
            return plain(
                kind, "multidiffusion", "it is the one that paints places by texts of their own")
        case .instruction? where followsInstructions:
            return plain(kind, "instruct-pix2pix", "the text is a command, and the model follows commands")
        case .instruction?, nil:
            var advice = plain(kind, Registry.standard, "nothing better can be told from these texts")
            advice.warning = "say what the picture shows (--source) and what it is to show (--prompt)"
            return advice
        case .remove? where hasMask:
            return measured(.remove, first: "inpaint", "something goes, and the mask says where")
        case let kind?: return measured(kind, first: nil, kind.sentence)
        }
    }

    private func plain(_ kind: EditKind?, _ method: String, _ because: String) -> EditAdvice {
        let own = methods[method]
        return EditAdvice(
            kind: kind, method: method, preset: .paper, because: because, outside: own?.outside,
            seconds: own?.seconds)
    }

    /// The method with the highest gain on such edits, or one that is taken first.
    private func measured(_ kind: EditKind, first: String?, _ because: String) -> EditAdvice {
        let known = kinds[kind.rawValue]
        let ordered = (known?.gains ?? [:]).filter { (try? Registry.method(named: $0.key)) != nil }
            .sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
        guard let best = first ?? ordered.first else {
            return plain(kind, Registry.standard, because + "; nothing was measured of such edits")
        }
        var advice = plain(kind, best, because)
        advice.gain = known?.gains[best]
        advice.count = known?.count
        advice.second = ordered.first { $0 != best }
        if let gain = advice.gain, gain < Self.least {
            advice.warning = "no method does such edits reliably on our pictures (best median gain \(gain))"
        }
        return advice
    }
}

extension EditKind {
    /// What the words say, for the user.
    var sentence: String {
        switch self {
        case .replace: "one thing becomes another, and the rest is to stay"
        case .add: "something comes, and the rest is to stay"
        case .remove: "something goes, and the rest is to stay"
        case .colour: "only a colour changes"
        case .surface: "only a surface changes"
        case .state: "what was done to a thing changes"
        case .move: "a thing is to be elsewhere or of another size"
        case .turn: "a thing is to face another way"
        case .table: "what things stand on changes, around all of them"
        case .wall: "what is behind things changes, around all of them"
        case .style: "the whole picture's style changes"
        case .several: "several things change at once"
        case .instruction: "the text is a command"
        case .regions: "places have texts of their own"
        }
    }
}
