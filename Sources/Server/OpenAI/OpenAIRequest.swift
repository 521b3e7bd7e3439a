import Diffusion
import Editing
import Foundation
import Imaging
import Support
import Vault
import Workshop

/// What a client of OpenAI's services asks for, as far as it is not a request of our own.
struct OpenAIRequest: Sendable {
    /// How images are sent.
    enum Form: String, CaseIterable { case base64 = "b64_json", url }

    /// What is to be made, once for each seed.
    var job: JobRequest
    /// Whether the client named a seed.
    var isSeeded = false
    /// How many.
    var count = 1
    /// The box that images are fitted into; their own size where nil.
    var box: (width: Int, height: Int)?
    /// How images are sent.
    var form = Form.base64
    /// The kind of file.
    var format = ImageFormat.png
    /// 0 (small) to 100 (fine), where the kind has a quality.
    var quality: Int?
    /// Whether the answer comes as a stream of events.
    var streams = false
    /// How many previews a stream has.
    var partialImages = 0
    /// Whose turn it takes.
    var lane: String
    /// What was given and has no effect.
    var ignored: [String] = []

    /// Names of OpenAI's own models, which mean the usual one here.
    private static let theirModels = ["dall-e-", "gpt-image-", "chatgpt-image-"]
    /// Fields that change nothing here.
    private static let idle = ["quality", "background", "input_fidelity", "moderation", "style"]

    /// Reads the fields of a request.
    /// - Parameters:
    ///   - fields: texts and numbers by name, nested ones as objects.
    ///   - kind: what is to be made.
    ///   - photo: the picture to edit.
    ///   - mask: white where it may change.
    ///   - lane: whose turn it takes where the client names no user.
    init(
        _ fields: [String: JSONValue], kind: JobRequest.Kind, photo: String? = nil, mask: String? = nil,
        lane: String, models: [String]
    ) throws {
        var reader = try WireReader(.object(fields.mapValues(\.read)))
        self.lane = try reader.word("user").map { "openai:" + $0.prefix(80) } ?? lane
        count = try reader.whole("n", in: 1...10) ?? 1
        box = try Self.box(try reader.word("size"))
        form = try reader.choice("response_format") ?? .base64
        let format = try reader.word("output_format") ?? "png"
        guard let known = ImageFormat(rawValue: format), [.png, .jpeg, .webp].contains(known) else {
            throw Problem(
                "bad-value", 400, "output_format is \(format); it must be png, jpeg or webp",
                field: "output_format")
        }
        self.format = known
        quality = try reader.whole("output_compression", in: 0...100).map { max($0, 1) }
        streams = try reader.flag("stream") ?? false
        partialImages = try reader.whole("partial_images", in: 0...3) ?? 0
        var own = try reader.members("pentimento", most: 100)
        own["kind"] = .text(kind.rawValue)
        own["prompt"] = fields["prompt"]
        _ = reader.value("prompt")
        if let photo { own["picture"] = .text(photo) }
        if let mask { own["mask"] = .object(["picture": .text(mask)]) }
        for name in ["steps", "guidance", "strength", "seed"] {
            if let value = reader.value(name) { own[name] = value }
        }
        // Texts, even ones that look like numbers.
        for (theirs, ours) in [("negative_prompt", "negative"), ("source", "source"), ("method", "method")] {
            if reader.value(theirs) != nil { own[ours] = fields[theirs] }
        }
        if let model = try reader.word("model"), models.contains(model) || !Self.isTheirs(model) {
            own["model"] = .text(model)
        }
        for name in Self.idle where reader.value(name) != nil { ignored.append(name) }
        try reader.finish()
        if kind == .generate, let box {
            (own["width"], own["height"]) = (.whole(box.width), .whole(box.height))
        }
        job = try JobRequest(.object(own))
        if streams, partialImages > 0 { job.previews = PreviewSettings(interval: 0.3) }
        isSeeded = job.hasSeed
        if !job.hasSeed { (job.settings.seed, job.hasSeed) = (.random(in: 0..<1 << 32), true) }
    }

    /// The requests for each image: the same with one seed after another.
    var jobs: [JobRequest] {
        (0..<count).map { index in
            var job = job
            job.settings.seed &+= UInt64(index)
            return job
        }
    }

    private static func isTheirs(_ model: String) -> Bool { theirModels.contains { model.hasPrefix($0) } }

    private static func box(_ size: String?) throws(Problem) -> (width: Int, height: Int)? {
        guard let size, size != "auto" else { return nil }
        let sides = size.split(separator: "x").compactMap { Int($0) }
        guard sides.count == 2, sides.allSatisfy({ (1...8192).contains($0) }) else {
            throw Problem(
                "bad-value", 400, "size is \(size.prefix(40)); it must be auto or WIDTHxHEIGHT", field: "size"
            )
        }
        return (sides[0], sides[1])
    }
}

extension JSONValue {
    /// A text of a form as the number or truth value that it is one of; anything else as it is.
    fileprivate var read: JSONValue {
        switch self {
        case .text(let text):
            if let number = Int(text) { return .whole(number) }
            if let number = Double(text), number.isFinite { return .number(number) }
            return text == "true" ? .flag(true) : text == "false" ? .flag(false) : self
        case .object(let members): return .object(members.mapValues(\.read))
        case .list(let entries): return .list(entries.map(\.read))
        default: return self
        }
    }
}

extension WireReader {
    /// A text, even one that looks like a number.
    mutating func word(_ name: String) throws(Problem) -> String? {
        guard let value = value(name) else { return nil }
        return value.text ?? "\(value)"
    }
}

extension [String: JSONValue] {
    /// Puts a value where a form's name says: `pentimento[options][threshold]`, `names[]`.
    /// - Throws: `Problem` for names nested too deeply, or that contradict one another.
    mutating func put(_ value: JSONValue, at name: String) throws(Problem) {
        let parts = name.split(separator: "[", omittingEmptySubsequences: false).map {
            $0.hasSuffix("]") ? String($0.dropLast()) : String($0)
        }
        guard parts.count <= 8 else { throw Problem("malformed", 400, "a field's name is nested too deeply") }
        self = try Self.putting(value, into: .object(self), at: parts[...]).object ?? self
    }

    private static func putting(
        _ value: JSONValue, into place: JSONValue?, at parts: ArraySlice<String>
    ) throws(Problem) -> JSONValue {
        guard let name = parts.first else { return value }
        if name.isEmpty {
            let list = place?.list ?? []
            return .list(list + [try putting(value, into: nil, at: parts.dropFirst())])
        }
        guard var members = place == nil ? [:] : place?.object else {
            throw Problem("malformed", 400, "the field \(name.prefix(80)) is both a value and an object")
        }
        members[name] = try putting(value, into: members[name], at: parts.dropFirst())
        return .object(members)
    }
}
