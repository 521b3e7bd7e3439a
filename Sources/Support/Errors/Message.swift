/// A setting or command that a message points to, for a program to name in its own way.
public enum Control: Sendable, Hashable {
    /// A setting, such as "mask", and the value that it is to have, if it is to have a certain one.
    case setting(String, String? = nil)
    /// Something that a program tells when it is asked, such as "methods".
    case command(String)
}

/// A line for users that may point to settings: in plain words, or as a program calls them.
///
/// A command line calls the source prompt `--source`, a window has a field for it. So messages are written with an
/// interpolation `\(control, plain: "the source prompt")`, and `text(_:)` puts in what the program says instead.
public struct Message: Sendable, Hashable, CustomStringConvertible {
    fileprivate enum Part: Sendable, Hashable {
        case words(String)
        case control(Control, before: String, after: String, plain: String)
    }

    /// Never two of words in a row, nor words that are empty: equal messages have equal parts.
    private var parts: [Part] = []

    /// A message that points to no setting.
    public init(_ text: String) { append(.words(text)) }

    fileprivate mutating func append(_ part: Part) {
        switch (parts.last, part) {
        case (_, .words("")): break
        case (.words(let former), .words(let words)): parts[parts.count - 1] = .words(former + words)
        default: parts.append(part)
        }
    }

    /// In plain words.
    public var description: String { text(.plain) }

    /// With settings called as a program calls them.
    public func text(_ naming: Naming) -> String {
        parts.map { part in
            switch part {
            case .words(let words): words
            case .control(let control, let before, let after, let plain):
                naming.name(control).map { before + $0 + after } ?? plain
            }
        }.joined()
    }

    /// One message after another.
    public static func + (left: Message, right: Message) -> Message {
        var sum = left
        right.parts.forEach { sum.append($0) }
        return sum
    }
}

extension Message: ExpressibleByStringInterpolation {
    /// What collects the parts of a message that is written as a text.
    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var message = Message("")

        /// Nothing yet.
        public init(literalCapacity: Int, interpolationCount: Int) {}

        /// Words as they are.
        public mutating func appendLiteral(_ literal: String) { message.append(.words(literal)) }

        /// A value as it describes itself.
        public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
            message.append(.words("\(value)"))
        }

        /// Another message with its settings.
        public mutating func appendInterpolation(_ other: Message) { message = message + other }

        /// A setting or command.
        /// - Parameters:
        ///   - before: what stands before the program's name for it.
        ///   - after: what follows that name.
        ///   - plain: what stands there where no program names it.
        public mutating func appendInterpolation(
            _ control: Control, before: String = "", after: String = "", plain: String
        ) {
            message.append(.control(control, before: before, after: after, plain: plain))
        }
    }

    /// A message of plain words.
    public init(stringLiteral value: String) { self.init(value) }

    /// A message of words, values and settings.
    public init(stringInterpolation: StringInterpolation) { self = stringInterpolation.message }
}

extension [Message] {
    /// All of them with the same words between any two.
    public func joined(separator: String) -> Message {
        enumerated().reduce(Message("")) {
            $1.offset == 0 ? $1.element : $0 + Message(separator) + $1.element
        }
    }
}

/// How a program calls what messages point to.
public struct Naming: Sendable {
    /// The program's name for something; nil leaves it in plain words.
    public let name: @Sendable (Control) -> String?

    /// A program's way.
    public init(_ name: @escaping @Sendable (Control) -> String?) { self.name = name }

    /// Everything in plain words.
    public static let plain = Naming { _ in nil }

    /// What an error says: its message where it is a `UserError`, else its description.
    public func text(of error: any Error) -> String {
        (error as? any UserError)?.message.text(self) ?? "\(error)"
    }
}

extension CodingUserInfoKey {
    /// Where an encoder holds the `Naming` for what it writes; without one it writes plain words.
    public static let naming = CodingUserInfoKey(rawValue: "Pentimento.naming").unsafelyUnwrapped
}

extension Encoder {
    /// How what is written calls settings.
    package var naming: Naming { userInfo[.naming] as? Naming ?? .plain }
}
