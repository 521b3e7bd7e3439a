import Foundation
import Support

/// Writes safetensors files.
public enum Safetensors {
    /// Writes named tensors, whole or not at all: beside the target first, then renamed onto it; `-` is standard output.
    ///
    /// The header names the tensors in the given order; their bytes are ordered by element size, so that each is
    /// aligned. Tensors on other devices or not in row-major order are fine; beside them a few megabytes are needed,
    /// and a copy of one tensor at a time where its order in memory is another.
    /// - Throws: `SafetensorsError` for a name used twice or reserved, a missing folder, a full disk.
    public static func write(
        _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:], to path: String
    ) throws { try write(tensors, metadata: metadata, to: path, replacing: true) }

    /// Writes named tensors; `mode` are the permissions of a file that was not there, before the user's mask.
    package static func write(
        _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:], to path: String,
        replacing: Bool, mode: UInt32 = 0o666
    ) throws {
        let layout = try Layout(tensors, metadata: metadata, path: path)
        let byteCount = layout.header.count + layout.dataByteCount
        try writeWhole(to: path, byteCount: byteCount, replacing: replacing, mode: mode) { descriptor in
            try withoutGradients {
                try layout.header.withUnsafeBytes { try WholeFile.writeAll($0, to: descriptor) }
                for place in layout.dataOrder { try write(tensors[place].tensor, to: descriptor) }
            }
        }
    }

    /// The header's bytes, and the order of the tensors behind it.
    struct Layout {
        let header: [UInt8]
        let dataOrder: [Int]
        let dataByteCount: Int

        init(_ tensors: [(name: String, tensor: Tensor)], metadata: [String: String], path: String) throws {
            var seen: Set<String> = []
            for (name, _) in tensors {
                guard name != SafetensorsHeader.metadataKey else {
                    throw SafetensorsError.nameReserved(path: path, tensor: name)
                }
                guard seen.insert(name).inserted else {
                    throw SafetensorsError.nameTaken(path: path, tensor: name)
                }
            }
            let sizes = tensors.map(\.tensor.dtype.byteCount)
            dataOrder = tensors.indices.sorted { (-sizes[$0], $0) < (-sizes[$1], $1) }
            var ranges = [Range<Int>](repeating: 0..<0, count: tensors.count)
            var reached = 0
            for place in dataOrder {
                let end = reached + tensors[place].tensor.count * sizes[place]
                ranges[place] = reached..<end
                reached = end
            }
            dataByteCount = reached
            var fields: [String] = []
            if !metadata.isEmpty {
                let texts = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0)):\(quoted($1))" }
                fields.append("\(quoted(SafetensorsHeader.metadataKey)):{\(texts.joined(separator: ","))}")
            }
            for (place, (name, tensor)) in tensors.enumerated() {
                let dtype = SafetensorsHeader.dtypeNames.first { $0.dtype == tensor.dtype }?.name ?? ""
                let shape = tensor.shape.map(String.init).joined(separator: ",")
                let offsets = "\(ranges[place].lowerBound),\(ranges[place].upperBound)"
                fields.append(
                    "\(quoted(name)):{\"dtype\":\"\(dtype)\",\"shape\":[\(shape)],\"data_offsets\":[\(offsets)]}"
                )
            }
            var text = Array("{\(fields.joined(separator: ","))}".utf8)
            // Spaces, so that the data begins at a multiple of the largest element.
            text += [UInt8](repeating: 0x20, count: (8 - text.count % 8) % 8)
            header = withUnsafeBytes(of: UInt64(text.count).littleEndian, Array.init) + text
        }
    }

    /// A JSON text.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\0"..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// Elements that go through memory at once.
    private static let pieceLength = 1 << 20

    /// Writes a tensor's elements piece by piece.
    private static func write(_ tensor: Tensor, to descriptor: Int32) throws {
        let flat = tensor.detached.reshaped([-1])
        let count = tensor.count
        let size = tensor.dtype.byteCount
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(min(count, pieceLength) * size, 1), alignment: 8)
        defer { buffer.deallocate() }
        for start in stride(from: 0, to: count, by: pieceLength) {
            let length = min(pieceLength, count - start)
            let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(length * size)])
            flat.narrowed(0, from: start, count: length).copyBytes(to: piece)
            try WholeFile.writeAll(UnsafeRawBufferPointer(piece), to: descriptor)
        }
    }

    /// Lets `body` fill a new file that takes the place of `path` when it is whole; nothing is left on failure.
    static func writeWhole(
        to path: String, byteCount: Int, replacing: Bool = true, mode: UInt32 = 0o666,
        _ body: (Int32) throws -> Void
    ) throws {
        do {
            try WholeFile.write(to: path, replacing: replacing, mode: mode, body)
        } catch let failure as WriteFailure {
            let path = Destination.name(of: failure.path)
            switch failure.cause {
            case .noFolder(let folder): throw SafetensorsError.folderMissing(path: path, folder: folder)
            case .noRoom: throw SafetensorsError.diskFull(path: path, byteCount: byteCount)
            case .taken: throw SafetensorsError.taken(path: path)
            case .closed, .broken: throw SafetensorsError.writingBroke(path: path, reason: failure.reason)
            default: throw SafetensorsError.cannotWrite(path: path, reason: failure.reason)
            }
        }
    }
}
