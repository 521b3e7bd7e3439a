import Foundation
import Support
import Testing

@testable import Tensors

@Suite struct SafetensorsWriteFailureTests {
    private let tensors = [(name: "a", tensor: Tensor([1, 2] as [Float]))]

    @Test("Names used twice or reserved are refused before anything is written")
    func names() throws {
        let scratch = try Scratch()
        let path = scratch.folder + "/a.safetensors"
        #expect(throws: SafetensorsError.nameTaken(path: path, tensor: "a")) {
            try Safetensors.write(tensors + tensors, to: path)
        }
        #expect(throws: SafetensorsError.nameReserved(path: path, tensor: "__metadata__")) {
            try Safetensors.write([("__metadata__", tensors[0].tensor)], to: path)
        }
        #expect(try scratch.content == [])
    }

    @Test("A folder that is missing is named")
    func missingFolder() throws {
        let scratch = try Scratch()
        let path = scratch.folder + "/none/a.safetensors"
        #expect(throws: SafetensorsError.folderMissing(path: path, folder: scratch.folder + "/none")) {
            try Safetensors.write(tensors, to: path)
        }
        // A file where the folder should be.
        let file = try scratch.file([1], named: "file")
        #expect(throws: SafetensorsError.folderMissing(path: file + "/a", folder: file)) {
            try Safetensors.write(tensors, to: file + "/a")
        }
    }

    @Test("A folder in the file's place stays, and nothing is left beside it")
    func folderInPlace() throws {
        let scratch = try Scratch()
        let path = scratch.folder + "/taken"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(throws: SafetensorsError.cannotWrite(path: path, reason: "it is a folder; name a file in it"))
        {
            try Safetensors.write(tensors, to: path)
        }
        #expect(try scratch.content == ["taken"])
    }

    @Test("A failure in the middle leaves the old file as it was, and nothing beside it")
    func atomic() throws {
        let scratch = try Scratch()
        let path = scratch.folder + "/a.safetensors"
        try Safetensors.write(tensors, to: path)
        #expect(throws: SafetensorsError.diskFull(path: path, byteCount: 99)) {
            try Safetensors.writeWhole(to: path, byteCount: 99) { descriptor in
                try [UInt8](repeating: 7, count: 10).withUnsafeBytes {
                    try WholeFile.writeAll($0, to: descriptor)
                }
                throw SystemFailure(number: ENOSPC)
            }
        }
        #expect(try scratch.content == ["a.safetensors"])
        #expect(try SafetensorsFile(path: path).tensor("a").floats == [1, 2])
    }

    #if os(Linux)
        @Test("A device without room answers as a full disk")
        func fullDisk() throws {
            let descriptor = open("/dev/full", O_WRONLY)
            try #require(descriptor >= 0)
            defer { close(descriptor) }
            let failure = #expect(throws: SystemFailure.self) {
                try [UInt8](repeating: 7, count: 10).withUnsafeBytes {
                    try WholeFile.writeAll($0, to: descriptor)
                }
            }
            #expect(failure?.number == ENOSPC)
        }
    #endif
}
