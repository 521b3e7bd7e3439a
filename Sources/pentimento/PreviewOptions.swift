import ArgumentParser
import Diffusion
import Foundation
import Imaging
import Logging
import Synchronization

/// Showing what is being painted while it is painted.
struct PreviewOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What is being painted, written anew every second as far as it can be told by then.",
            valueName: "file"))
    var preview: String?

    /// Where previews go; nil where none are wanted.
    /// - Throws: what is wrong with the file, before anything is computed.
    func file(_ log: Logger) throws -> PreviewFile? {
        guard let preview else { return nil }
        guard preview != "-" else {
            throw Failure.usage(
                "--preview is standard output; it is written anew all the time, so name a file")
        }
        try Outputs.check(image: preview)
        return PreviewFile(path: preview, log: log)
    }
}

/// A file that holds the newest preview.
final class PreviewFile: Sendable {
    private let path: String
    private let log: Logger
    /// Whether a preview could not be written, which is told once.
    private let hasFailed = Mutex(false)

    init(path: String, log: Logger) {
        self.path = path
        self.log = log
    }

    /// Puts a preview in the place of the one before, enlarged where it has a pixel for each latent element.
    func write(_ preview: Preview) {
        let least = 256
        let image = preview.image
        let times = max(1, Int((Double(least) / Double(max(image.width, image.height))).rounded()))
        let shown = image.resized(width: image.width * times, height: image.height * times)
        do {
            try shown.write(to: path)
        } catch {
            let isFirst = hasFailed.withLock { failed in
                defer { failed = true }
                return !failed
            }
            if isFirst { log.warning("no preview: \(error)") }
        }
    }
}
