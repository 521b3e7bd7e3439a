/// What may be asked for at most and at least, for every request and every front end alike.
public enum Limits {
    /// Steps of a whole trajectory (N).
    public static let steps = 1...1000
    /// Guidance scales (g), of requests as well as of methods and inversions that have one of their own.
    public static let guidance = 0.0...100.0
    /// Pixels of a side of an image that the model works on.
    public static let side = 1...8192
    /// Pixels of the image over which a pasted edit fades in.
    public static let feather = 0.0...1000.0
    /// What is shown around a mask, as a share of its longer side.
    public static let focus = 0.0...10.0

    /// Whether a share of the trajectory can be redone: above 0 and at most 1.
    public static func allows(strength: Double) -> Bool { strength > 0 && strength <= 1 }
}
