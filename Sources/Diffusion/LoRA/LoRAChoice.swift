import Layers
import Tensors

/// A LoRA and how strongly it is to count.
public struct LoRAChoice: Sendable, Hashable {
    /// What the updates are multiplied by; 1 as they were trained, below 0 the other way.
    public struct Strength: Sendable, Hashable {
        /// For the UNet.
        public var unet: Double
        /// For the text encoder.
        public var textEncoder: Double

        /// Strengths; the text encoder's is the UNet's where nothing is said.
        public init(unet: Double = 1, textEncoder: Double? = nil) {
            self.unet = unet
            self.textEncoder = textEncoder ?? unet
        }
    }

    /// The file.
    public let path: String
    /// How strongly it counts.
    public var strength: Strength
    private var opened: LoRAFile?

    /// A file and how strongly it counts.
    public init(path: String, strength: Strength = Strength()) {
        self.path = path
        self.strength = strength
    }

    /// The choice with its file open: refused at once where it is no LoRA, and opened no second time.
    /// - Throws: as `LoRAFile` does.
    public func opening() throws -> LoRAChoice {
        var choice = self
        choice.opened = try file()
        return choice
    }

    /// The file, opened now unless it was before.
    func file() throws -> LoRAFile { try opened ?? LoRAFile(contentsOf: path) }

    /// Whether two choices mean one file as strongly.
    public static func == (left: LoRAChoice, right: LoRAChoice) -> Bool {
        (left.path, left.strength) == (right.path, right.strength)
    }

    /// The path and how strongly it counts.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(path)
        hasher.combine(strength)
    }
}

/// A LoRA that a model was changed by, as records tell of it.
public struct LoRAFacts: Sendable, Hashable, Codable {
    /// The file's name, without folders.
    public var name: String
    /// A short hash of its bytes.
    public var hash: String
    /// What its updates of the UNet were multiplied by.
    public var strength: Double
    /// What its updates of the text encoder were multiplied by.
    public var textStrength: Double
}
