import Hummingbird

/// The addresses there are, by which a wrong verb is told from a wrong address.
struct RouteTable: Sendable {
    private var verbs: [[String]: [String]] = [:]
    private var open: Set<String> = []

    mutating func add(_ verb: HTTPRequest.Method, _ path: String, isOpen: Bool) {
        verbs[path.split(separator: "/").map(String.init), default: []].append(verb.rawValue)
        if isOpen { open.insert(path) }
    }

    /// Whether an address may be asked for without a token: those of the page's own files.
    func isOpen(_ path: String) -> Bool { open.contains(path) }

    /// What can be done at an address; nil where there is none such.
    func verbs(of path: String) -> [String]? {
        let parts = path.split(separator: "/").map(String.init)
        let found = verbs.filter { pattern, _ in
            pattern.count == parts.count
                && zip(pattern, parts).allSatisfy { $0.hasPrefix(":") || $0 == $1 }
        }
        let all = found.flatMap(\.value).sorted()
        return all.isEmpty ? nil : all
    }
}
