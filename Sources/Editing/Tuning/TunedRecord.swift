public import Diffusion
import Foundation
import Support

/// What a file of tuned embeddings or weights says of itself.
public struct TunedRecord: Sendable, Hashable, Codable {
    /// Raised when files of this program must not be read by older ones.
    public static let currentVersion = 1

    /// The layout of the file.
    public var version = currentVersion
    /// The program that wrote it.
    public var program: String?
    /// The method that it was tuned for, by name; `lora` for weights that go with any method.
    public var method: String
    /// The base model's name.
    public var model: String
    /// The base model's fingerprint, see `Fingerprint`.
    public var base: String
    /// What the images show, as the tuning was told; nil where it does not depend on that.
    public var prompt: String?
    /// What the image shows, where the method asks for that beside a prompt.
    public var source: String?
    /// What images of the whole class show, where those were learnt too.
    public var prior: String?
    /// How many images it was tuned to.
    public var images: Int
    /// A short hash of the image as the model saw it; nil of several.
    public var image: String?
    /// Width and height that the model worked at.
    public var size: [Int]
    /// What the result depends on beside images and prompts: for methods, options that an edit takes over.
    public var settings: [String: String]
    /// The losses of all steps, by stage.
    public var losses: [String: [Float]]
    /// What it cost; less where an earlier run had done a part of it.
    public var cost: Cost

    /// Whether it holds weights for any method, and not what one method learnt.
    public var isForAnyMethod: Bool { method == Self.weights }

    /// The name under `method` of weights that go with any method.
    static let weights = "lora"
}

extension TunedRecord {
    /// The mean loss of the first and of the last steps of a stage, at most fifty and no more than a fifth of all.
    public func change(of stage: String) -> (first: Double, last: Double)? {
        guard let losses = losses[stage], !losses.isEmpty else { return nil }
        let count = min(max(losses.count / 5, 1), 50)
        func mean(_ part: ArraySlice<Float>) -> Double {
            part.reduce(0) { $0 + Double($1) } / Double(part.count)
        }
        return (mean(losses.prefix(count)), mean(losses.suffix(count)))
    }
}
