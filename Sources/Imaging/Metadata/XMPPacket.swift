import Foundation

/// An XMP packet (ISO 16684-1): XML in which programs say what and whose an image is, and how it was made.
///
/// Read with a small scanner that knows tags and nothing else of XML; what does not add up is no packet.
struct XMPPacket: Hashable, Sendable {
    let text: String

    /// - Parameter bytes: UTF-8, as XMP in files has to be.
    init?(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes.filter { $0 != 0 }, as: UTF8.self),
            text.contains("rdf:RDF"),
            Self.pieces(of: text) != nil
        else { return nil }
        self.text = text
    }

    private init(text: String) { self.text = text }

    private enum Space {
        static let exif = "http://ns.adobe.com/exif/1.0/"
        static let tiff = "http://ns.adobe.com/tiff/1.0/"
        static let xmp = "http://ns.adobe.com/xap/1.0/"
        static let photoshop = "http://ns.adobe.com/photoshop/1.0/"
        static let note = "http://ns.adobe.com/xmp/note/"
        static let core = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
        static let extended = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
        static let dublinCore = "http://purl.org/dc/elements/1.1/"
        /// Second images, depths and films behind the image, which an edit has no more.
        static let companions = [
            "http://ns.google.com/photos/1.0/", "http://ns.adobe.com/hdr-gain-map/1.0/",
            "http://ns.apple.com/HDRGainMap/1.0/",
        ]
    }

    /// Whether the packet tells of a map that makes the image one of high dynamic range.
    var hasGainMap: Bool { mentions { space, _ in Space.companions[1...].contains(where: space.hasPrefix) } }

    /// Whether it says where the image was taken.
    var hasLocation: Bool { mentions(Self.isLocation) }

    private func mentions(_ property: (_ space: String, _ name: String) -> Bool) -> Bool {
        var found = false
        _ = rewritten { space, name in
            found = found || property(space, name)
            return true
        }
        return found
    }

    /// The packet without what is true of the old pixels only, and without the place unless it is kept.
    func cleaned(keepingLocation: Bool) -> XMPPacket? {
        rewritten { space, name in
            if !keepingLocation, Self.isLocation(space, name) { return false }
            if Space.companions.contains(where: space.hasPrefix) { return false }
            switch space {
            // The image stands upright and its size is known; a comment here tells how it was generated.
            case Space.tiff: return !["Orientation", "ImageWidth", "ImageLength"].contains(name)
            case Space.exif:
                return !["PixelXDimension", "PixelYDimension", "UserComment", "MakerNote"].contains(name)
            case Space.xmp: return name != "Thumbnails"
            case Space.note: return name != "HasExtendedXMP"
            default: return true
            }
        }.map { XMPPacket(text: $0) }
    }

    private static func isLocation(_ space: String, _ name: String) -> Bool {
        switch space {
        case Space.exif: name.hasPrefix("GPS")
        case Space.photoshop: ["City", "State", "Country"].contains(name)
        case Space.core: ["Location", "CountryCode"].contains(name)
        case Space.extended: name.hasPrefix("Location")
        default: false
        }
    }

    /// The plain texts of a few properties: what other programs say of how the image was made.
    var texts: [String: String] {
        var texts: [String: String] = [:]
        let wanted = [
            (Space.exif, "UserComment", ImageMetadata.parametersKey),
            (Space.xmp, "CreatorTool", "creator tool"),
            (Space.extended, "DigitalSourceType", "digital source type"),
        ]
        for (space, name, key) in wanted {
            if let value = value(of: name, in: space), !value.isEmpty { texts[key] = value }
        }
        return texts
    }

    /// A packet with a caption's texts from IPTC where a packet, if there is one, does not have them.
    static func holding(_ caption: IPTC, beside packet: XMPPacket?) -> XMPPacket? {
        var lines = ""
        for (dataset, space, name, container) in [
            (5, Space.dublinCore, "title", "Alt"), (25, Space.dublinCore, "subject", "Bag"),
            (80, Space.dublinCore, "creator", "Seq"), (116, Space.dublinCore, "rights", "Alt"),
            (120, Space.dublinCore, "description", "Alt"), (40, Space.photoshop, "Instructions", ""),
            (85, Space.photoshop, "AuthorsPosition", ""), (105, Space.photoshop, "Headline", ""),
            (110, Space.photoshop, "Credit", ""), (115, Space.photoshop, "Source", ""),
            (90, Space.photoshop, "City", ""), (95, Space.photoshop, "State", ""),
            (101, Space.photoshop, "Country", ""),
        ] {
            let texts = caption.texts(dataset).map(escaped)
            guard let first = texts.first, packet?.value(of: name, in: space) == nil else { continue }
            let prefix = space == Space.dublinCore ? "dc" : "photoshop"
            let language = container == "Alt" ? " xml:lang=\"x-default\"" : ""
            let items = texts.map { "<rdf:li\(language)>\($0)</rdf:li>" }.joined()
            let value = container.isEmpty ? first : "<rdf:\(container)>\(items)</rdf:\(container)>"
            lines += "<\(prefix):\(name)>\(value)</\(prefix):\(name)>"
        }
        if lines.isEmpty { return packet }
        let block =
            "<rdf:Description rdf:about=\"\" xmlns:dc=\"\(Space.dublinCore)\" xmlns:photoshop=\"\(Space.photoshop)\">"
            + lines + "</rdf:Description>"
        if let packet, let end = packet.text.range(of: "</rdf:RDF>") {
            return XMPPacket(
                text: packet.text[..<end.lowerBound] + block + packet.text[end.lowerBound...])
        }
        return XMPPacket(
            text: "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"
                + "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
                + block + "</rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>")
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { $0 += ["&": "&amp;", "<": "&lt;", ">": "&gt;"][$1] ?? String($1) }
    }

    private static func unescaped(_ text: Substring) -> String {
        var result = String(text)
        for (code, character) in [
            ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#xA;", "\n"), ("&#10;", "\n"),
            ("&amp;", "&"),
        ] where result.contains(code) {
            result = result.split(separator: code, omittingEmptySubsequences: false).joined(
                separator: character)
        }
        return result
    }

    /// The value of a property, whether it is written as an attribute, as text, or as a list's first item.
    private func value(of name: String, in space: String) -> String? {
        var spaces: [Substring: Substring] = [:]
        var isInside = false
        var words = ""
        for piece in Self.pieces(of: text) ?? [] {
            if case .text(let text) = piece {
                if isInside { words += Self.unescaped(text) }
                continue
            }
            guard case .tag(let tag) = piece else { continue }
            tag.declare(&spaces)
            let isThis = tag.space(in: spaces) == space && tag.localName == name
            if isInside {
                words = String(words.drop(while: \.isWhitespace))
                // The first item is enough, and so is the end.
                if !words.isEmpty || (tag.isClosing && isThis) { return words.isEmpty ? nil : words }
            }
            if isThis, !tag.isClosing, !tag.isEmpty { isInside = true }
            for attribute in tag.attributes
            where Tag.localName(attribute.name) == name
                && spaces[Tag.prefix(attribute.name)].map(String.init) == space
            {
                return Self.unescaped(attribute.value)
            }
        }
        return nil
    }

    /// The text with only those elements and attributes that are kept; nil where tags do not pair.
    private func rewritten(keeping: (_ space: String, _ name: String) -> Bool) -> String? {
        guard let pieces = Self.pieces(of: text) else { return nil }
        var result = ""
        var spaces: [Substring: Substring] = [:]
        /// Elements that are open, and from which depth on nothing is kept.
        var depth = 0
        var droppedFrom: Int?
        for piece in pieces {
            guard case .tag(let tag) = piece else {
                if droppedFrom == nil, case .text(let text) = piece { result += text }
                continue
            }
            tag.declare(&spaces)
            if tag.isClosing {
                depth -= 1
                if depth < 0 { return nil }
                if droppedFrom == nil { result += tag.whole }
                if droppedFrom == depth { droppedFrom = nil }
                continue
            }
            if droppedFrom == nil {
                if !keeping(tag.space(in: spaces), String(tag.localName)) {
                    if !tag.isEmpty { droppedFrom = depth }
                } else {
                    let gone = tag.attributes.filter { attribute in
                        guard let space = spaces[Tag.prefix(attribute.name)] else { return false }
                        return !keeping(String(space), String(Tag.localName(attribute.name)))
                    }
                    var rest = tag.whole.startIndex
                    for attribute in gone {
                        result += tag.whole[rest..<attribute.range.lowerBound]
                        rest = attribute.range.upperBound
                    }
                    result += tag.whole[rest...]
                }
            }
            if !tag.isEmpty { depth += 1 }
        }
        return depth == 0 ? result : nil
    }
}
