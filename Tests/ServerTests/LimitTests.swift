import Foundation
import Imaging
import NIOCore
import Support
import Testing
import ToyService
import Vault
import Workshop

@testable import Server

/// What is too large, too slow, too much or nonsense.
@Suite(.serialized) struct LimitTests {
    private func with(_ server: TestServer, _ work: @escaping @Sendable (RawClient) throws -> Bool)
        async throws -> Bool
    {
        let port = server.port
        return try await RawClient.run { try work(try RawClient(port: port)) }
    }

    @Test("A head or a body that comes a byte at a time is cut off, and others are served meanwhile")
    func slow() async throws {
        let server = try await TestServer {
            $0.limits.head = .milliseconds(400)
            $0.limits.body = .milliseconds(400)
        }
        let host = "Host: 127.0.0.1:\(server.port)\r\n"
        for start in [
            "GET /healthz HTTP/1.1\r\n",
            "POST /api/v1/jobs HTTP/1.1\r\n\(host)Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n",
        ] {
            async let isClosed = with(server) { client in
                client.send(start)
                let begin = Date()
                while Date().timeIntervalSince(begin) < 5 {
                    client.send("x")
                    if client.rest(seconds: 0.1).isClosed { return true }
                }
                return false
            }
            #expect(try await server.ask("GET", "/healthz").status == 200)
            #expect(try await isClosed)
        }
        try await server.close()
    }

