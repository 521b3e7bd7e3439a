import Foundation
package import Support

/// A text from an image's metadata: JSON where it is a JSON object or list, else itself.
package struct MetadataText: Encodable {
    /// What the text holds.
    package let value: JSONValue

    /// A value that was read already.
    package init(_ value: JSONValue) { self.value = value }

    /// Reads a text.
    package init(_ text: String) {
        let begin = text.first { !$0.isWhitespace }
        if begin == "{" || begin == "[",
            let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        {
            self.value = value
        } else {
            value = .text(text)
        }
    }

    /// Writes the value as it is.
    package func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}

extension JSONValue {
    /// The value for people: `key: value` a line, what is nested indented below its key.
    package var lines: String { written.joined(separator: "\n") }

    private var written: [String] {
        switch self {
        case .object(let object):
            object.sorted { $0.key < $1.key }.flatMap { $0.value.written(under: "\($0.key):") }
        case .list(let list): list.flatMap { $0.written(under: "-") }
        default: short.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        }
    }

    /// The value behind its key where it is one line, else below it.
    private func written(under key: String) -> [String] {
        if let line { return ["\(key) \(line)"] }
        return [key] + written.map { "  " + $0 }
    }

    /// Values that are read best on one line: plain ones without line breaks, and short lists of them.
    private var line: String? {
        switch self {
        case .object(let object): return object.isEmpty ? "none" : nil
        case .list(let list):
            let texts = list.map { value -> String? in
                switch value {
                case .object, .list: nil
                default: value.line
                }
            }
            guard list.isEmpty || texts.allSatisfy({ $0.map { $0.count <= 24 } ?? false }), list.count <= 16
            else {
                return nil
            }
            return list.isEmpty ? "none" : texts.compactMap(\.self).joined(separator: ", ")
        default: return short.contains("\n") ? nil : short
        }
    }

    private var short: String {
        switch self {
        case .null: return "none"
        case .flag(let flag): return flag ? "yes" : "no"
        case .text(let text): return text
        default: return (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
    }
}
