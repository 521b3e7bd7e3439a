import Foundation
import Support
import Synchronization

/// Standard output and standard error.
enum Terminal {
    /// Whether somebody watches standard error, so that bars that move make sense.
    static let isWatched = isatty(STDERR_FILENO) == 1

    /// Columns of the terminal behind standard error.
    static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Puts something where standard streams are closed: files that are opened later must not take their numbers.
    static func prepare() {
        // What cannot be read from, or written to, answers as a closed stream does.
        for (descriptor, way) in [
            (STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY),
        ]
        where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", way)
        }
    }

    /// A line on standard output; where it cannot be written, the process ends and says so.
    static func print(_ text: String) {
        do {
            try Array((text + "\n").utf8).withUnsafeBytes { try WholeFile.writeAll($0, to: STDOUT_FILENO) }
        } catch {
            let failure = (error as? SystemFailure).map { WriteFailure("-", number: $0.number) }
            end(.fault, failure.map { "\($0)" } ?? "\(error)")
        }
    }

    /// A line on standard error, above the bar if one is shown.
    static func note(_ text: String) {
        bar.withLock { shown in
            let erase = shown.isEmpty ? "" : "\r\u{1B}[K"
            write(erase + oneLine(text) + "\n" + shown, to: STDERR_FILENO)
        }
    }

    /// Shows a bar in the last line of standard error, or none for an empty text.
    static func show(bar text: String) {
        guard isWatched else { return }
        let text = String(text.prefix(max(columns - 1, 1)))
        bar.withLock { shown in
            guard shown != text else { return }
            write("\r\u{1B}[K" + text, to: STDERR_FILENO)
            shown = text
        }
    }

    /// Ends the process at once, with one line on standard error where there is something to say.
    ///
    /// Without the exit handlers of loaded libraries: they have nothing to save, and libtorch's take their time.
    static func end(_ status: Status, _ message: String = "") -> Never {
        show(bar: "")
        if !message.isEmpty { note("pentimento: " + message) }
        Temporaries.abandon()
        fflush(nil)
        _exit(status.rawValue)
    }

    /// A text without line breaks.
    static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }.joined(separator: " ")
    }

    private static let bar = Mutex("")

    /// Whatever cannot be said on standard error stays unsaid.
    private static func write(_ text: String, to descriptor: Int32) {
        try? Array(text.utf8).withUnsafeBytes { try WholeFile.writeAll($0, to: descriptor) }
    }
}
