package import Diffusion
package import Editing
package import Support
package import Vault

/// What a client asks for: the one request of the command line, with names of pictures in place of pixels.
package struct JobRequest: Sendable, Equatable {
    /// What is to be made.
    package enum Kind: String, Sendable, CaseIterable { case edit, mask, generate }

    /// Whether it may wait for others.
    package enum Priority: String, Sendable, CaseIterable { case now, later }

    /// What may change.
    package struct MaskChoice: Sendable, Equatable {
        /// The picture that says it, white where the photo may change.
        package var picture: String?
        /// Words for it, in place of a picture.
        package var words: String?
        /// Whether black and white are exchanged.
        package var invert = false
        /// By how many of its pixels it grows.
        package var grow = 0
        /// The Gaussian that softens it, in its pixels.
        package var blur = 0.0
    }

    /// A part of the picture with a prompt of its own.
    package struct RegionChoice: Sendable, Equatable {
        /// The shares of the picture's sides that it takes, as x, y, width, height.
        package var box: [Double]?
        /// The picture that is white where it lies, in place of a box.
        package var mask: String?
        /// What it should show.
        package var prompt: String
        /// What guidance leads away from there.
        package var negative: String?
    }

    /// What is to be made.
    package var kind = Kind.edit
    /// The model's name; chosen by the words where nil.
    package var model: String?
    /// The photo; nil where nothing is edited.
    package var picture: String?
    /// What may change; the method finds it where nil.
    package var mask: MaskChoice?
    /// Parts with prompts of their own.
    package var regions: [RegionChoice] = []
    /// Prompts, method and everything else but pixels.
    package var settings = EditSettings(prompt: "")
    /// The method's options as they were given.
    package var options: [String: JSONValue] = [:]
    /// Sentences that options of methods take, by the option's name.
    package var sentences: [String: [String]] = [:]
    /// Whether a seed was given; it is drawn otherwise.
    package var hasSeed = false
    /// Pixels in a row of a generated picture.
    package var width: Int?
    /// Rows of a generated picture.
    package var height: Int?
    /// Share of fresh noise in each step of a generated picture.
    package var eta = 0.0
    /// How often it is shown as it is painted; never where nil.
    package var previews: PreviewSettings?
    /// Whether it may wait for others.
    package var priority = Priority.now
    /// What its owner calls it.
    package var label: String?

    /// All pictures that it needs.
    package var needs: [NeededPicture] {
        var needs: [NeededPicture] = []
        if let picture { needs.append(NeededPicture(picture, as: "photo")) }
        if let picture = mask?.picture { needs.append(NeededPicture(picture, as: "mask")) }
        needs += regions.compactMap { $0.mask.map { NeededPicture($0, as: "mask") } }
        return needs
    }

    /// The most regions.
    static let mostRegions = 64
    /// The most options.
    static let mostOptions = 500
}

extension JobRequest {
    /// Reads a request.
    /// - Throws: `Problem` for what is of another kind, out of range or unknown.
    package init(_ value: JSONValue) throws {
        var reader = try WireReader(value)
        kind = try reader.choice("kind") ?? .edit
        model = try reader.text("model", most: 200)
        picture = try reader.picture("picture")
        if var part = try reader.object("mask") { mask = try MaskChoice(&part) }
        for (index, entry) in (try reader.list("regions", most: Self.mostRegions) ?? []).enumerated() {
            var part = try WireReader(entry, at: "regions.\(index)")
            regions.append(try RegionChoice(&part, at: "regions.\(index)"))
        }
        try readSettings(&reader)
        if let seed = try reader.seed("seed") { (settings.seed, hasSeed) = (seed, true) }
        width = try reader.whole("width", in: Limits.side)
        height = try reader.whole("height", in: Limits.side)
        eta = try reader.number("eta") ?? 0
        guard (0...1).contains(eta) else {
            throw Problem(
                "bad-value", 422, "eta is \(eta); it must be a number from 0 to 1", field: "eta",
                expected: "a number from 0 to 1")
        }
        priority = try reader.choice("priority") ?? .now
        label = try reader.text("label", most: 200)
        if var part = try reader.object("previews") {
            let every = try part.number("every") ?? PreviewSettings().interval
            try part.finish()
            guard (0.1...60).contains(every) else {
                throw Problem(
                    "bad-value", 422, "previews.every is \(every); it must be a number from 0.1 to 60",
                    field: "previews.every", expected: "a number from 0.1 to 60")
            }
            previews = PreviewSettings(interval: every)
        }
        try reader.finish()
        if kind != .generate, picture == nil {
            throw Problem(
                "missing", 422, "a request of kind \(kind.rawValue) needs a picture", field: "picture")
        }
        if kind == .generate, picture != nil || mask != nil {
            throw Problem(
                "bad-value", 422, "a request of kind generate takes no picture and no mask", field: "picture")
        }
    }

