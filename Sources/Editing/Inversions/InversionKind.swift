/// How a real picture is brought to noise, and how the way back is kept true to it.
public enum InversionKind: String, Sendable, Hashable, Codable, CaseIterable {
    /// DDIM run backwards (Song and others 2021); nothing keeps the way back from drifting under guidance.
    case ddim
    /// The source prompt takes the empty prompt's place (Miyake and others 2023).
    case negativePrompt = "negative-prompt"
    /// The source branch is set back onto the stored path after every step (Ju and others 2024).
    case direct

    /// The kind of a name.
    /// - Throws: `EditingError.badValue` with the nearest name there is.
    public static func named(_ name: String) throws(EditingError) -> InversionKind {
        if let kind = InversionKind(rawValue: name) { return kind }
        let names = allCases.map(\.rawValue)
        throw .badValue(
            name: "inversion", value: name,
            expected: "one of \(names.joined(separator: ", "))"
                + (names.nearest(to: name).map { "; did you mean \($0)?" } ?? ""))
    }
}
