import Foundation
import Imaging
import NIOCore
import Support
import Testing
import ToyService
import Vault
import Workshop

@testable import Server

/// Attacks and what is answered, through a socket.
@Suite(.serialized) struct DoorTests {
    /// What is sent, with PORT for the port, and the status that comes back.
    struct Attempt: Sendable, CustomTestStringConvertible {
        let name: String
        let head: String
        var body = ""
        let status: Int
        var testDescription: String { name }
    }

    private static let own = "Host: 127.0.0.1:PORT"
    private static let attempts: [Attempt] = [
        // Names that were turned to this address.
        .init(
            name: "another name", head: "GET /api/v1/jobs HTTP/1.1\r\nHost: evil.example:PORT", status: 403),
        .init(
            name: "another name, making something",
            head: "POST /api/v1/jobs HTTP/1.1\r\nHost: evil.example:PORT\r\nContent-Type: application/json",
            body: "{}",
            status: 403),
        .init(name: "no Host", head: "GET /healthz HTTP/1.1", status: 400),
        .init(name: "two Hosts", head: "GET /healthz HTTP/1.1\r\n\(own)\r\nHost: evil.example", status: 400),
        .init(
            name: "a longer name", head: "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1.evil.example:PORT",
            status: 403),
        .init(name: "another port", head: "GET /healthz HTTP/1.1\r\nHost: localhost:1", status: 403),
        .init(name: "no port", head: "GET /healthz HTTP/1.1\r\nHost: localhost", status: 403),
        .init(name: "its own name", head: "GET /healthz HTTP/1.1\r\nHost: LOCALHOST:PORT", status: 200),
        .init(
            name: "an address in full", head: "GET http://evil.example/healthz HTTP/1.1\r\n\(own)",
            status: 400),
        // Pages of other places.
        .init(
            name: "text from another page",
            head:
                "POST /api/v1/jobs HTTP/1.1\r\n\(own)\r\nOrigin: http://evil.example\r\nContent-Type: text/plain",
            body: "{}", status: 403),
        .init(
            name: "text without Origin",
            head: "POST /api/v1/jobs HTTP/1.1\r\n\(own)\r\nContent-Type: text/plain",
            body: "{}", status: 415),
        .init(
            name: "a form of another page",
            head: "POST /api/v1/pictures HTTP/1.1\r\n\(own)\r\nOrigin: http://evil.example\r\n"
                + "Content-Type: multipart/form-data; boundary=B", body: "--B--\r\n", status: 403),
        .init(
            name: "a sandboxed frame", head: "GET /api/v1/jobs HTTP/1.1\r\n\(own)\r\nOrigin: null",
            status: 403),
        .init(
            name: "a page on another port",
            head:
                "POST /api/v1/jobs HTTP/1.1\r\n\(own)\r\nOrigin: http://127.0.0.1:1\r\nContent-Type: application/json",
            body: "{}", status: 403),
        .init(
            name: "a reading page on another port",
            head:
                "GET /api/v1/jobs HTTP/1.1\r\n\(own)\r\nSec-Fetch-Site: same-site\r\nSec-Fetch-Mode: no-cors",
            status: 403),
        .init(
            name: "a picture elsewhere",
            head:
                "GET /api/v1/results HTTP/1.1\r\n\(own)\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n"
                + "Sec-Fetch-Dest: image", status: 403),
        .init(
            name: "events elsewhere",
            head:
                "GET /api/v1/events HTTP/1.1\r\n\(own)\r\nOrigin: http://evil.example\r\nSec-Fetch-Site: cross-site",
            status: 403),
        .init(
            name: "a link to a result",
            head:
                "GET /api/v1/results HTTP/1.1\r\n\(own)\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"
                + "Sec-Fetch-Dest: document", status: 403),
        .init(
            name: "a link to the page",
            head: "GET / HTTP/1.1\r\n\(own)\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"
                + "Sec-Fetch-Dest: document", status: 200),
        .init(
            name: "its own page",
            head:
                "GET /api/v1/jobs HTTP/1.1\r\n\(own)\r\nOrigin: http://127.0.0.1:PORT\r\nSec-Fetch-Site: same-origin",
            status: 200),
        .init(
            name: "a preflight of another page",
            head: "OPTIONS /api/v1/jobs HTTP/1.1\r\n\(own)\r\nOrigin: http://evil.example\r\n"
                + "Access-Control-Request-Method: POST", status: 403),
        // Names that are none.
        .init(
            name: "a way up", head: "GET /api/v1/pictures/..%2f..%2fetc%2fpasswd HTTP/1.1\r\n\(own)",
            status: 404),
        .init(name: "a way up in the page", head: "GET /..%2fPackage.swift HTTP/1.1\r\n\(own)", status: 404),
        .init(name: "a way up as it stands", head: "GET /../../etc/passwd HTTP/1.1\r\n\(own)", status: 404),
        .init(name: "a zero byte", head: "GET /api/v1/pictures/%00 HTTP/1.1\r\n\(own)", status: 404),
        .init(
            name: "65 digits",
            head: "GET /api/v1/pictures/\(String(repeating: "a", count: 65)) HTTP/1.1\r\n\(own)",
            status: 404),
        .init(
            name: "large digits",
            head: "GET /api/v1/pictures/\(String(repeating: "A", count: 64))/file HTTP/1.1\r\n\(own)",
            status: 404),
        .init(name: "a job of another form", head: "GET /api/v1/jobs/j_x HTTP/1.1\r\n\(own)", status: 404),
        // Verbs and addresses.
        .init(name: "a wrong verb", head: "PUT /api/v1/jobs HTTP/1.1\r\n\(own)", status: 405),
        .init(name: "no address", head: "GET /api/v2 HTTP/1.1\r\n\(own)", status: 404),
        .init(
            name: "a long address", head: "GET /\(String(repeating: "x", count: 5000)) HTTP/1.1\r\n\(own)",
            status: 400),
        // Lengths.
        .init(
            name: "a picture of a terabyte",
            head:
                "POST /api/v1/pictures HTTP/1.1\r\n\(own)\r\nContent-Type: image/png\r\nContent-Length: 1000000000000",
            status: 413),
        .init(
            name: "a negative length",
            head: "POST /api/v1/pictures HTTP/1.1\r\n\(own)\r\nContent-Type: image/png\r\nContent-Length: -1",
            status: 400),
        .init(
            name: "a length and pieces",
            head: "POST /api/v1/jobs HTTP/1.1\r\n\(own)\r\nContent-Length: 3\r\nTransfer-Encoding: chunked",
            status: 400),
        .init(
            name: "a head of 90 KB",
            head: "GET /healthz HTTP/1.1\r\n\(own)\r\nX: \(String(repeating: "x", count: 90_000))",
            status: 400),
        .init(
            name: "a zero byte in a field", head: "GET /healthz HTTP/1.1\r\n\(own)\r\nX: a\0b", status: 400),
    ]

