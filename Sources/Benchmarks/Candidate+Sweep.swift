public import Editing

extension Candidate {
    /// A method at several values of one option, guidance or strength: `diffedit.strength=0.3,0.5,0.7`.
    /// - Parameter preset: whose defaults the values are checked against.
    /// - Throws: `EditingError` for names and values that do not exist, before anything runs.
    public static func swept(_ text: String, preset: Preset = .paper) throws -> [Candidate] {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        let names = parts.first?.split(separator: ".", maxSplits: 1).map(String.init) ?? []
        guard parts.count == 2, names.count == 2, !parts[1].isEmpty else {
            throw EditingError.badValue(
                name: "sweep", value: "\"\(text)\"", expected: "of the form method.key=value,value,…")
        }
        let method = try Registry.method(named: names[0]).description
        return try parts[1].split(separator: ",", omittingEmptySubsequences: false).map { value in
            let options = try Options.parse(["\(names[1])=\(value)"])
            let (own, _) = try split(options)
            _ = try Options(own, of: method, preset: preset)
            return .method(method.name, options: options)
        }
    }
}
