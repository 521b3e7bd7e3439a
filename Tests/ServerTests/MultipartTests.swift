import Testing
import Workshop

@testable import Server

@Suite struct MultipartTests {
    private static let body =
        "preamble\r\n--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--not\r\n--B\r\n"
        + "content-disposition: form-data; name=b; filename=\"q\\\"x;y.png\"\r\nContent-Type: image/png\r\n\r\n\r\n--B--\r\nepilogue"

    private func read(_ body: String, piece: Int) throws -> (parts: [String], isDone: Bool) {
        var reader = try MultipartReader(contentType: "multipart/form-data; boundary=\"B\"")
        var parts: [String] = []
        let bytes = Array(body.utf8)
        for start in stride(from: 0, to: bytes.count, by: piece) {
            for event in try reader.read(bytes[start..<min(start + piece, bytes.count)]) {
                switch event {
                case .part(let name, let fileName): parts.append("\(name)|\(fileName ?? "-")|")
                case .data(let data): parts[parts.count - 1] += String(decoding: data, as: UTF8.self)
                case .partEnd: parts[parts.count - 1] += "."
                }
            }
        }
        return (parts, reader.isDone)
    }

    @Test(
        "Parts come out the same however the body is cut: a boundary across two pieces would be taken for data",
        arguments: [1, 2, 3, 5, 7, 64, 1000])
    func cut(piece: Int) throws {
        let (parts, isDone) = try read(Self.body, piece: piece)
        #expect(parts == ["a|-|one\r\n--not.", "b|q\"x;y.png|."])
        #expect(isDone)
    }

    @Test("A body without its last boundary is not done")
    func unfinished() throws {
        #expect(try !read(String(Self.body.dropLast(14)), piece: 10).isDone)
    }

    @Test("Too many parts, an endless head, a part without a name and multipart in multipart are refused")
    func refused() {
        func status(_ body: String) -> Int? {
            do {
                _ = try read(body, piece: 100)
                return nil
            } catch { return (error as? Problem)?.status }
        }
        let part = "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n"
        #expect(status(String(repeating: part, count: 65)) == 413)
        #expect(status(String(repeating: part, count: 64)) == nil)
        #expect(status("--B\r\nX: " + String(repeating: "x", count: 1 << 20)) == 400)
        #expect(status("--B\r\nContent-Type: text/plain\r\n\r\nx\r\n--B--") == 400)
        #expect(
            status(
                "--B\r\nContent-Disposition: form-data; name=a\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n"
            ) == 415)
        #expect(status("--Bx\r\n\r\n") == 400)
    }

    @Test("A content type needs a boundary of 1 to 70 characters")
    func boundaries() {
        for type in [
            "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"x",
            "multipart/form-data; boundary=\(String(repeating: "x", count: 71))",
        ] {
            #expect(throws: Problem.self) { try MultipartReader(contentType: type) }
        }
    }
}
