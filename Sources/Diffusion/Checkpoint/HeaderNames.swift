import Tensors

/// The names and shapes of a file's header, asked in the ways that tell kinds of files apart.
struct HeaderNames {
    /// All names, in the header's order.
    let names: [String]
    private let inventory: SafetensorsInventory
    /// All names, each between two ends of lines, so that any question is one search for bytes.
    private let text: [UInt8]

    init(_ inventory: SafetensorsInventory) {
        self.inventory = inventory
        names = inventory.entries.map(\.name)
        text = Array(("\n" + names.joined(separator: "\n") + "\n").utf8)
    }

    /// The shape of a tensor; nil where there is none of this name.
    func shape(_ name: String) -> [Int]? { inventory.shape(of: name) }

    /// One size of a tensor; nil where there is none of this name, or none of so many sizes.
    func size(_ name: String, _ axis: Int) -> Int? {
        shape(name).flatMap { $0.indices.contains(axis) ? $0[axis] : nil }
    }

    /// Whether there is a tensor of this name.
    func has(_ name: String) -> Bool { shape(name) != nil }

    /// Whether a name begins in one of these ways.
    func begins(_ beginnings: String...) -> Bool { beginnings.contains { finds("\n" + $0) } }

    /// Whether a name ends in one of these ways.
    func ends(_ endings: String...) -> Bool { endings.contains { finds($0 + "\n") } }

    /// Whether a name holds one of these.
    func contains(_ parts: String...) -> Bool { parts.contains(where: finds) }

    /// The first name that ends in one of these ways, below a prefix.
    func first(ending endings: [String], below prefix: String = "") -> String? {
        names.first { name in name.hasPrefix(prefix) && endings.contains { name.hasSuffix($0) } }
    }

    /// Whether a name stands at the top or below one of the prefixes that whole models have.
    func hasBelow(_ prefixes: [String], _ name: String) -> Bool { prefixes.contains { has($0 + name) } }

    /// The prefixes of the UNet in the layout that checkpoints are shared in, the first that counts first.
    static let networkPrefixes = ["model.diffusion_model.", "diffusion_model.", ""]

    /// What stands before the UNet's names in that layout.
    var networkPrefix: String? { Self.networkPrefixes.first { has($0 + "input_blocks.0.0.weight") } }

    /// What may stand before the names of an autoencoder.
    static let autoencoderPrefixes = ["first_stage_model.", "vae.", ""]

    /// What stands before the autoencoder's names, in the layout of checkpoints or in that of diffusers.
    var autoencoderPrefix: String? {
        Self.autoencoderPrefixes.first {
            has($0 + "encoder.conv_in.weight") && has($0 + "decoder.conv_in.weight")
        }
    }

    private func finds(_ part: String) -> Bool {
        let bytes = Array(part.utf8)
        guard !bytes.isEmpty, bytes.count <= text.count else { return false }
        return text.withUnsafeBytes { all in
            bytes.withUnsafeBytes { part in
                var rest = all[...]
                while rest.count >= part.count, let start = rest.firstIndex(of: part[0]) {
                    rest = rest[start...]
                    if rest.starts(with: part) { return true }
                    rest = rest.dropFirst()
                }
                return false
            }
        }
    }
}
