import Foundation

/// A folder that goes when nobody needs it any more.
public final class Folder {
    /// Where it is.
    public let path: String

    /// A new one in the folder for temporary files.
    public init() throws {
        path = NSTemporaryDirectory() + "/pentimento-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file in it.
    public subscript(_ name: String) -> String { path + "/" + name }

    /// Everything in it, hidden files included.
    public var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    /// A file with these bytes, below folders that are made for it.
    @discardableResult
    public func file(_ name: String, _ text: String) throws -> String {
        try FileManager.default.createDirectory(
            at: URL(fileURLWithPath: self[name]).deletingLastPathComponent(),
            withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: self[name]))
        return self[name]
    }

    /// A copy of a tiny model that may be spoiled.
    public func model(_ name: String = "tiny-sd1") throws -> String {
        try FileManager.default.copyItem(atPath: Fixtures.model(name), toPath: self["model"])
        return self["model"]
    }
}
