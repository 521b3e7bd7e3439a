import Crypto
import Foundation
import Hummingbird
import NIOCore
import Support
import Synchronization
import Vault
import Workshop

/// The page's own files: those that lie in its folder when the service starts, and no others.
final class WebFiles: Sendable {
    private struct File {
        var bytes: ByteBuffer
        var etag: String
    }
    /// The kinds of files that a page has.
    private static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8", "json": "application/json", "svg": "image/svg+xml",
        "jpg": "image/jpeg", "png": "image/png", "webp": "image/webp",
    ]
    /// No file of a page is larger.
    private static let mostBytes = 4 << 20

    /// The addresses of the files.
    let paths: [String]
    private let folder: String
    private let rereads: Bool
    private let files: Mutex<[String: File]>

    /// Reads the files of a folder.
    init(folder: String, rereads: Bool) {
        self.folder = folder
        self.rereads = rereads
        var files: [String: File] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            guard !name.hasPrefix("."), Self.type(of: name) != nil, let file = Self.read("\(folder)/\(name)")
            else { continue }
            files["/" + name] = file
        }
        files["/"] = files.removeValue(forKey: "/index.html")
        paths = files.keys.sorted()
        self.files = Mutex(files)
    }

    /// The file behind one of the addresses.
    func answer(to request: Request) throws -> Response {
        let path = request.uri.path
        let name = path == "/" ? "index.html" : String(path.dropFirst())
        if rereads, paths.contains(path), let file = Self.read("\(folder)/\(name)") {
            files.withLock { $0[path] = file }
        }
        guard let file = files.withLock({ $0[path] }), let type = Self.type(of: name) else {
            throw Problem.notFound
        }
        return .bytes(file.bytes, type: type, etag: file.etag, for: request, caching: "no-cache")
    }

    private static func type(of name: String) -> String? {
        name.lastIndex(of: ".").flatMap { types[String(name[name.index(after: $0)...])] }
    }

    private static func read(_ path: String) -> File? {
        guard let data = FileManager.default.contents(atPath: path), data.count <= mostBytes else {
            return nil
        }
        return File(bytes: ByteBuffer(bytes: data), etag: "\"\(SHA256.hash(data: data).hex.prefix(32))\"")
    }
}
