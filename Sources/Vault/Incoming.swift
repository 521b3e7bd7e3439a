import Crypto
import Foundation
import Support

/// A file on its way in: written piece by piece under a passing name, hashed as it comes.
///
/// Used by one task at a time.
package final class Incoming: @unchecked Sendable {
    /// Where it lies for now.
    package let path: String
    /// Bytes so far.
    package private(set) var size = 0
    private var descriptor: Int32
    private var hash = SHA256()
    private var isPlaced = false

    init(in folder: String) throws {
        path = "\(folder)/\(UUID().uuidString).part"
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemFailure(number: errno).asVaultError(folder) }
    }

    /// Takes more bytes.
    package func append(_ bytes: UnsafeRawBufferPointer) throws {
        do { try WholeFile.writeAll(bytes, to: descriptor) } catch let failure as SystemFailure {
            throw failure.asVaultError(path)
        }
        hash.update(bufferPointer: bytes)
        size += bytes.count
    }

    /// Makes what came durable, still under the passing name.
    /// - Returns: the name of a picture of these bytes.
    package func seal() throws -> String {
        let status = fsync(descriptor)
        let number = errno
        close(descriptor)
        descriptor = -1
        guard status == 0 else { throw SystemFailure(number: number).asVaultError(path) }
        return hash.finalize().hex
    }

    /// Gives the sealed file its lasting name, durably.
    func place(at target: String) throws {
        guard rename(path, target) == 0 else { throw SystemFailure(number: errno).asVaultError(target) }
        isPlaced = true
        let folder = open(enclosingFolder(of: target), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if !isPlaced { unlink(path) }
    }
}

extension SystemFailure {
    /// What a failed system call means for the vault.
    func asVaultError(_ place: String) -> VaultError {
        number == ENOSPC || number == EDQUOT ? .noRoom : .unusable(folder: place, reason: description)
    }
}
