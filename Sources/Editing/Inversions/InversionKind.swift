/// How a real image is brought to noise, and how the way back is kept true to it.
public enum InversionKind: String, CodingKeyRepresentable, Sendable, Hashable, Codable, CaseIterable {
    /// DDIM run backwards (Song and others 2021); nothing keeps the way back from drifting under guidance.
    case ddim
    /// The source prompt takes the empty prompt's place (Miyake and others 2023).
    case negativePrompt = "negative-prompt"
    /// The source branch is set back onto the stored path after every step (Ju and others 2024).
    case direct
    /// An empty prompt is learnt for every step, so that the guided way back follows the stored path (Mokady and others
    /// 2023).
    case nullText = "null-text"
    /// Independent noised latents and the noise that joins them (Huberman-Spiegelglas and others 2024).
    case editFriendly = "edit-friendly"
    /// Every DDIM step solved instead of guessed (Pan and others 2023; Garibi and others 2024).
    case fixedPoint = "fixed-point"

    /// Its algorithm.
    var type: any Inversion.Type {
        switch self {
        case .ddim: DDIMInversion.self
        case .negativePrompt: NegativePromptInversion.self
        case .direct: DirectInversion.self
        case .nullText: NullTextInversion.self
        case .editFriendly: EditFriendlyInversion.self
        case .fixedPoint: FixedPointInversion.self
        }
    }

    /// What it is, costs and can be told.
    public var description: InversionDescription { type.description }

    /// The kind of a name.
    /// - Throws: `EditingError.badValue` with the nearest name there is.
    public static func named(_ name: String) throws(EditingError) -> InversionKind {
        func plain(_ name: String) -> String { name.lowercased().filter { $0.isLetter || $0.isNumber } }
        let names = allCases.map(\.rawValue)
        for kind in allCases where plain(kind.rawValue) == plain(name) { return kind }
        throw .badValue(
            name: "inversion", value: name,
            expected: "one of \(names.joined(separator: ", "))"
                + (names.nearest(to: name).map { "; did you mean \($0)?" } ?? ""))
    }

    /// Its options under a preset, with some given as texts.
    /// - Throws: `EditingError`: an unknown name (with the nearest right one) or a value out of range.
    public func options(_ given: [String: String] = [:], preset: Preset = .paper) throws(EditingError)
        -> Options
    {
        try Options(given, of: description.options, owner: rawValue, preset: preset)
    }
}
