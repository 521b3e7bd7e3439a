import Foundation
import TestSupport
import Testing

@testable import pentimento

@Suite struct TextLinesTests {
    @Test("Lists come out of files and pipes, without empty lines and the space around")
    func reads() throws {
        let folder = try Folder()
        let text = "a red apple\r\n\n  a blue cube \n"
        let wanted = ["a red apple", "a blue cube"]
        #expect(try TextLines.read(try folder.file("prompts.txt", text)) == wanted)
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try pipe.fileHandleForWriting.close()
        #expect(try TextLines.read("/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)") == wanted)
        #expect(throws: Failure.self) { try TextLines.read(folder["none.txt"]) }
        try Data([0xff, 0xfe, 0x00]).write(to: URL(fileURLWithPath: folder["bytes.txt"]))
        #expect(throws: Failure.self) { try TextLines.read(folder["bytes.txt"]) }
    }
}
