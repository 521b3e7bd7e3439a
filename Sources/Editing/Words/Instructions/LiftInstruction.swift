import Foundation

/// What somebody wants moved in an image, read from one sentence of plain English.
///
/// The grammar is fixed and reading it needs no image and no network: `LiftInstruction("move the red apple to the left
/// by a quarter")`. Printing gives a sentence that reads as the same instruction.
public struct LiftInstruction: Sendable, Hashable {
    /// Which of several things of one name.
    public enum Place: String, Sendable, Hashable, CaseIterable { case left, right, middle, first, last }

    /// A thing that the source prompt names.
    public struct Thing: Sendable, Hashable {
        /// The words that tell it from others of its name.
        public var adjectives: [String]
        /// What it is.
        public var noun: String
        /// Which of several, where that is said.
        public var place: Place?

        /// A thing from its words.
        public init(_ noun: String, adjectives: [String] = [], place: Place? = nil) {
            (self.noun, self.adjectives, self.place) = (noun, adjectives, place)
        }

        /// A thing as it is called: "the left red apple".
        /// - Throws: `LiftError.noThing`.
        public init(named text: String) throws(LiftError) {
            guard let thing = LiftGrammar.thing(named: text) else { throw .noThing(text) }
            self = thing
        }
    }

    /// Where a move goes.
    public enum Direction: String, Sendable, Hashable, CaseIterable { case left, right, up, down }

    /// How far a move goes.
    public enum Distance: Sendable, Hashable {
        /// A share of the image's width, or of its height for up and down.
        case share(Double)
        /// Pixels of the user's image.
        case pixels(Double)
    }

    /// Left or right.
    public enum Side: String, Sendable, Hashable, CaseIterable { case left, right }

    /// A place in the frame.
    public enum Spot: Sendable, Hashable {
        /// The middle between left and right.
        case middle
        /// Near the frame.
        case edge(Side)
        /// The middle of a half.
        case half(Side)
    }

    /// One change.
    public enum Step: Sendable, Hashable {
        /// So far in a direction.
        case move(Thing, Direction, Distance)
        /// Beside another thing; on the nearer free side where none is said.
        case beside(Thing, Side?, Thing)
        /// To a place in the frame.
        case place(Thing, Spot)
        /// So many times as large.
        case scale(Thing, Double)
        /// Two things in each other's place.
        case swap(Thing, Thing)
        /// The mirror image, unless the thing faces that side already.
        case turn(Thing, Side)
        /// The mirror image.
        case mirror(Thing)
    }

    /// The changes, in their order.
    public var steps: [Step]

    /// An instruction of changes.
    public init(_ steps: [Step]) { self.steps = steps }

    /// Reads an instruction.
    /// - Throws: `LiftError` for what is not understood or cannot be done.
    public init(_ text: String) throws(LiftError) {
        steps = try LiftGrammar.steps(of: text)
    }

    /// Shares and factors are kept to a millionth, so that what is printed reads as the same number.
    static func rounded(_ value: Double) -> Double { (value * 1e6).rounded() / 1e6 }
    /// Factors that an object can be scaled by.
    static let factors = 0.2...3.0
}

extension LiftInstruction.Step {
    /// The things that are changed.
    public var things: [LiftInstruction.Thing] {
        switch self {
        case .move(let thing, _, _), .beside(let thing, _, _), .place(let thing, _), .scale(let thing, _),
            .turn(let thing, _), .mirror(let thing):
            [thing]
        case .swap(let one, let other): [one, other]
        }
    }

    /// The things that are named, changed or not.
    public var named: [LiftInstruction.Thing] {
        if case .beside(let thing, _, let other) = self { return [thing, other] }
        return things
    }
}

extension LiftInstruction.Thing: CustomStringConvertible {
    /// "the left red apple".
    public var description: String { "the " + words }
    /// "left red apple".
    var words: String { ([place?.rawValue].compactMap(\.self) + adjectives + [noun]).joined(separator: " ") }
    /// "red apple".
    var name: String { (adjectives + [noun]).joined(separator: " ") }
}

extension LiftInstruction: CustomStringConvertible {
    /// A sentence that reads as this instruction.
    public var description: String { steps.map(\.description).joined(separator: ", then ") }

    /// A number without a point where it has none to show.
    static func text(_ number: Double) -> String {
        let digits = rounded(number)
        return digits == digits.rounded() && abs(digits) < 1e15 ? String(Int(digits)) : "\(digits)"
    }
}

extension LiftInstruction.Step: CustomStringConvertible {
    /// A sentence that reads as this change.
    public var description: String {
        switch self {
        case .move(let thing, let direction, let distance):
            let way = ["up", "down"].contains(direction.rawValue) ? "" : "to the "
            return "move \(thing) \(way)\(direction.rawValue) by \(distance)"
        case .beside(let thing, nil, let other): return "put \(thing) next to \(other)"
        case .beside(let thing, let side?, let other):
            return "put \(thing) to the \(side.rawValue) of \(other)"
        case .place(let thing, .middle): return "put \(thing) in the middle"
        case .place(let thing, .edge(let side)): return "put \(thing) to the \(side.rawValue) edge"
        case .place(let thing, .half(let side)): return "put \(thing) to the \(side.rawValue) half"
        case .scale(let thing, let factor): return "scale \(thing) to \(LiftInstruction.text(factor * 100)) %"
        case .swap(let one, let other): return "swap \(one) and \(other)"
        case .turn(let thing, let side): return "turn \(thing) to the \(side.rawValue)"
        case .mirror(let thing): return "flip \(thing)"
        }
    }
}

extension LiftInstruction.Distance: CustomStringConvertible {
    /// "25 %" or "12 px".
    public var description: String {
        switch self {
        case .share(let share): LiftInstruction.text(share * 100) + " %"
        case .pixels(let count): LiftInstruction.text(count) + " px"
        }
    }
}
