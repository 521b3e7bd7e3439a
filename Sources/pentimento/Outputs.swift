import Editing
import Foundation
import Imaging
import Support
import Tensors

/// Where results go: checked before the work begins, not after it.
enum Outputs {
    /// Refuses an image file that could not be written: its ending, its name, its folder, its rights.
    static func check(image path: String) throws {
        guard path == "-" || ImageFormat(writing: path) != nil else {
            throw ImagingError.unknownExtension(path: path)
        }
        try check(file: path)
    }

    /// Refuses a file of any kind that could not be written.
    static func check(file path: String) throws {
        guard !path.isEmpty else { throw Failure.usage("the name of the output is empty") }
        try Destination.check(path)
        // Bytes of an image would only upset a terminal.
        if path == "-", isatty(STDOUT_FILENO) == 1 {
            throw Failure.usage(
                "standard output is a terminal; send it into a file or a program, or name a file")
        }
    }

    /// Refuses a folder that could not be made, or is there and could not be replaced as a whole.
    static func check(newFolder path: String) throws {
        guard !path.isEmpty else { throw Failure.usage("the name of the output is empty") }
        try WholeFolder.check(path)
    }

    /// Refuses a folder that files could not be made in.
    static func check(folder path: String) throws {
        guard !path.isEmpty else { throw Failure.usage("the name of the output is empty") }
        try WholeFolder.checkInside(path)
    }

    /// Refuses two outputs that are one place under one name or several.
    /// - Parameter outputs: options with what was given for them; `--json` without a file is `-`.
    static func checkDistinct(_ outputs: [(option: String, path: String?)]) throws {
        let given = outputs.compactMap { output in output.path.map { (output.option, $0) } }
        for (index, (option, path)) in given.enumerated() {
            for (other, otherPath) in given[..<index] where try Destination.areOne(path, otherPath) {
                let place =
                    try Destination(path) == .descriptor(STDOUT_FILENO) ? "standard output" : path
                throw Failure.usage("\(other) and \(option) both go to \(place); one would be lost")
            }
        }
    }

    /// Refuses what finds no room on its disk, as far as sizes are known.
    /// - Parameter outputs: paths, with the most bytes that each will have.
    static func checkRoom(_ outputs: [(path: String, bytes: Int)]) throws {
        var wanted: [UInt: Int] = [:]
        for (path, bytes) in outputs {
            guard let (disk, free) = Destination.freeBytes(at: path) else { continue }
            wanted[disk, default: 0] += bytes
            guard let sum = wanted[disk], sum > free else { continue }
            throw Failure.fault(
                "\(path) cannot be written: up to \(megabytes(sum)) are needed and \(megabytes(free)) are free; "
                    + "make room or name another place")
        }
    }

    /// Refuses an image that has more pixels a side than its kind of file takes.
    static func checkFits(_ path: String, width: Int, height: Int) throws {
        let format = ImageFormat(writing: path)
        let most = format == .webp ? 16_383 : format == .jpeg ? 65_535 : Int.max
        guard max(width, height) <= most else {
            throw ImagingError.cannotEncode(
                path: path,
                reason: "\(width)x\(height) pixels, its kind of file takes \(most) a side; write a PNG")
        }
    }

    /// The most bytes that an image of a size takes in a file of this name.
    static func mostBytes(_ path: String, width: Int, height: Int) -> Int {
        let raw = width * height * 3
        return 65536
            + (ImageFormat(writing: path).map { $0 == .jpeg || $0 == .webp } == true ? raw / 2 : raw)
    }

    private static func megabytes(_ count: Int) -> String { String(format: "%.1f MB", Double(count) / 1e6) }

    /// What an output is called in a line about it.
    static func name(_ path: String) -> String { Destination.name(of: path) }

    /// Lines about a result: on standard output, or on standard error where that is the result.
    static func tell(_ text: String, beside paths: [String?]) {
        let isTaken = paths.compactMap(\.self).contains {
            (try? Destination($0)) == .descriptor(STDOUT_FILENO)
        }
        guard isTaken else { return Terminal.print(text) }
        text.split(separator: "\n").forEach { Terminal.note(String($0)) }
    }

    /// A text, whole or not at all.
    static func write(text: String, to path: String) throws { try WholeFile.write(text, to: path) }

    /// Arrays as a safetensors file.
    static func write(_ arrays: [NamedArray], to path: String, replacing: Bool = true) throws {
        try Safetensors.write(
            arrays.map { ($0.name, Tensor($0.values, shape: $0.shape)) }, to: path, replacing: replacing)
    }
}
