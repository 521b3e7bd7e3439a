public import Tensors

/// What a file of weights is, told by the names, element types and shapes in its header alone.
///
/// Whole models, what goes with one (LoRA, textual inversion, autoencoder) and some fifty families of other networks are
/// told by name, each with what can be done with it.
public struct ModelFileKind: Sendable, Equatable, Encodable {
    /// What a file can be given as.
    public enum Use: String, Sendable, Encodable {
        /// A whole model.
        case model
        /// A change of a model's weights.
        case lora
        /// The embedding of a word.
        case embedding
        /// The autoencoder of a model.
        case autoencoder
        /// The text encoder of a model.
        case textEncoder = "text-encoder"
        /// Nothing that runs here.
        case nothing
    }

    /// The families of whole models that run from one file.
    enum Base: String, Sendable, Encodable {
        case sd1 = "Stable Diffusion 1.x"
        case sd2 = "Stable Diffusion 2.x"
    }

    /// What it can be given as.
    public let use: Use
    /// What it is, as a sentence goes on after "is".
    public let what: String
    /// What to do about it.
    public let advice: String
    /// The family of a whole model that runs here; nil for anything else.
    let base: Base?

    /// What a file's header says it is.
    public init(of inventory: SafetensorsInventory) {
        let header = HeaderNames(inventory)
        self = Self.part(header) ?? Self.foreignNetwork(header) ?? Self.checkpoint(header)
    }

    /// What a file is, by its header; a file whose download stopped is told too.
    /// - Throws: `SafetensorsError` for what is no such file.
    public init(contentsOf path: String) throws { self.init(of: try SafetensorsInventory(path: path)) }

    init(_ what: String, _ advice: String, use: Use = .nothing, base: Base? = nil) {
        self.what = what
        self.advice = advice
        self.use = use
        self.base = base
    }

    private enum CodingKeys: String, CodingKey { case use, what, advice }

    static let otherNetworks =
        "models of the Stable Diffusion 1.x and 2.x family run here, as diffusers folders or as one file"

    /// The family that a width of the prompt's embedding belongs to.
    static func family(width: Int?) -> String? {
        [768: "Stable Diffusion 1.x", 1024: "Stable Diffusion 2.x", 2048: "Stable Diffusion XL (SDXL)"][
            width ?? 0]
    }

    /// A model of a family whose networks do not run here.
    static func other(_ family: String) -> ModelFileKind {
        ModelFileKind("a model of the family \(family), whose networks are others", otherNetworks)
    }
}
