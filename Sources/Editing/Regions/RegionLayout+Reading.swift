public import Foundation
public import Imaging
public import Support

/// Why a region file cannot be used.
public struct RegionFileError: UserError, Equatable {
    /// The file.
    public let path: String
    /// What is wrong with it and what would be right.
    public let reason: String
    /// Whether the file, or one that it names, is not there.
    public let isMissing: Bool

    init(_ path: String, _ reason: String, isMissing: Bool = false) {
        self.path = path
        self.reason = reason
        self.isMissing = isMissing
    }

    /// The file is what cannot be used.
    public var kind: UserErrorKind { isMissing ? .missing : .badInput }
    /// One line: which file, what is wrong, what to do.
    public var description: String { "\(path): \(reason)" }
}

extension RegionLayout {
    /// The layout of a region file, checked.
    ///
    /// A JSON object: `prompt`, `negative`, `canvas` ([width, height] in pixels) and `regions`, a list of objects with
    /// `id`, `box` ([x, y, width, height] in shares of the image) or `mask` (an image file, its path relative to this
    /// one), `prompt`, `target`, `negative`, `role`, `words`, `feather`, `seed`. Only a region's prompt is required, and a
    /// place for all but backgrounds.
    /// - Parameter notify: gets what a mask was taken for where it could have meant something else.
    /// - Throws: `RegionFileError` for anything else, `MaskError` and `ImagingError` for masks.
    public init(
        contentsOf path: String, pixelLimit: Int = Image.defaultPixelLimit,
        notify: (MaskNotice) -> Void = { _ in }
    ) throws {
        // A pipe or device could keep the program waiting or never end; only regular files are opened.
        let url = URL(fileURLWithPath: path).resolvingSymlinksInPath()
        guard let facts = try? FileManager.default.attributesOfItem(atPath: url.path) else {
            throw RegionFileError(path, "there is no such region file", isMissing: true)
        }
        guard facts[.type] as? FileAttributeType == .typeRegular,
            (facts[.size] as? Int).map({ $0 <= 1 << 20 }) == true,
            let data = FileManager.default.contents(atPath: url.path)
        else { throw RegionFileError(path, "it is no file of at most a megabyte that can be read") }
        let folder = (path as NSString).deletingLastPathComponent
        try self.init(json: data, path: path) { name in
            let place = name.hasPrefix("/") || folder.isEmpty ? name : folder + "/" + name
            guard FileManager.default.fileExists(atPath: place) else {
                throw RegionFileError(path, "there is no mask \(place)", isMissing: true)
            }
            return try Mask(contentsOf: place, pixelLimit: pixelLimit, notify: notify)
        }
    }

    /// The layout of a region file's text, checked.
    /// - Parameters:
    ///   - path: what errors call the file.
    ///   - mask: the mask of a name in the file.
    /// - Throws: `RegionFileError`, and what `mask` throws.
    public init(
        json: Data, path: String = "regions", mask: (String) throws -> Mask
    ) throws {
        guard let object = JSONValue.object(of: json) else {
            throw RegionFileError(path, "it is no JSON object with prompt and regions")
        }
        let file = RegionObject(object, path: path, place: "")
        try file.allow(["prompt", "negative", "canvas", "regions"])
        guard let list = object["regions"]?.list, !list.isEmpty else {
            throw RegionFileError(path, "regions must be a list of at least one region")
        }
        self.init(
            prompt: try file.value("prompt"), negative: try file.value("negative"),
            canvas: try file.canvas(),
            regions: try list.enumerated().map { index, entry in
                guard case .object(let values) = entry else {
                    throw RegionFileError(path, "region \(index + 1) is no object")
                }
                return try RegionObject(values, path: path, place: "region \(index + 1): ").region(mask)
            })
        do throws(EditingError) { try check() } catch { throw RegionFileError(path, error.description) }
    }
}

/// An object of a region file, read key by key.
private struct RegionObject {
    private let values: [String: JSONValue]
    private let path: String
    /// Where in the file it stands, before messages.
    private let place: String

    init(_ values: [String: JSONValue], path: String, place: String) {
        (self.values, self.path, self.place) = (values, path, place)
    }

    private func error(_ reason: String) -> RegionFileError { RegionFileError(path, place + reason) }

    /// Refuses keys that mean nothing.
    func allow(_ keys: [String]) throws(RegionFileError) {
        for key in values.keys.sorted() where !keys.contains(key) {
            throw error(
                "there is no key \"\(key)\"; "
                    + (keys.nearest(to: key).map { "did you mean \($0)?" }
                        ?? "there are \(keys.joined(separator: ", "))"))
        }
    }

    /// The value of a key, if it is there.
    func value<Value: ConfigurationValue>(_ key: String) throws(RegionFileError) -> Value? {
        guard let value = values[key], value != .null else { return nil }
        guard let read = Value(value) else { throw error("\(key) is \(value); it must be \(Value.kind)") }
        return read
    }

    /// The size of the canvas, if it is there.
    func canvas() throws(RegionFileError) -> RegionLayout.Canvas? {
        guard let sides: [Int] = try value("canvas") else { return nil }
        guard sides.count == 2, sides.allSatisfy({ Limits.side.contains($0) }) else {
            throw error("canvas is \(sides); it must be [width, height] in pixels, from 1 to 8192")
        }
        return .init(width: sides[0], height: sides[1])
    }

    /// The region that it describes.
    func region(_ mask: (String) throws -> Mask) throws -> Region {
        try allow([
            "id", "box", "mask", "prompt", "target", "negative", "role", "words", "feather", "seed",
        ])
        let role: Region.Role? = try role()
        var region = Region(try location(role, mask), prompt: try value("prompt") ?? "")
        region.role = role
        region.id = try value("id")
        region.target = try value("target")
        region.negative = try value("negative")
        region.feather = try value("feather")
        region.words = try value("words") ?? []
        if let seed: Int = try value("seed") {
            guard let number = UInt64(exactly: seed) else {
                throw error("seed is \(seed); it must be a whole number from 0 on")
            }
            region.seed = number
        }
        return region
    }

    private func role() throws(RegionFileError) -> Region.Role? {
        guard let name: String = try value("role") else { return nil }
        let known = Region.Role.allCases.map(\.rawValue)
        guard let role = Region.Role(rawValue: name) else {
            throw error(
                "there is no role \"\(name)\"; "
                    + (known.nearest(to: name).map { "did you mean \($0)?" }
                        ?? "it must be one of \(known.joined(separator: ", "))"))
        }
        return role
    }

    private func location(_ role: Region.Role?, _ mask: (String) throws -> Mask) throws -> Region.Place {
        let (numbers, file): ([Double]?, String?) = (try value("box"), try value("mask"))
        if numbers != nil, file != nil { throw error("box and mask both say where it is; give one of them") }
        if let file { return .mask(try mask(file)) }
        guard let numbers else {
            guard role == .background else { throw error("it has no place; give box or mask") }
            return Region.everywhere
        }
        guard numbers.count == 4 else {
            throw error(
                "box has \(numbers.count) numbers; it is [x, y, width, height] in shares of the picture")
        }
        return .box(.init(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3]))
    }
}