    @Test("Whoever may not ask is refused, whoever may is answered, whatever else is asked")
    func attempts() async throws {
        let web = NSTemporaryDirectory() + "/web-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: web, withIntermediateDirectories: true)
        try Data("<!doctype html>".utf8).write(to: URL(fileURLWithPath: web + "/index.html"))
        defer { try? FileManager.default.removeItem(atPath: web) }
        let server = try await TestServer { $0.web = web }
        let port = server.port
        for attempt in Self.attempts {
            let answer = try await RawClient.run {
                let client = try RawClient(port: port)
                var head = attempt.head.replacing("PORT", with: "\(port)")
                if !attempt.body.isEmpty { head += "\r\nContent-Length: \(attempt.body.utf8.count)" }
                client.send("\(head)\r\n\r\n\(attempt.body)")
                return try client.answer()
            }
            #expect(answer.status == attempt.status, "\(attempt.name): \(answer.status) \(answer.text)")
            #expect(answer.headers["access-control-allow-origin"] == nil)
            #expect(answer.headers["server"] == nil)
        }
        #expect(try await server.toy.vault.jobs(limit: 5).isEmpty)
        #expect(try await server.ask("GET", "/healthz").status == 200)
        try await server.close()
    }

    @Test("Every answer says how it may be used: no frames, no guesses of types, no other place's scripts")
    func headers() async throws {
        let server = try await TestServer()
        for path in ["/healthz", "/nothing", "/api/v1/jobs"] {
            let headers = try await server.ask("GET", path).headers
            #expect(headers["x-content-type-options"] == "nosniff")
            #expect(headers["x-frame-options"] == "DENY")
            #expect(headers["cross-origin-resource-policy"] == "same-origin")
            #expect(headers["content-security-policy"]?.contains("frame-ancestors 'none'") == true)
            #expect(
                headers["content-security-policy"]?.contains("require-trusted-types-for 'script'") == true)
            #expect(headers["x-request-id"]?.isEmpty == false)
        }
        let problem = try await server.ask("GET", "/api/v2")
        #expect(problem.headers["content-type"] == "application/problem+json")
        #expect(problem.json["instance"] == .text(try #require(problem.headers["x-request-id"])))
        let verb = try await server.ask("PUT", "/api/v1/jobs")
        #expect(verb.headers["allow"] == "GET, POST")
        try await server.close()
    }

    @Test("With a token nothing is told without it, by whichever way it comes, and guessing has an end")
    func token() async throws {
        let server = try await TestServer { $0.token = "secret" }
        #expect(try await server.ask("GET", "/healthz").status == 200)
        let refused = try await server.ask("GET", "/api/v1/jobs")
        #expect(refused.status == 401 && refused.headers["www-authenticate"]?.contains("Bearer") == true)
        #expect(try await server.ask("GET", "/api/v1/jobs?token=secret").status == 401)
        #expect(try await server.ask("GET", "/api/v1/jobs", ["Authorization: Bearer secret"]).status == 200)
        let basic = Data("anybody:secret".utf8).base64EncodedString()
        #expect(try await server.ask("GET", "/api/v1/jobs", ["Authorization: Basic \(basic)"]).status == 200)
        #expect(try await server.ask("GET", "/api/v1/jobs", ["Authorization: "]).status == 401)

        let opened = try await server.ask("POST", "/api/v1/session", json: "{\"token\": \"secret\"}")
        let cookie = try #require(opened.headers["set-cookie"])
        #expect(opened.status == 204)
        #expect(cookie.hasPrefix("pentimento-\(server.port)=") && cookie.contains("HttpOnly"))
        #expect(cookie.contains("SameSite=Strict") && !cookie.contains("secret"))
        let sent = "Cookie: \(cookie.prefix { $0 != ";" })"
        #expect(try await server.ask("GET", "/api/v1/jobs", [sent]).status == 200)
        #expect(try await server.ask("DELETE", "/api/v1/session", [sent]).status == 204)
        #expect(try await server.ask("GET", "/api/v1/jobs", [sent]).status == 401)

        for _ in 0..<10 {
            let wrong = try await server.ask("GET", "/api/v1/jobs", ["Authorization: Bearer wrong"])
            #expect(wrong.status == 401)
        }
        let eleventh = try await server.ask("GET", "/api/v1/jobs", ["Authorization: Bearer wrong"])
        #expect(eleventh.status == 429 && eleventh.headers["retry-after"] == "60")
        try await server.close()
    }

    @Test("An empty Authorization field is none where no token is set")
    func emptyField() async throws {
        let server = try await TestServer()
        #expect(try await server.ask("GET", "/v1/models", ["Authorization: "]).status == 200)
        try await server.close()
    }

    @Test("A page that was allowed by name may ask and read, and no other")
    func allowed() async throws {
        let server = try await TestServer {
            $0.allowedOrigins = ["https://good.example"]; $0.allowedHosts = ["photos.example"]
        }
        let origin = "Origin: https://good.example"
        let preflight = try await server.ask("OPTIONS", "/api/v1/jobs", [origin])
        #expect(preflight.status == 204)
        #expect(preflight.headers["access-control-allow-origin"] == "https://good.example")
        let read = try await server.ask("GET", "/api/v1/jobs", [origin, "Sec-Fetch-Site: cross-site"])
        #expect(read.status == 200 && read.headers["vary"] == "Origin")
        #expect(
            try await server.ask("GET", "/api/v1/jobs", ["Origin: https://good.example.evil"]).status == 403)
        #expect(try await server.ask("GET", "/healthz", host: "photos.example").status == 200)
        #expect(try await server.ask("GET", "/healthz", host: "photos.example.evil").status == 403)
        try await server.close()
    }
}
