import Diffusion
import Editing
import Foundation
import Imaging
import Networks
import Support
import Tensors
import TestSupport
import Testing

@testable import pentimento

/// What each error means to the caller of the program, and that none is forgotten.
@Suite struct ErrorKindTests {
    /// Every type that the libraries declare with a conformance that ends in "Error", and that conformance.
    private func declared() throws -> [(type: String, conformance: String)] {
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources").path
        let pattern = /(?m)^[a-z \t]*(?:enum|struct|class|actor|extension) (\w+)(?:<[^>]*>)?:([^{]*)\{/
        let files = try #require(FileManager.default.enumerator(atPath: sources)).compactMap { $0 as? String }
        return try files.sorted().filter { $0.hasSuffix(".swift") && !$0.hasPrefix("pentimento/") }.flatMap {
            file in
            try String(contentsOfFile: sources + "/" + file, encoding: .utf8).matches(of: pattern).flatMap {
                match in
                match.2.split(whereSeparator: { ", \n&".contains($0) })
                    .filter {
                        $0 == "Error" || $0 == "Swift.Error" || $0 == "LocalizedError" || $0 == "UserError"
                    }
                    .map { (String(match.1), String($0)) }
            }
        }
    }

    @Test("Every error type of the libraries says of what kind it is")
    func everyTypeHasAKind() throws {
        let declared = try declared()
        #expect(declared.filter { $0.conformance != "UserError" }.map(\.type) == [])
        #expect(
            declared.map(\.type).sorted() == [
                "AddressTaken", "BenchmarkDataError", "Busy", "CheckpointError", "ConfigurationError",
                "DiffusionCLIPError", "DiffusionError", "EditError",
                "EditingError", "EmbeddingError", "HubCacheError",
                "ImagingError", "JudgingError", "LiftError", "LoRAError", "LoRAFault", "MaskError",
                "ModelPlacesError",
                "OperatorMissing", "PhotoSetError", "Problem", "RegionFileError", "RelevanceError",
                "SafetensorsError",
                "StillLifeSetError", "StudyError", "SystemFailure", "TensorError", "TokenizerError",
                "TorchMissing", "TrainingError", "TunedFileError", "VaultError", "VoteError", "WeightError",
                "WriteFailure",
            ])
    }

    @Test(
        "A kind is one exit status",
        arguments: zip(
            UserErrorKind.allCases, [Status.usage, .badInput, .missing, .badInput, .fault, .fault]))
    func statuses(kind: UserErrorKind, status: Status) {
        struct Sample: UserError {
            let kind: UserErrorKind
            var description: String { "it is \(kind)" }
        }
        #expect(Failure(describing: Sample(kind: kind)) == Failure(status, "it is \(kind)"))
    }

    @Test("Errors of the parts end the program with the status of their cause")
    func causes() {
        let errors: [(any Error, Status)] = [
            (EditingError.emptyPrompt, .usage), (DiffusionError.badSteps(steps: 0, most: 1000), .usage),
            (DiffusionError.missingFile(path: "a", purpose: "b"), .missing),
            (DiffusionError.notFinite(stage: "painting", dtype: .float32), .fault),
            (DiffusionError.otherFamily(path: "a", family: "b"), .badInput),
            (ImagingError.missingFolder(path: "a"), .missing), (ImagingError.diskFull(path: "a"), .fault),
            (ImagingError.unknownExtension(path: "a"), .usage),
            (ImagingError.formatNotSupported(path: "a", format: "AVIF"), .badInput),
            (ConfigurationError.noFile("a"), .missing),
            (ConfigurationError.unknown(path: "a", key: "b", value: "c"), .badInput),
            (SafetensorsError.cannotRead(path: "/nowhere/a", reason: "b"), .missing),
            (SafetensorsError.cannotRead(path: #filePath, reason: "b"), .badInput),
            (SafetensorsError.gguf(path: "a"), .badInput),
            (TunedFileError.none(path: "a"), .badInput), (TunedFileError.newer(path: "a"), .badInput),
            (TunedFileError.otherMethod(path: "a", own: "b", asked: "c"), .usage),
            (EditingError.noMemoryToTune(bytes: nil, lighter: nil), .fault),
            (WriteFailure("a", .noFolder("b")), .missing), (WriteFailure("a", .noRoom), .fault),
            (WriteFailure("a", .isFolder), .badInput), (CocoaError(.fileReadNoSuchFile), .missing),
            (CocoaError(.fileReadCorruptFile), .fault),
        ]
        for (error, status) in errors { #expect(Failure(describing: error).status == status, "\(error)") }
    }
}
