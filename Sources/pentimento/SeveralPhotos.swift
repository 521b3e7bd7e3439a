import Diffusion
import Foundation
import Imaging
import Layers
import Networks
import Prompts
import Support
import Tensors

/// Photos edited one after the other: what fails is told at the end, and the rest is done.
struct SeveralPhotos {
    private let paths: [String]
    private let json: Bool

    /// - Parameter json: whether every photo that fails gets a line of JSON too.
    init(_ paths: [String], json: Bool) {
        self.paths = paths
        self.json = json
    }

    /// Edits each; `place` says which of how many it is.
    /// - Throws: a `Failure` that counts those that failed or were not begun, after they were listed.
    func each(_ edit: (_ photo: String, _ place: String) async throws -> Void) async throws {
        var failures: [(photo: String, failure: Failure)] = []
        for (index, path) in paths.enumerated() {
            do {
                try Task.checkCancellation()
                try await edit(path, "\(index + 1) of \(paths.count) ")
            } catch is CancellationError {
                tell(failures)
                let done = index - failures.count
                throw Failure(.interrupted, "interrupted; \(done) of \(paths.count) photos are done")
            } catch {
                let failure = Failure(describing: error)
                failures.append((path, failure))
                if json {
                    let line: JSONValue = .object([
                        "photoPath": .text(path), "error": .text(Terminal.oneLine(failure.message)),
                        "status": .whole(Int(failure.status.rawValue)),
                    ])
                    Terminal.print(try jsonLine(line))
                }
                // The same would become of every other photo.
                if Self.isOfAll(error), index + 1 < paths.count {
                    tell(failures)
                    throw Failure(
                        failure.status,
                        "\(failures.count) of \(paths.count) photos failed and "
                            + "\(paths.count - index - 1) were not begun")
                }
            }
        }
        guard let first = failures.first?.failure.status else { return }
        tell(failures)
        let areAlike = failures.allSatisfy { $0.failure.status == first }
        throw Failure(areAlike ? first : .badInput, "\(failures.count) of \(paths.count) photos failed")
    }

    private func tell(_ failures: [(photo: String, failure: Failure)]) {
        Terminal.show(bar: "")
        for (photo, failure) in failures {
            let place = failure.message.contains(photo) ? "" : "\(photo): "
            Terminal.note("pentimento: \(place)\(failure.message)")
        }
    }

    /// Whether an error comes from the model or a full disk, which all photos share.
    private static func isOfAll(_ error: any Error) -> Bool {
        switch error {
        case DiffusionError.notFinite: false
        case is DiffusionError, is WeightError, is ConfigurationError, is TokenizerError: true
        case ImagingError.diskFull, SafetensorsError.diskFull: true
        default: false
        }
    }
}
