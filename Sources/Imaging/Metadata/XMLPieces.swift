import Foundation

extension XMPPacket {
    /// What a packet is made of, in order.
    enum Piece {
        /// Texts, comments and instructions, as they are.
        case text(Substring)
        case tag(Tag)
    }

    /// A tag and its attributes.
    struct Tag {
        let whole: Substring
        let name: Substring
        let attributes: [(name: Substring, value: Substring, range: Range<String.Index>)]
        let isClosing: Bool
        /// `<x/>`.
        let isEmpty: Bool

        var localName: Substring { Self.localName(name) }

        static func prefix(_ name: Substring) -> Substring {
            name.firstIndex(of: ":").map { name[..<$0] } ?? ""
        }

        static func localName(_ name: Substring) -> Substring {
            name.firstIndex(of: ":").map { name[name.index(after: $0)...] } ?? name
        }

        /// The name space that the tag belongs to.
        func space(in spaces: [Substring: Substring]) -> String { String(spaces[Self.prefix(name)] ?? "") }

        /// Adds the name spaces that the tag declares.
        func declare(_ spaces: inout [Substring: Substring]) {
            for attribute in attributes where Self.prefix(attribute.name) == "xmlns" {
                spaces[Self.localName(attribute.name)] = attribute.value
            }
        }

        /// - Parameter whole: from `<` to `>`.
        init?(_ whole: Substring) {
            self.whole = whole
            var place = whole.index(after: whole.startIndex)
            let end = whole.index(before: whole.endIndex)
            isClosing = whole[place] == "/"
            if isClosing { place = whole.index(after: place) }
            func word() -> Substring {
                let start = place
                while place < end, !whole[place].isWhitespace, whole[place] != "=", whole[place] != "/" {
                    place = whole.index(after: place)
                }
                return whole[start..<place]
            }
            func skipSpace() {
                while place < end, whole[place].isWhitespace { place = whole.index(after: place) }
            }
            name = word()
            var found: [(name: Substring, value: Substring, range: Range<String.Index>)] = []
            var isEmpty = false
            while true {
                let before = place
                skipSpace()
                if place >= end { break }
                if whole[place] == "/" {
                    isEmpty = true
                    break
                }
                let key = word()
                skipSpace()
                guard !key.isEmpty, place < end, whole[place] == "=" else { return nil }
                place = whole.index(after: place)
                skipSpace()
                guard place < end, whole[place] == "\"" || whole[place] == "'" else { return nil }
                let quote = whole[place]
                let start = whole.index(after: place)
                guard let close = whole[start..<end].firstIndex(of: quote) else { return nil }
                place = whole.index(after: close)
                found.append((key, whole[start..<close], before..<place))
            }
            guard !name.isEmpty else { return nil }
            attributes = found
            self.isEmpty = isEmpty
        }
    }

    /// Cuts a packet into tags and what lies between them; nil where a tag does not end or makes no sense.
    static func pieces(of text: String) -> [Piece]? {
        var pieces: [Piece] = []
        var rest = Substring(text)
        while let open = rest.firstIndex(of: "<") {
            if open > rest.startIndex { pieces.append(.text(rest[..<open])) }
            rest = rest[open...]
            let plain = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<!", ">")]
            if let (_, ending) = plain.first(where: { rest.hasPrefix($0.0) }) {
                guard let end = rest.range(of: ending) else { return nil }
                pieces.append(.text(rest[..<end.upperBound]))
                rest = rest[end.upperBound...]
                continue
            }
            // The closing bracket, past those in quotes.
            var quote: Character?
            var place = rest.startIndex
            while place < rest.endIndex {
                let character = rest[place]
                if let open = quote {
                    if character == open { quote = nil }
                } else if character == "\"" || character == "'" {
                    quote = character
                } else if character == ">" {
                    break
                }
                place = rest.index(after: place)
            }
            guard place < rest.endIndex, rest.distance(from: rest.startIndex, to: place) > 1 else {
                return nil
            }
            let end = rest.index(after: place)
            guard let tag = Tag(rest[..<end]) else { return nil }
            pieces.append(.tag(tag))
            rest = rest[end...]
        }
        if !rest.isEmpty { pieces.append(.text(rest)) }
        return pieces
    }
}
