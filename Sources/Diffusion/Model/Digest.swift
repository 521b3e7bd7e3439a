import Crypto
public import Foundation
public import Tensors

/// A SHA-256 of texts, bytes and tensors, for naming what depends on them.
package struct Digest {
    private var sum = SHA256()

    /// The digest of nothing.
    package init() {}

    /// Takes in a text.
    package mutating func add(_ text: String) { sum.update(data: Data(text.utf8)) }

    /// Takes in bytes.
    package mutating func add(_ bytes: Data) { sum.update(data: bytes) }

    /// Takes in a whole file.
    package mutating func add(_ file: SafetensorsFile) {
        file.withBytes { sum.update(bufferPointer: $0) }
    }

    /// Takes in a tensor: its dtype, shape and bytes in row-major order.
    package mutating func add(_ tensor: Tensor) {
        add("\(tensor.dtype)\(tensor.shape)\n")
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: tensor.count * tensor.dtype.byteCount, alignment: 8)
        defer { buffer.deallocate() }
        withoutGradients { tensor.detached.copyBytes(to: buffer) }
        sum.update(bufferPointer: UnsafeRawBufferPointer(buffer))
    }

    /// The first bytes of the sum, two hexadecimal digits each.
    package func hexadecimal(bytes: Int = 32) -> String {
        sum.finalize().prefix(bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
