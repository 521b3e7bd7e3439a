internal import CTorch
import Foundation
import Support

/// The libtorch that this process has opened, or why there is none.
package enum Backend {
    /// Where the dynamic library was found, or what went wrong in each place.
    package enum Opening: Sendable {
        case opened(path: String)
        case missing(reasons: [String])
    }

    /// Opened once, at the first use of any tensor.
    private nonisolated(unsafe) static let loaded: (table: UnsafePointer<PTInterface>?, opening: Opening) =
        open()

    /// How opening went; opens the library if nobody did before.
    package static var opening: Opening { loaded.opening }

    /// The version of the libtorch behind the boundary, or nil without one.
    package static var version: String? { loaded.table.map { text($0.pointee.version()) } }

    /// The function table.
    static var table: PTInterface {
        guard let table = loaded.table else {
            guard case .missing(let reasons) = loaded.opening else {
                preconditionFailure("opened without a table")
            }
            failTensor("libtorch cannot be opened: \(reasons.joined(separator: "; ")); \(advice)")
        }
        return table.pointee
    }

    /// How many CUDA devices the opened libtorch sees.
    package static var cudaDeviceCount: Int { loaded.table.map { Int($0.pointee.cuda_device_count()) } ?? 0 }

    /// How many threads an operator may use.
    package static var threadCount: Int {
        get { Int(table.thread_count()) }
        set { table.set_thread_count(Int64(newValue)) }
    }

    /// Answers of `body(0)`, …, `body(count - 1)`, computed side by side on so many threads, without gradients.
    ///
    /// Each runs whole on one thread, its operators too: for computations whose operators are too small to be shared
    /// out themselves. `body` may only read what it has in common with the others.
    package static func sideBySide<Answer>(_ count: Int, threads: Int, _ body: (Int) -> Answer) -> [Answer] {
        [Answer](unsafeUninitializedCapacity: count) { answers, filled in
            let first = answers.baseAddress
            let one = { (index: Int) in
                let answer = withoutGradients { body(index) }
                first?.advanced(by: index).initialize(to: answer)
            }
            withoutActuallyEscaping(one) { one in
                withUnsafePointer(to: one) { one in
                    table.side_by_side(
                        Int64(count), Int64(threads),
                        { context, index in
                            context?.assumingMemoryBound(to: ((Int) -> Void).self).pointee(Int(index))
                        }, UnsafeMutableRawPointer(mutating: one))
                }
            }
            filled = count
        }
    }

    /// Peak bytes of the CUDA allocator on a device.
    package static func cudaPeakBytes(device: Int) -> Int { Int(table.cuda_peak_bytes(Int64(device))) }

    /// Waits until a CUDA device has done all it was asked.
    package static func synchronize(_ device: Device) {
        if case .cuda(let index) = device { table.synchronize(Int64(index)) }
    }

    /// Whether this thread computes shapes alone, because memory ran out, see `guardingMemory`.
    static var isShapesOnly: Bool { table.mode() == PT_SHAPES_ONLY }

    /// Whether a call is to be made once more, in shapes alone: memory ran out in it, and somebody recovers from that.
    static func continuesInShapes(after status: PTStatus) -> Bool {
        guard status == PT_OUT_OF_MEMORY, table.mode() == PT_GUARDED else { return false }
        table.set_mode(PT_SHAPES_ONLY)
        return true
    }

    /// The text of the last failure on this thread.
    static var lastError: String { text(table.last_error()) }

    static func text(_ characters: UnsafePointer<CChar>?) -> String {
        characters.map { String(cString: $0) } ?? ""
    }

    /// The folders that the program's own files lie in: that of the executable, and the package's.
    package static let homes: [String] = {
        let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return [executable.map(enclosingFolder(of:)), text(pt_package_directory())].compactMap(\.self)
    }()

    /// The places where the dynamic library may lie, best first.
    private static var candidates: [String] {
        let name = "libpentimento_torch.so"
        if let named = ProcessInfo.processInfo.environment["PENTIMENTO_TORCH"] { return [named] }
        return homes.enumerated().map { place, home in
            home + (place == homes.count - 1 ? "/build/lib/" : "/lib/") + name
        }
    }

    private static func open() -> (UnsafePointer<PTInterface>?, Opening) {
        var reasons: [String] = []
        for path in candidates {
            if let folder = Support.closedFolder(on: path) {
                reasons.append(closed(folder, for: path))
                continue
            }
            guard FileManager.default.fileExists(atPath: path) else {
                reasons.append("\(path) does not exist")
                continue
            }
            var message = [CChar](repeating: 0, count: 1024)
            if let table = pt_open(path, &message, message.count) { return (table, .opened(path: path)) }
            let end = message.firstIndex(of: 0) ?? message.count
            let told = String(decoding: message[..<end].map(UInt8.init(bitPattern:)), as: UTF8.self)
            // The linker says "no such file" of what lies behind a closed folder too.
            reasons.append(
                closedPlace(behind: path).map { closed($0, for: "libtorch, which \(path) needs,") } ?? told)
        }
        return (nil, .missing(reasons: reasons))
    }

    private static func closed(_ folder: String, for what: String) -> String {
        "\(what) lies behind \(folder), a folder \(closedMark)"
    }

    /// How a closed folder is told of in reasons.
    private static let closedMark = "that is closed to this user"

    /// What to do where libtorch cannot be opened.
    package static var advice: String {
        guard case .missing(let reasons) = opening else { return "" }
        return reasons.contains { $0.hasSuffix(closedMark) }
            ? "ask the one who built it to open that folder (chmod o+x), or build a copy of your own with `make build`"
            : "run `make build` once"
    }

    /// The first folder that is closed to this user among those in which a library looks for others.
    static func closedPlace(behind library: String) -> String? {
        guard let bytes = FileManager.default.contents(atPath: library) else { return nil }
        // Search paths are texts between zeros in the file, several with colons between them.
        for text in bytes.split(separator: 0)
        where text.first == UInt8(ascii: "/") && text.count < 4096 {
            for place in String(decoding: text, as: UTF8.self).split(separator: ":") {
                if let folder = Support.closedFolder(on: String(place) + "/x") { return folder }
            }
        }
        return nil
    }
}

/// What happens when an operator is refused: a programmer's error, so the process ends with the operator and shapes.
///
/// The command line replaces it by one line on standard error and exit status 70.
package nonisolated(unsafe) var tensorFailureHandler: @Sendable (String) -> Never = { fatalError($0) }

/// Ends the process with a message, see `tensorFailureHandler`.
func failTensor(_ message: String) -> Never { tensorFailureHandler(message) }
