import Support
import Workshop

/// Takes multipart/form-data apart as it comes, and holds no more of it than a line.
struct MultipartReader {
    /// What a piece of the body brings.
    enum Event: Equatable {
        /// A part begins.
        case part(name: String, fileName: String?)
        /// Bytes of the part.
        case data(ArraySlice<UInt8>)
        /// The part is whole.
        case partEnd
    }

    /// The most parts.
    static let mostParts = 64
    /// The most bytes of a part's head.
    static let mostHead = 8 << 10

    private enum State { case preamble, head, data, done }
    private let delimiter: [UInt8]
    private var state = State.preamble
    private var buffer: [UInt8] = []
    private var parts = 0

    /// Whether the last boundary came.
    var isDone: Bool { state == .done }

    /// A reader for a content type.
    /// - Throws: `Problem` where it names no boundary, or one that is too long.
    init(contentType: String) throws(Problem) {
        guard let boundary = Self.parameter("boundary", of: contentType),
            (1...70).contains(boundary.utf8.count)
        else {
            throw Problem("malformed", 400, "multipart/form-data must name a boundary of 1 to 70 characters")
        }
        delimiter = Array("\r\n--\(boundary)".utf8)
        // The first boundary may stand at the very beginning.
        buffer = [13, 10]
    }

    /// Takes the next piece.
    /// - Throws: `Problem` for what is no multipart, or too much of it.
    mutating func read(_ bytes: some Sequence<UInt8>) throws(Problem) -> [Event] {
        buffer.append(contentsOf: bytes)
        var events: [Event] = []
        var place = 0
        loop: while true {
            switch state {
            case .preamble, .data:
                let isPart = state == .data
                guard let found = Self.find(delimiter, in: buffer, from: place) else {
                    let kept = max(buffer.count - delimiter.count + 1, place)
                    if isPart, kept > place { events.append(.data(buffer[place..<kept])) }
                    place = kept
                    break loop
                }
                // What follows a boundary says whether it is the last.
                guard found + delimiter.count + 2 <= buffer.count else {
                    if isPart, found > place { events.append(.data(buffer[place..<found])) }
                    place = found
                    break loop
                }
                if isPart {
                    if found > place { events.append(.data(buffer[place..<found])) }
                    events.append(.partEnd)
                }
                let tail = buffer[(found + delimiter.count)...].prefix(2)
                place = found + delimiter.count + 2
                if tail.elementsEqual([45, 45]) {
                    state = .done
                } else if tail.elementsEqual([13, 10]) {
                    state = .head
                } else {
                    throw Problem(
                        "malformed", 400, "a boundary of the multipart body is not followed by a line end")
                }
            case .head:
                guard let end = Self.find([13, 10, 13, 10], in: buffer, from: place) else {
                    guard buffer.count - place <= Self.mostHead else {
                        throw Problem(
                            "malformed", 400, "the head of a part has more than \(Self.mostHead) bytes")
                    }
                    break loop
                }
                events.append(try part(String(decoding: buffer[place..<end], as: UTF8.self)))
                place = end + 4
                state = .data
            case .done: break loop
            }
        }
        buffer.removeFirst(place)
        if state == .done { buffer = [] }
        return events
    }

    private mutating func part(_ head: String) throws(Problem) -> Event {
        parts += 1
        guard parts <= Self.mostParts else {
            throw Problem("too-large", 413, "a multipart body may have \(Self.mostParts) parts")
        }
        var name: String?
        var fileName: String?
        for line in head.split(separator: "\r\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = String(line[line.index(after: colon)...])
            switch line[..<colon].lowercased() {
            case "content-disposition":
                name = Self.parameter("name", of: value)
                fileName = Self.parameter("filename", of: value)
            case "content-type" where value.lowercased().contains("multipart/"):
                throw Problem("unsupported", 415, "a part must not be multipart itself")
            default: break
            }
        }
        guard let name else { throw Problem("malformed", 400, "a part of the multipart body has no name") }
        return .part(name: name, fileName: fileName)
    }

    /// A parameter of a header field, in quotes or not.
    private static func parameter(_ name: String, of field: String) -> String? {
        var rest = field[...]
        while let semicolon = rest.firstIndex(of: ";") {
            rest = rest[rest.index(after: semicolon)...].drop { $0 == " " }
            guard rest.lowercased().hasPrefix(name + "=") else { continue }
            let value = rest.dropFirst(name.count + 1)
            guard value.first == "\"" else { return String(value.prefix { $0 != ";" && $0 != " " }) }
            var text = ""
            var isEscaped = false
            for character in value.dropFirst() {
                if isEscaped || (character != "\\" && character != "\"") {
                    text.append(character)
                    isEscaped = false
                } else if character == "\\" {
                    isEscaped = true
                } else {
                    return text
                }
            }
            return nil
        }
        return nil
    }

    /// Where some bytes stand for the first time.
    private static func find(_ wanted: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard bytes.count - start >= wanted.count else { return nil }
        return bytes.withUnsafeBufferPointer { bytes in
            for place in start...(bytes.count - wanted.count) where bytes[place] == wanted[0] {
                var index = 1
                while index < wanted.count, bytes[place + index] == wanted[index] { index += 1 }
                if index == wanted.count { return place }
            }
            return nil
        }
    }
}