    @Test("A body without end is cut off where it becomes too large, with an answer that can be read")
    func endless() async throws {
        let server = try await TestServer { $0.limits.picture = 100_000 }
        let port = server.port
        let text = try await RawClient.run {
            let client = try RawClient(port: port)
            client.send(
                "POST /api/v1/pictures HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            let piece = Array("2710\r\n".utf8) + [UInt8](repeating: 7, count: 10_000) + Array("\r\n".utf8)
            for _ in 0..<40 where !client.send(piece) { break }
            return String(decoding: client.rest(seconds: 6).bytes, as: UTF8.self)
        }
        #expect(text.hasPrefix("HTTP/1.1 413 "), "\(text.prefix(200))")
        #expect(try FileManager.default.contentsOfDirectory(atPath: server.toy.folder + "/incoming").isEmpty)
        try await server.close()
    }

    @Test("Whoever asks first whether to go on is told to, or is refused at once")
    func expects() async throws {
        let server = try await TestServer()
        let bytes = try toyImage().encoded(as: .png)
        let port = server.port
        let statuses = try await RawClient.run {
            let head =
                "POST /api/v1/pictures HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: image/png\r\nExpect: 100-continue\r\n"
            let client = try RawClient(port: port)
            client.send(head + "Content-Length: \(bytes.count)\r\n\r\n")
            let first = try client.answer().status
            client.send(bytes)
            let second = try client.answer().status
            let other = try RawClient(port: port)
            other.send(head + "Content-Length: 1000000000000\r\n\r\n")
            return [first, second, try other.answer().status]
        }
        #expect(statuses == [100, 201, 413])
        try await server.close()
    }

    @Test("HTTP/1.0 is answered and closed; other protocols and noise are refused; the service goes on")
    func protocols() async throws {
        let server = try await TestServer()
        let host = "Host: 127.0.0.1:\(server.port)\r\n"
        #expect(
            try await with(server) { client in
                client.send("GET /healthz HTTP/1.0\r\n\(host)\r\n")
                let (bytes, isClosed) = client.rest(seconds: 3)
                return isClosed && String(decoding: bytes, as: UTF8.self).contains(" 200 ")
            })
        var generator = SystemRandomNumberGenerator()
        let noise = (0..<2000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        for bytes in [
            Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8),
            [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3, 13, 10, 13, 10],
            noise + [13, 10, 13, 10],
        ] {
            #expect(
                try await with(server) { client in
                    client.send(bytes)
                    let (answer, isClosed) = client.rest(seconds: 12)
                    return isClosed || String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 400")
                })
        }
        #expect(try await server.ask("GET", "/healthz").status == 200)
        try await server.close()
    }

    @Test("JSON that is none, too deep or of impossible numbers is refused, never a fault")
    func nonsense() async throws {
        let server = try await TestServer()
        let photo = try await server.upload()
        let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
        let cases: [(String, Set<Int>)] = [
            (deep, [400]), ("{\"seed\": 1e400}", [400, 422]), ("{\"guidance\": NaN}", [400]), ("", [400]),
            ("{\"prompt\": \"\\ud800\"}", [400, 422]), ("{\"a\": 1, \"a\": 2}", [422]), ("null", [422]),
            (TestServer.edit(photo).replacing("\"seed\": 3", with: "\"seed\": 18446744073709551616"), [422]),
            (TestServer.edit(photo, ", \"guidance\": 1e308"), [422]),
            (TestServer.edit(photo, ", \"workingSide\": 1000000"), [422]),
            (TestServer.edit(photo).replacing("\"steps\": 10", with: "\"steps\": 1000000"), [422]),
        ]
        for (text, expected) in cases {
            let answer = try await server.ask("POST", "/api/v1/jobs", json: text)
            #expect(expected.contains(answer.status), "\(text.prefix(80)): \(answer.text)")
        }
        let large = "{\"prompt\": \"\(String(repeating: "x", count: 1 << 20))\"}"
        #expect(try await server.ask("POST", "/api/v1/jobs", json: large).status == 413)
        try await server.close()
    }

    @Test("Files are what their bytes say: pictures whatever they are called, and nothing else")
    func kinds() async throws {
        let server = try await TestServer()
        let png = try toyImage().encoded(as: .png)
        func upload(_ bytes: [UInt8], _ type: String = "image/png") async throws -> RawClient.Answer {
            try await server.ask(
                "POST", "/api/v1/pictures?label=x.jpg", ["Content-Type: \(type)"], body: bytes)
        }
        let taken = try await upload(png, "image/jpeg")
        #expect(taken.status == 201 && taken.json["format"] == .text("png"))
        let id = try #require(taken.json["id"]?.text)
        let file = try await server.ask("GET", "/api/v1/pictures/\(id)/file")
        #expect(
            file.headers["content-type"] == "image/png" && file.headers["x-content-type-options"] == "nosniff"
        )
        for (text, seen) in [
            ("<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"), ("%PDF-1.7", "PDF"),
            ("<html></html>", "web page"),
            ("version https://git-lfs.github.com/spec/v1", "git-lfs"), ("P6\n1 1\n255\nabc", "PPM"),
            ("MVG", "not a picture"),
        ] {
            let answer = try await upload(Array(text.utf8))
            #expect(answer.status == 415 && answer.text.contains(seen), "\(text): \(answer.text)")
        }
        #expect(try await upload([]).status == 422)
        #expect(try await upload(png, "text/html").status == 415)
        #expect(try await upload(Array(png.prefix(60))).status == 422)
        // A header that promises 60000 times 60000 pixels.
        var huge = png
        huge.replaceSubrange(16..<24, with: [0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60])
        huge.replaceSubrange(29..<33, with: Self.checksum(huge[12..<29]))
        #expect(try await upload(huge).status == 413)
        try await server.close()
    }

    /// The checksum of a PNG's chunk (its specification, annex D).
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var sum = UInt32.max
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        return (0..<4).map { UInt8(truncatingIfNeeded: ~sum >> (24 - 8 * UInt32($0))) }
    }

    @Test("A queue that is full says so, and when to come again")
    func full() async throws {
        let server = try await TestServer(pause: 0.2, queue: 4)
        let photo = try await server.upload()
        var statuses: [Int] = []
        for _ in 0..<5 {
            statuses.append(try await server.ask("POST", "/api/v1/jobs", json: TestServer.edit(photo)).status)
        }
        let last = try await server.ask("POST", "/api/v1/jobs", json: TestServer.edit(photo))
        #expect(statuses.first == 202 && last.status == 429)
        #expect(Int(last.headers["retry-after"] ?? "").map { (1...120).contains($0) } == true)
        try await server.close()
    }

    @Test("Names of downloads hold what they may, and no line ends")
    func names() {
        #expect(
            Routes.attachment("a \"b\"\r\nX: y-ä.png")
                == "attachment; filename=\"a__b___X__y-__.png\"; filename*=UTF-8''a%20%22b%22%0D%0AX%3A%20y-%C3%A4.png"
        )
        #expect(Uploads.label("../../etc/pass\u{7}wd\r\n.png") == "passwd.png")
        #expect(Uploads.label("C:\\photos\\x.png") == "x.png")
        #expect(Uploads.label("") == nil && Uploads.label(String(repeating: "x", count: 500))?.count == 200)
    }
}
