import ArgumentParser
import Diffusion
import Editing
import Foundation

/// Files that were tuned before, for an edit to use.
struct TunedOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What was tuned before (see tune): a file of a method, which is the method then, and files of weights, how "
                + "strongly each counts behind =. Several with commas between, or given several times.",
            valueName: "file[=weight],…"))
    var tuned: [String] = []

    /// The files, each read as far as its header.
    func read() throws -> TunedFiles {
        var files = TunedFiles()
        for text in tuned.flatMap(Self.parts) {
            let choice = try ModelOptions.lora(text, as: "--tuned", most: 1)
            let file = try TunedFile(contentsOf: choice.path)
            if file.record.isForAnyMethod {
                files.weights.append((file, try choice.opening()))
                continue
            }
            guard choice.path == text else {
                throw Failure.usage(
                    "--tuned \(text): only weights have a strength; what \(file.record.method) learnt counts by its "
                        + "option \(file.record.method == "hiper" ? "scale" : "eta")")
            }
            guard files.learnt == nil else {
                throw Failure.usage("--tuned names two files of methods; an edit has one method")
            }
            files.learnt = file
        }
        return files
    }

    /// Texts between commas, unless a file has the whole name.
    private static func parts(_ text: String) -> [String] {
        FileManager.default.fileExists(atPath: text)
            ? [text] : text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
}

/// Files that were tuned before.
struct TunedFiles {
    /// What a method learnt, if it is one of them.
    var learnt: TunedFile?
    /// Weights that go with any method.
    var weights: [(file: TunedFile, choice: LoRAChoice)] = []

    /// The weights, each seen to belong to a model.
    func choices(for folder: ModelFolder) throws -> [LoRAChoice] {
        for (file, _) in weights { try file.check(base: folder.name, fingerprint: folder.fingerprint) }
        return weights.map(\.choice)
    }
}
