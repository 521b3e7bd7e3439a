import ArgumentParser
import Editing
import Foundation
import Imaging
import Service
import Support
import Tensors

/// `pentimento inspect`: what made an image.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract:
            "Shows what made a picture: prompts, settings, seed, model; or what a model's folder holds.",
        discussion: """
            pentimento inspect apple-diffedit-1.png

            Reads the account that Pentimento leaves in its pictures, the `parameters` of the webui's format, and the \
            texts of ComfyUI, InvokeAI and others, from PNG, JPEG, WebP, TIFF, AVIF and HEIC. The pixels are not \
            decoded. Of a model's folder it tells the kind, the sizes and the noise schedule and loads no weights, of \
            a file that tune made (.safetensors) what was tuned over which model, with the losses on the way. Of any \
            other weight file it tells what it is, by its header alone, what is missing and what to do with it.
            """)

    @Argument(
        help: ArgumentHelp("The picture, a model's folder, or a weight file.", valueName: "file"))
    var file: String

    @Flag(help: "As JSON.")
    var json = false

    func run() throws {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: file, isDirectory: &isFolder), isFolder.boolValue {
            return Terminal.print(try Self.told(of: ModelSummary(folder: file), asJSON: json))
        }
        if file.lowercased().hasSuffix(".safetensors") {
            return Terminal.print(try told(ofWeights: file))
        }
        let entries = try ImageMetadata(contentsOf: file).entries
        if json {
            var values = entries.mapValues { MetadataText($0) }
            if let parameters = entries[ImageMetadata.parametersKey] {
                values["settings"] = MetadataText(.object(WebUIParameters(parameters).json))
            }
            Terminal.print(try jsonText(values))
            return
        }
        guard !entries.isEmpty else {
            Terminal.print("\(file) says nothing about how it was made")
            return
        }
        let order = [ImageMetadata.ownKey, ImageMetadata.parametersKey]
        let first = order.filter { entries[$0] != nil }
        for key in first + entries.keys.filter({ !order.contains($0) }).sorted() {
            let text = entries[key] ?? ""
            Terminal.print(Self.title(key))
            switch MetadataText(text).value {
            case .text where key == ImageMetadata.parametersKey:
                Terminal.print(WebUIParameters(text).lines)
            case .text(let text): Terminal.print(Self.indented(text))
            case let value: Terminal.print(Self.indented(value.lines))
            }
        }
    }

    /// What a weight file is: tuned here, or anything else.
    private func told(ofWeights path: String) throws -> String {
        if try SafetensorsInventory(path: path).metadata[TunedFile.key] != nil {
            let record = try TunedFile(contentsOf: path).record
            return json ? try jsonText(record) : TunedText(record).lines
        }
        let report = try WeightFileReport(contentsOf: path)
        return json ? try jsonText(report) : Self.table(report.lines)
    }

    private static func told(of model: ModelSummary, asJSON: Bool) throws -> String {
        asJSON ? try jsonText(model) : table(model.lines)
    }

    private static func table(_ lines: [(title: String, text: String)]) -> String {
        let width = lines.map(\.title.count).max() ?? 0
        return lines.map {
            $0.title.padding(toLength: width + 2, withPad: " ", startingAt: 0) + $0.text
        }.joined(separator: "\n")
    }

    private static func title(_ key: String) -> String {
        switch key {
        case ImageMetadata.ownKey: "pentimento:"
        case ImageMetadata.parametersKey: "parameters (webui format):"
        case "prompt", "workflow": "\(key) (ComfyUI):"
        case "invokeai_metadata", "invokeai_graph", "invokeai_workflow": "\(key) (InvokeAI):"
        default: "\(key):"
        }
    }

    private static func indented(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }.joined(
            separator: "\n")
    }
}
