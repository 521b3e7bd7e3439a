import Foundation
import Imaging
import Support
import Testing
import ToyService
import Vault
import Workshop

@testable import Server

/// OpenAI's way of asking; its own client is tried in Tests/service.
@Suite(.serialized) struct OpenAITests {
    /// A form with a picture and some fields.
    private static func form(_ fields: [(String, String)]) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for (name, value) in fields {
            bytes += Array("--B\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8)
        }
        bytes += Array(
            "--B\r\nContent-Disposition: form-data; name=\"image\"; filename=\"upload\"\r\n\r\n".utf8)
        return bytes + (try toyImage().encoded(as: .png)) + Array("\r\n--B--\r\n".utf8)
    }

    private static let fields = [
        ("prompt", "dog"), ("source", "cat"), ("method", "sdedit"), ("steps", "10"), ("seed", "3"),
    ]
    private static let type = "Content-Type: multipart/form-data; boundary=B"

    @Test("An edit answers with the image that the native way makes of the same request")
    func edit() async throws {
        let server = try await TestServer()
        let answer = try await server.ask(
            "POST", "/v1/images/edits", [Self.type], body: Self.form(Self.fields))
        #expect(answer.status == 200, "\(answer.text.prefix(300))")
        let text = try #require(answer.json["data"]?.list?.first?.object?["b64_json"]?.text)
        let bytes = [UInt8](try #require(Data(base64Encoded: text)))
        let photo = try await server.upload()
        let job = try await server.ask("POST", "/api/v1/jobs?wait=20", json: TestServer.edit(photo))
        let name = try #require(job.json["result"]?.text)
        let result = try #require(try await server.toy.vault.result(name))
        let own = try await server.toy.workshop.store.photo(result.picture)
        #expect(try Photo(bytes: bytes).image == own.image)
        #expect(answer.json["size"] == .text("40x40"))
        try await server.close()
    }

    @Test("What is wrong is told as OpenAI's services tell it")
    func problems() async throws {
        let server = try await TestServer()
        let unknown = try await server.ask("GET", "/v1/models/none")
        #expect(unknown.status == 404 && unknown.json["error"]?.object?["code"] == .text("model_not_found"))
        let bare = try await server.ask(
            "POST", "/v1/images/edits", [Self.type], body: Self.form([("prompt", "dog"), ("n", "11")]))
        #expect(bare.status == 422)
        #expect(bare.json["error"]?.object?["type"] == .text("invalid_request_error"))
        #expect(bare.json["error"]?.object?["param"] == .text("n"))
        try await server.close()
    }

    @Test("A client that leaves ends its job after a while, one that comes back before adopts it")
    func leaving() async throws {
        let server = try await TestServer(pause: 0.05) { $0.patience = .milliseconds(500) }
        let port = server.port
        let body = try Self.form(Self.fields.map { $0.0 == "steps" ? ("steps", "60") : $0 })
        let head = Array(
            "POST /v1/images/edits HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\(Self.type)\r\nContent-Length: \(body.count)\r\n\r\n"
                .utf8)
        func begin() throws -> RawClient {
            let client = try RawClient(port: port)
            client.send(head + body)
            return client
        }
        let vault = server.toy.vault
        func states() async throws -> [JobRow.State] { try await vault.jobs(limit: 9).map(\.state) }
        var client: RawClient? = try begin()
        while try await states() != [.running] { try await Task.sleep(for: .milliseconds(10)) }
        client = nil
        try await Task.sleep(for: .milliseconds(150))
        client = try begin()
        try await Task.sleep(for: .milliseconds(800))
        // Painting twice for one picture would be a second job here.
        #expect(try await states() == [.running])
        client = nil
        let start = ContinuousClock.now
        while try await states() == [.running], ContinuousClock.now - start < .seconds(5) {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(try await states() == [.cancelled])
        #expect(client == nil)
        try await server.close()
    }

    @Test("Names of form fields that stand in brackets become objects and lists")
    func nested() throws {
        var fields: [String: JSONValue] = [:]
        try fields.put(.text("1"), at: "seed")
        try fields.put(.text("0.5"), at: "pentimento[options][threshold]")
        try fields.put(.text("sdedit"), at: "pentimento[method]")
        for name in ["a", "b"] { try fields.put(.text(name), at: "pentimento[options][from-sentences][]") }
        let options: JSONValue = .object([
            "threshold": .text("0.5"), "from-sentences": .list([.text("a"), .text("b")]),
        ])
        #expect(
            fields == [
                "seed": .text("1"), "pentimento": .object(["method": .text("sdedit"), "options": options]),
            ])
        #expect(throws: Problem.self) { try fields.put(.text("x"), at: "seed[x]") }
        #expect(throws: Problem.self) {
            try fields.put(.text("x"), at: "a" + String(repeating: "[b]", count: 9))
        }
    }
}
