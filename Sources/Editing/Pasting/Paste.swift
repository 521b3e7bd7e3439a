/// How an edit comes into the image that it is made of.
public enum Paste: String, Sendable, Hashable, Codable, CaseIterable {
    /// Residual where the prompts differ in colours alone, else replace.
    case auto
    /// What the edit changed is added to the image, whose grain and edges stay; shapes cannot change much.
    case residual
    /// The edit, enlarged, takes the image's place.
    case replace
    /// Nothing is pasted: the whole image is what the model painted.
    case none
}

/// What an account says of pasting.
public struct PasteRecord: Sendable, Hashable, Codable {
    /// What was asked for.
    public var asked: Paste
    /// What was done.
    public var took: Paste
    /// Of a residual the share (root mean square) that is no local linear function of the image's colours and is
    /// therefore lost; nil of everything else.
    public var unexplained: Double?
    /// Pixels of the image over which the edit fades in; nil where there is no mask.
    public var feather: Double?

    /// An account of pasting.
    public init(asked: Paste, took: Paste, unexplained: Double? = nil, feather: Double? = nil) {
        self.asked = asked
        self.took = took
        self.unexplained = unexplained
        self.feather = feather
    }
}
