import Foundation
import Layers
import Networks
import Prompts
import Support
import Tensors

extension ModelFolder {
    /// Reads the header of a checkpoint file, and looks for the parts that no such file has or that this one lacks.
    init(file source: ModelSource) throws {
        let path = source.path
        _ = try Self.inventory(ofFile: path)
        let checkpoint = try CheckpointFile(path: path, needsKnownShapes: source.configuration == nil)
        let told = try CheckpointPrediction(of: checkpoint, asked: source.prediction)
        var origins: [Part: PartOrigin] = [:]
        for (part, tensors) in checkpoint.tensors where !tensors.isEmpty {
            origins[part] = .file(path: path, tensors: tensors)
        }
        var source = source
        if origins[.autoencoder] == nil, source.autoencoder == nil {
            source.autoencoder = try Self.sidecar(of: path)
        }
        if origins[.textEncoder] == nil, source.textEncoder == nil {
            throw DiffusionError.missingPart(
                path: path, part: "text encoder", advice: "name the folder or file of one",
                setting: "text-encoder")
        }
        let shapes = try Self.shapes(of: checkpoint, source)
        var parts = ModelParts(
            autoencoder: shapes.autoencoder, textEncoder: shapes.textEncoder, origins: origins,
            tokens: .folder(""), fingerprint: try Fingerprint.of(file: path))
        try parts.replace(by: source)
        if source.tokenizer == nil {
            parts.tokens = try Self.tokenizer(for: parts.textEncoder, source, checkpoint)
        }
        var unet = shapes.unet
        if source.configuration == nil { unet.sampleSize = told.sampleSize }
        let unused = checkpoint.unused
        if !unused.isEmpty {
            parts.notices.append(
                "\(path): \(unused.count) of its tensors \(unused.count == 1 ? "is" : "are") not used "
                    + "(\(unused.prefix(3).joined(separator: ", "))\(unused.count > 3 ? ", …" : ""))")
        }
        try self.init(
            source: source,
            name: URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent,
            schedule: shapes.schedule ?? told.schedule, notices: parts.notices, unet: unet,
            autoencoder: parts.autoencoder, textEncoder: parts.textEncoder, fingerprint: parts.fingerprint,
            evidence: shapes.schedule == nil ? told.evidence : source.prediction == nil ? .schedule : .asked,
            kind: checkpoint.kind, origins: parts.origins, tokens: parts.tokens)
    }

    /// What a file holds, or why it is none that can be looked into.
    static func inventory(ofFile path: String) throws -> SafetensorsInventory {
        let ending = URL(fileURLWithPath: path).pathExtension.lowercased()
        guard ["safetensors", "sft"].contains(ending) else { throw try refusal(ofFile: path) }
        return try SafetensorsInventory(path: path)
    }

    /// The autoencoder beside a file that has none: `NAME.vae.safetensors`.
    private static func sidecar(of path: String) throws -> String {
        let sidecar = URL(fileURLWithPath: path).deletingPathExtension().path + ".vae.safetensors"
        guard FileManager.default.fileExists(atPath: sidecar) else {
            throw DiffusionError.missingPart(
                path: path, part: "autoencoder (VAE)",
                advice: "put one beside it as \(lastName(of: sidecar)), or name the file or folder of one",
                setting: "vae")
        }
        return sidecar
    }

    private struct Shapes {
        var unet: UNetConfiguration
        var autoencoder: AutoencoderConfiguration
        var textEncoder: TextEncoderConfiguration
        /// Nil where the file itself tells.
        var schedule: NoiseSchedule?
    }

    /// The shapes of the networks: as configurations beside the file have them, or as its tensors tell.
    private static func shapes(of checkpoint: CheckpointFile, _ source: ModelSource) throws -> Shapes {
        if let folder = source.configuration {
            let schedule = try ScheduleFile(contentsOf: folder + "/scheduler/scheduler_config.json").schedule
            return Shapes(
                unet: try unet(folder + "/unet/config.json", correcting: true).0,
                autoencoder: try AutoencoderConfiguration(contentsOf: folder + "/vae/config.json"),
                textEncoder: try TextEncoderConfiguration(contentsOf: folder + "/text_encoder/config.json"),
                schedule: source.prediction.map(schedule.with) ?? schedule)
        }
        let path = checkpoint.file.path
        let shapes = CheckpointShapes(checkpoint)
        let unet = shapes.unet
        try CheckpointShapes.check(unet, path: path)
        // Parts that the file lacks are named elsewhere, and their shapes with them.
        let own = checkpoint.tensors[.autoencoder] ?? [:]
        let autoencoder = AutoencoderConfiguration { name in
            own[name].flatMap { checkpoint.header.shape($0.name) }
        }
        if !own.isEmpty { try CheckpointShapes.check(autoencoder, path: path) }
        let text =
            checkpoint.tower.map { CheckpointShapes.textEncoder($0, in: checkpoint.header) }
            ?? TextEncoderConfiguration()
        try CheckpointShapes.check(text, path: path)
        return Shapes(unet: unet, autoencoder: own.isEmpty ? .init() : autoencoder, textEncoder: text)
    }

    /// The tokenizer of a file, which none has in itself.
    private static func tokenizer(
        for encoder: TextEncoderConfiguration, _ source: ModelSource, _ checkpoint: CheckpointFile
    ) throws -> TokenizerOrigin {
        if let folder = source.configuration,
            FileManager.default.fileExists(atPath: folder + "/tokenizer")
        {
            return .folder(folder + "/tokenizer")
        }
        guard encoder.vocabularySize == 49408, let merges = ModelSource.clipTokenizer else {
            throw DiffusionError.missingPart(
                path: source.path, part: "tokenizer of \(encoder.vocabularySize) tokens",
                advice: "name the folder of one", setting: "tokenizer")
        }
        return .merges(folder: merges, checkpoint.tower?.layout == .openCLIP ? .zero : .end)
    }
}
