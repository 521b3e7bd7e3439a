import Foundation

/// The folder that a path lies in: `.` for a bare name, `/` for what lies at the root.
///
/// Foundation's `deletingLastPathComponent` ends the process for a name of one letter (Swift 6.3 on Linux). Bytes and
/// not letters are looked at: a slash before a combining mark is a slash to the system.
package func enclosingFolder(of path: String) -> String {
    let slash = UInt8(ascii: "/")
    let bytes = withoutTrailingSlashes(path).utf8
    guard let last = bytes.lastIndex(of: slash) else { return "." }
    return last == bytes.startIndex ? "/" : String(decoding: bytes[..<last], as: UTF8.self)
}

/// The last name of a path.
package func lastName(of path: String) -> String {
    let bytes = withoutTrailingSlashes(path).utf8
    guard let last = bytes.lastIndex(of: UInt8(ascii: "/")) else {
        return String(decoding: bytes, as: UTF8.self)
    }
    return String(decoding: bytes[bytes.index(after: last)...], as: UTF8.self)
}

/// The path without slashes at its end; the root stays `/`.
package func withoutTrailingSlashes(_ path: String) -> String {
    var bytes = path.utf8[...]
    while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes = bytes.dropLast() }
    return String(decoding: bytes, as: UTF8.self)
}

/// The folder on the way to a path, links followed, that this user may not enter; nil where nothing is closed.
package func closedFolder(on path: String) -> String? {
    let begin = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    var rest = begin.split(separator: "/").map(String.init)[...]
    var place = ""
    var links = 0
    while let name = rest.popFirst() {
        let next = place + "/" + name
        var facts = stat()
        guard lstat(next, &facts) == 0 else { return errno == EACCES ? (place.isEmpty ? "/" : place) : nil }
        guard facts.st_mode & S_IFMT == S_IFLNK, links < Destination.mostLinks,
            let goal = try? FileManager.default.destinationOfSymbolicLink(atPath: next)
        else {
            place = next
            continue
        }
        links += 1
        if goal.hasPrefix("/") { place = "" }
        rest = goal.split(separator: "/").map(String.init)[...] + rest
    }
    return nil
}
