import Foundation
import Imaging
import Support

/// The photos that an edit is asked for: files, folders of them, patterns.
struct PhotoList {
    /// Their paths, each photo once; `-` is standard input.
    let paths: [String]
    /// Whether more than one was asked for, however many there are.
    let areSeveral: Bool

    /// Looks up places as they were typed.
    ///
    /// A folder means the images in it, by name and without those below. A place that does not exist and has `*`, `?`
    /// or `[` in it is a pattern, as a shell reads it. What does not exist stays in the list, for its edit to fail.
    /// - Throws: `Failure` for a folder without images, a pattern that nothing fits, standard input among others.
    init(_ places: [String]) throws {
        var found: [String] = []
        var areSeveral = places.count > 1
        for place in places {
            if place == "-" || FileManager.default.fileExists(atPath: place) {
                areSeveral = areSeveral || Destination.isFolder(place)
                found += try Self.images(at: place)
            } else if place.contains(where: { "*?[".contains($0) }) {
                areSeveral = true
                let matches = Self.matches(of: place)
                guard !matches.isEmpty else { throw Failure.missing("no file fits the pattern \(place)") }
                found += try matches.flatMap { try Self.images(at: $0) }
            } else {
                found.append(place)
            }
        }
        var seen: Set<String> = []
        paths = try found.filter { seen.insert(try Destination.identity(of: $0) ?? $0).inserted }
        self.areSeveral = areSeveral
    }

    /// The file itself, or the images in a folder.
    static func images(at place: String) throws -> [String] {
        guard Destination.isFolder(place) else { return [place] }
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: place) } catch {
            throw Failure.badInput("\(place) cannot be read: \(WriteFailure.reason(EACCES))")
        }
        let begin = place.hasSuffix("/") ? place : place + "/"
        let found = names.sorted().filter { name in
            !name.hasPrefix(".") && endings.contains((name as NSString).pathExtension.lowercased())
                && !Destination.isFolder(begin + name)
        }
        guard !found.isEmpty else { throw Failure.badInput("\(place) holds no pictures") }
        return found.map { begin + $0 }
    }

    /// Endings of image files that are read.
    static let endings: Set<String> = [
        "png", "apng", "jpg", "jpeg", "jpe", "jfif", "webp", "gif", "avif", "heic", "heif", "tif", "tiff",
        "ppm",
        "pgm", "pnm",
    ]

    /// What a pattern fits, sorted.
    private static func matches(of pattern: String) -> [String] {
        var list = glob_t()
        defer { globfree(&list) }
        guard glob(pattern, 0, nil, &list) == 0 else { return [] }
        return (0..<Int(list.gl_pathc)).compactMap { index in list.gl_pathv[index].map { String(cString: $0) }
        }
    }
}
