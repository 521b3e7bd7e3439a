import Foundation
public import Support

/// Why an instruction cannot be followed; each message is one line that says what would do.
public enum LiftError: UserError, Hashable {
    /// The source prompt does not name the thing.
    case unknownThing(String, nearest: String?, known: [String])
    /// The source prompt names such a thing, but with other adjectives.
    case otherAdjectives(String, known: [String])
    /// Several things of the source prompt fit.
    case severalFit(String, count: Int)
    /// A word that stands for a name.
    case pronoun(String)
    /// A relation in depth, or of support.
    case depth(String)
    /// One thing named twice in a swap.
    case swapWithItself
    /// One thing named twice in a relation.
    case besideItself
    /// The image does not seem to show the thing.
    case notSeen(String, evidence: Double)
    /// What was found is nothing, or most of the image.
    case ground(String)
    /// Fewer parts were found than things are named.
    case fewerParts(String, found: Int, wanted: Int)
    /// Too much of the thing would leave the frame.
    case leavesFrame(what: String, lost: Double, remedy: String)
    /// A factor out of range.
    case badFactor(thing: String, factor: Double)
    /// The result would be smaller than the model's cells can show.
    case tooSmall(String, least: Double)
    /// No name of a thing.
    case noThing(String)
    /// No sentence of the grammar.
    case notUnderstood(String)

    /// The least evidence with which a thing counts as shown.
    public static let leastEvidence = 0.05

    /// What an image shows is input; all else is what was asked for.
    public var kind: UserErrorKind {
        switch self {
        case .notSeen, .ground, .fewerParts: .badInput
        default: .request
        }
    }

    /// One line: what is wrong and what would do.
    public var description: String { "\(message)" }

    /// The same with the settings that it points to.
    public var message: Message {
        switch self {
        case .unknownThing(let noun, let nearest?, _):
            "“\(noun)” is not in the source prompt (nearest: \(nearest))"
        case .unknownThing(let noun, nil, let known):
            "“\(noun)” is not in the source prompt"
                + Message(Self.list(known, before: " (it has: ", after: ")"))
        case .otherAdjectives(let name, let known):
            "no “\(name)” in the source prompt; it has: \(known.joined(separator: ", "))"
        case .severalFit(let noun, let count):
            "“\(noun)” could be any of \(count); say the left one, the right one, or its colour"
        case .pronoun(let word): "“\(word)” names no object; use a word of the source prompt"
        case .depth(let relation):
            "“\(relation)” is about depth or support, which this method cannot do; say left, right, up or down"
        case .swapWithItself: "an object cannot be swapped with itself"
        case .besideItself: "an object cannot be put beside itself"
        case .notSeen(let noun, let evidence):
            "the picture does not seem to show a “\(noun)” (evidence \(Self.signed(evidence)); "
                + "\(Self.number(Self.leastEvidence)) is needed): check "
                + "\(.setting("source"), plain: "the source prompt"), or "
                + "\(Setting.option("force").control("true"), plain: "option force=true")"
        case .ground(let noun): "“\(noun)” is the ground, not a thing to move"
        case .fewerParts(let noun, let found, let wanted):
            "\(found) “\(noun)” can be told apart here and \(wanted) are needed; mark the one that is meant with "
                + "\(.setting("mask"), plain: "a mask")"
        case .leavesFrame(let what, let lost, let remedy):
            "\(what) would take \(Self.percent(lost)) % of it out of the picture; \(remedy)"
        case .badFactor(let thing, let factor):
            "the \(thing) cannot be made \(LiftInstruction.text(factor)) times as large; "
                + "\(Self.number(LiftInstruction.factors.lowerBound)) to \(LiftInstruction.text(LiftInstruction.factors.upperBound)) times can be done"
        case .tooSmall(let thing, let least):
            "the \(thing) would be smaller than what the model can paint; at least "
                + "\(LiftInstruction.text((least * 100).rounded(.up))) % of its size can be done"
        case .noThing(let text):
            "“\(text)” is no name of a thing; write an article, adjectives and a noun: the blue mug"
        case .notUnderstood:
            "not understood; I know: move X to the left [by a quarter], put X to the right of Y, make X larger, "
                + "swap X and Y, turn X to the left, flip X"
        }
    }

    private static func list(_ words: [String], before: String, after: String) -> String {
        words.isEmpty ? "" : before + words.joined(separator: ", ") + after
    }

    private static func percent(_ share: Double) -> String { String(Int((share * 100).rounded())) }

    private static func number(_ value: Double) -> String { "\(value)" }

    /// Two digits, with a true minus sign.
    public static func signed(_ value: Double) -> String {
        let digits = String(format: "%.2f", abs(value))
        return value < 0 && digits != "0.00" ? "−" + digits : digits
    }
}
