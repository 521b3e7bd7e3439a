/// The folder that a path lies in: `.` for a bare name, `/` for what lies at the root.
///
/// Foundation's `deletingLastPathComponent` ends the process for a name of one letter (Swift 6.3 on Linux).
package func enclosingFolder(of path: String) -> String {
    let trimmed = path.count > 1 && path.hasSuffix("/") ? path.dropLast() : path[...]
    guard let slash = trimmed.lastIndex(of: "/") else { return "." }
    return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
}
