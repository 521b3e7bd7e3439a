import Foundation
import Imaging
import Support
import Testing
import ToyService
import Vault

@testable import Server
@testable import Workshop

/// The service as a whole, through a socket.
@Suite(.serialized) struct ServiceTests {
    @Test("From a picture to a result: uploaded, edited, waited for, shown, downloaded, deleted")
    func path() async throws {
        let server = try await TestServer()
        let bytes = try toyImage().encoded(as: .png)
        let first = try await server.ask(
            "POST", "/api/v1/pictures?label=a%2Fcat.png", ["Content-Type: image/png"], body: bytes)
        #expect(first.status == 201)
        #expect(first.json["label"] == .text("cat.png") && first.json["width"] == .whole(40))
        let photo = try #require(first.json["id"]?.text)
        #expect(
            try await server.ask("POST", "/api/v1/pictures", ["Content-Type: image/png"], body: bytes).status
                == 200)
        let file = try await server.ask("GET", "/api/v1/pictures/\(photo)/file")
        #expect(file.body == bytes && file.headers["content-type"] == "image/png")
        let etag = try #require(file.headers["etag"])
        #expect(
            try await server.ask("GET", "/api/v1/pictures/\(photo)/file", ["If-None-Match: \(etag)"]).status
                == 304)
        let view = try await server.ask("GET", "/api/v1/pictures/\(photo)/view?side=256&format=png")
        #expect(try Photo(bytes: view.body).image == toyImage())

        let asked = try await server.ask(
            "POST", "/api/v1/jobs", json: TestServer.edit(photo), ["Idempotency-Key: k1"])
        #expect(asked.status == 202 && asked.json["state"] == .text("queued"))
        let job = try #require(asked.json["id"]?.text)
        let again = try await server.ask(
            "POST", "/api/v1/jobs", json: TestServer.edit(photo), ["Idempotency-Key: k1"])
        #expect(again.json["id"] == .text(job) && again.headers["idempotent-replay"] == "true")
        let other = try await server.ask(
            "POST", "/api/v1/jobs", json: TestServer.edit(photo, ", \"guidance\": 3"), ["Idempotency-Key: k1"]
        )
        #expect(other.status == 422 && other.json["code"] == .text("idempotency-mismatch"))
        let done = try await server.ask("GET", "/api/v1/jobs/\(job)?wait=20")
        #expect(done.json["state"] == .text("done"), "\(done.text)")
        let name = try #require(done.json["result"]?.text)
        let result = try await server.ask("GET", "/api/v1/results/\(name)")
        #expect(result.json["photo"] == .text(photo))
        #expect(result.json["account"]?.object?["seed"] == .whole(3))
        let download = try await server.ask("GET", "/api/v1/results/\(name)/file?format=png")
        #expect(
            download.headers["content-disposition"]?.hasPrefix("attachment; filename=\"cat-sdedit-3.png\"")
                == true)
        let texts = try PictureRow(reading: download.body, id: "", label: nil, pixelLimit: 10_000).texts
        #expect(texts["parameters"]?.contains("Seed: 3") == true && texts["pentimento"] != nil)
        let bare = try await server.ask(
            "GET", "/api/v1/results/\(name)/file?metadata=none&format=jpeg&quality=80")
        #expect(bare.status == 200 && bare.headers["content-type"] == "image/jpeg")
        let inUse = try await server.ask(
            "DELETE", "/api/v1/pictures/\(try #require(result.json["picture"]?.text))")
        #expect(inUse.status == 409)
        #expect(try await server.ask("DELETE", "/api/v1/results/\(name)").status == 204)
        #expect(try await server.ask("GET", "/api/v1/results/\(name)").status == 404)
        #expect(try await server.ask("DELETE", "/api/v1/jobs/\(job)").status == 204)
        try await server.close()
    }

    @Test("A job's events come as they happen and end with it; a client that leaves is noticed")
    func events() async throws {
        let server = try await TestServer(pause: 0.02)
        let photo = try await server.upload()
        let job = try #require(
            try await server.ask("POST", "/api/v1/jobs", json: TestServer.edit(photo)).json["id"]?.text)
        let port = server.port
        let text = try await RawClient.run {
            let client = try RawClient(port: port)
            client.send(
                "GET /api/v1/jobs/\(job)/events HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n\r\n"
            )
            return String(decoding: client.rest(seconds: 20).bytes, as: UTF8.self)
        }
        #expect(text.contains("Content-Type: text/event-stream") && text.contains("X-Accel-Buffering: no"))
        #expect(text.contains("event: progress\r\n") || text.contains("event: progress\n"))
        #expect(text.contains("\"state\":\"done\""))
        var client: RawClient? = try RawClient(port: port)
        client?.send("GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n")
        let hub = server.toy.workshop.hub
        while hub.subscribers == 0 { try await Task.sleep(for: .milliseconds(5)) }
        client = nil
        let start = ContinuousClock.now
        while hub.subscribers > 0, ContinuousClock.now - start < .seconds(5) {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(hub.subscribers == 0)
        #expect(client == nil)
        try await server.close()
    }

    @Test("Settings are merged, the draft is replaced, and both are objects of a limited size")
    func kept() async throws {
        let server = try await TestServer()
        #expect(try await server.ask("GET", "/api/v1/settings").text == "{}")
        _ = try await server.ask(
            "PATCH", "/api/v1/settings", json: "{\"theme\": \"dark\", \"model\": \"toy\"}")
        let merged = try await server.ask("PATCH", "/api/v1/settings", json: "{\"model\": null, \"n\": 1}")
        #expect(merged.text == "{\"n\":1,\"theme\":\"dark\"}")
        let long = String(repeating: "x", count: 17_000)
        #expect(try await server.ask("PATCH", "/api/v1/settings", json: "{\"a\": \"\(long)\"}").status == 413)
        #expect(try await server.ask("PUT", "/api/v1/draft", json: "{\"prompt\": \"a\"}").status == 204)
        #expect(try await server.ask("GET", "/api/v1/draft").text == "{\"prompt\":\"a\"}")
        #expect(try await server.ask("PUT", "/api/v1/draft", json: "[1]").status == 422)
        let draft = "{\"a\": \"\(String(repeating: "x", count: 2 << 20))\"}"
        #expect(try await server.ask("PUT", "/api/v1/draft", json: draft).status == 413)
        try await server.close()
    }

    @Test("Lists of what there is: methods and inversions as the command line prints them, models, abilities")
    func facts() async throws {
        let server = try await TestServer()
        let methods = try await server.ask("GET", "/api/v1/methods")
        let names = try JSONDecoder().decode(JSONValue.self, from: Data(methods.body)).list?.compactMap {
            $0.object?["name"]?.text
        }
        #expect(names?.first == "diffedit" && names?.contains("prompt-to-prompt") == true)
        let models = try await server.ask("GET", "/api/v1/models").json["items"]?.list ?? []
        #expect(models.map { $0.object?["name"]?.text } == ["toy", "other"])
        #expect(models.map { $0.object?["default"]?.flag } == [true, false])
        let abilities = try await server.ask("GET", "/api/v1/capabilities").json
        #expect(abilities["model"] == .text("toy"))
        #expect(abilities["limits"]?.object?["pictureBytes"] == .whole(64 << 20))
        #expect(try await server.ask("GET", "/healthz").status == 200)
        try await server.close()
    }

    @Test("A form brings a picture as its part called file, in quotes or not, whatever it says of itself")
    func form() async throws {
        let server = try await TestServer()
        let bytes = try toyImage().encoded(as: .png)
        for disposition in [
            "form-data; name=\"file\"; filename=\"x.jpg\"", "form-data; filename=x.jpg; name=file",
        ] {
            let head =
                "--B\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--B\r\nContent-Disposition: \(disposition)\r\nContent-Type: text/html\r\n\r\n"
            let answer = try await server.ask(
                "POST", "/api/v1/pictures", ["Content-Type: multipart/form-data; boundary=B"],
                body: Array(head.utf8) + bytes + Array("\r\n--B--\r\n".utf8))
            #expect([200, 201].contains(answer.status), "\(answer.text)")
            #expect(answer.json["format"] == .text("png") && answer.json["label"] == .text("x.jpg"))
        }
        try await server.close()
    }
}
