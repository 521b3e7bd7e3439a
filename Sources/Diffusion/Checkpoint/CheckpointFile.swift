import Layers
import Networks
import Tensors

/// A model in one file, in the names that Stable Diffusion's first code gave to its parts: whose tensor is which.
struct CheckpointFile {
    let file: SafetensorsFile
    let kind: ModelFileKind
    /// The tensors of each part by the names that its network asks for; none for a part that is not there.
    let tensors: [ModelFolder.Part: [String: StoredTensor]]
    /// The text encoder's layout.
    let tower: TextTower?
    /// The file's tensors that nothing is known of.
    let unused: [String]
    /// Names and shapes.
    let header: HeaderNames
    /// What stands before the UNet's names.
    let prefix: String

    /// - Parameter needsKnownShapes: whether the UNet must be of a family that is known; not where configurations are
    ///   named beside the file.
    /// - Throws: `DiffusionError.notAModel` for a file of another kind, `SafetensorsError`.
    init(path: String, needsKnownShapes: Bool) throws {
        file = try SafetensorsFile(path: path)
        let inventory = file.inventory
        kind = ModelFileKind(of: inventory)
        header = HeaderNames(inventory)
        guard let prefix = header.networkPrefix, !needsKnownShapes || kind.use == .model else {
            throw DiffusionError.notAModel(path: path, what: kind.what, advice: kind.advice)
        }
        self.prefix = prefix
        tower = TextTower(in: header)
        let autoencoder = Self.autoencoder(in: header)
        var unet: [String: StoredTensor] = [:]
        var unused: [String] = []
        let levels = Self.levels(header, prefix)
        for name in header.names {
            if autoencoder.names.contains(name) || tower?.names.contains(name) == true { continue }
            if name.hasPrefix(prefix),
                let own = Self.renamed(
                    String(name.dropFirst(prefix.count)),
                    {
                        OriginalNames.diffusers(of: $0, levels: levels)
                    })
            {
                unet[own] = StoredTensor(name)
            } else if !Self.isLeftover(name) {
                unused.append(name)
            }
        }
        self.unused = unused
        tensors = [.unet: unet, .autoencoder: autoencoder.tensors, .textEncoder: tower?.tensors ?? [:]]
    }

    /// Resnets of a stage on the way down: the first place where the picture is halved tells.
    static func levels(_ header: HeaderNames, _ prefix: String) -> Int {
        ((1...8).first { header.has("\(prefix)input_blocks.\($0).0.op.weight") } ?? 3) - 1
    }

    /// The autoencoder of a file, in the first code's names or in diffusers'.
    static func autoencoder(
        in header: HeaderNames
    ) -> (tensors: [String: StoredTensor], names: Set<String>) {
        guard let prefix = header.autoencoderPrefix else { return ([:], []) }
        let isOriginal = header.has(prefix + "encoder.down.0.block.0.norm1.weight")
        let stages = (0...8).first { !header.has("\(prefix)encoder.down.\($0).block.0.norm1.weight") } ?? 8
        var tensors: [String: StoredTensor] = [:]
        var names: Set<String> = []
        for name in header.names where name.hasPrefix(prefix) {
            let own = String(name.dropFirst(prefix.count))
            let wanted =
                isOriginal ? renamed(own) { OriginalNames.autoencoder(of: $0, stages: stages) } : own
            if let wanted { tensors[wanted] = StoredTensor(name) }
            if wanted != nil || !prefix.isEmpty { names.insert(name) }
        }
        return (tensors, names)
    }

    /// A tensor's name whose layer is renamed; nil where the layer is not known.
    private static func renamed(_ name: String, _ rename: (String) -> String?) -> String? {
        guard let dot = name.lastIndex(of: ".") else { return nil }
        return rename(String(name[..<dot])).map { $0 + name[dot...] }
    }

    /// Whether a tensor is one that training or merging left behind and that no network reads.
    private static func isLeftover(_ name: String) -> Bool {
        let beginnings = [
            "betas", "alphas_cumprod", "sqrt_", "log_one_minus_", "posterior_", "model_ema.",
            "embedding_manager.", "loss.", "denoiser.sigmas", "cond_stage_model.", "conditioner.embedders.",
            "first_stage_model.loss.",
        ]
        let endings = ["logit_scale", "position_ids", "logvar"]
        return beginnings.contains(where: name.hasPrefix) || endings.contains(where: name.hasSuffix)
            || ["v_pred", "ztsnr", "scaled_fp8"].contains(name)
    }
}