    private mutating func readSettings(_ reader: inout WireReader) throws {
        settings.prompt = try reader.text("prompt") ?? ""
        settings.source = try reader.text("source")
        settings.negative = try reader.text("negative")
        settings.method = try reader.text("method", most: 200) ?? Registry.standard
        settings.preset = try reader.choice("preset")
        settings.steps = try reader.whole("steps", in: Int.min...Int.max)
        settings.guidance = try reader.number("guidance")
        settings.strength = try reader.number("strength")
        settings.offset = try reader.whole("stepsOffset", in: 0...1000)
        settings.inversion = try reader.text("inversion", most: 200).map { try InversionKind.named($0) }
        settings.inversionOptions = try reader.members("inversionOptions", most: Self.mostOptions)
            .mapValues(\.optionText)
        settings.paste = try reader.choice("paste") ?? .auto
        settings.feather = try reader.number("feather")
        settings.workingSide = try reader.whole("workingSide", in: Limits.side)
        settings.measuresInversion = try reader.flag("measure") ?? false
        if var part = try reader.object("focus") {
            settings.focus = try part.number("margin") ?? 0.25
            try part.finish()
        }
        options = try reader.members("options", most: Self.mostOptions)
        let files = try Registry.method(named: settings.method).files
        for (name, value) in options {
            guard files[name] == .sentences || files[name] == .mask else {
                settings.options[name] = value.optionText
                continue
            }
            sentences[name] = try Self.sentences(value, of: name, kind: files[name])
            settings.options[name] = "sentences"
        }
    }

    /// The sentences of an option that names a file on a command line; over HTTP no path is ever opened.
    private static func sentences(
        _ value: JSONValue, of name: String, kind: OptionFile.Kind?
    ) throws(Problem) -> [String] {
        let field = "options.\(name)"
        guard kind == .sentences else {
            throw Problem("bad-value", 422, "\(field) names a file, which no request may", field: field)
        }
        let sentences = (value.list ?? []).compactMap(\.text).filter { $0.contains { !$0.isWhitespace } }
        guard let list = value.list, list.count == sentences.count, (1...10_000).contains(list.count) else {
            throw Problem(
                "bad-value", 422, "\(field) must be a list of sentences; names of files are not taken",
                field: field, expected: "a list of texts")
        }
        return sentences
    }
}

extension JobRequest.MaskChoice {
    init(_ reader: inout WireReader) throws {
        picture = try reader.picture("picture")
        words = try reader.text("words", most: 400)
        invert = try reader.flag("invert") ?? false
        grow = try reader.whole("grow", in: -4096...4096) ?? 0
        blur = try reader.number("blur") ?? 0
        try reader.finish()
        guard (0...1000).contains(blur) else {
            throw Problem(
                "bad-value", 422, "mask.blur is \(blur); it must be a number from 0 to 1000",
                field: "mask.blur",
                expected: "a number from 0 to 1000")
        }
        guard (picture == nil) != (words == nil) else {
            throw Problem(
                "missing", 422, "mask needs a picture or words, and not both", field: "mask.picture")
        }
    }
}

extension JobRequest.RegionChoice {
    init(_ reader: inout WireReader, at place: String) throws {
        mask = try reader.picture("mask")
        prompt = try reader.text("prompt") ?? ""
        negative = try reader.text("negative")
        if let list = try reader.list("box", most: 4) {
            let numbers = list.compactMap(\.number)
            guard numbers.count == 4, list.count == 4 else {
                throw Problem(
                    "bad-value", 422, "\(place).box must be four numbers: x, y, width, height, in shares",
                    field: "\(place).box", expected: "four numbers from 0 to 1")
            }
            box = numbers
        }
        try reader.finish()
        guard (box == nil) != (mask == nil) else {
            throw Problem(
                "missing", 422, "\(place) needs a box or a mask, and not both", field: "\(place).box")
        }
    }
}

extension WireReader {
    /// The name of a picture.
    mutating func picture(_ name: String) throws(Problem) -> String? {
        guard let text = try text(name, most: 200) else { return nil }
        guard Identifiers.isPicture(text) else {
            throw Problem(
                "bad-value", 422, "\(name) is no name of a picture; upload one and use its id", field: name,
                expected: "64 hexadecimal digits")
        }
        return text
    }
}

extension JSONValue {
    /// The value of an option as it is written on a command line.
    var optionText: String {
        switch self {
        case .number(let number): OptionValue.number(number).description
        case .text(let text): text
        default: "\(self)"
        }
    }
}
