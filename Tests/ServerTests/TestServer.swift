import Foundation
import Imaging
import Logging
import Support
import Synchronization
import ToyService
import Vault
import Workshop

@testable import Server

/// A service on a port of its own, with toy models and a folder that is gone at its end.
final class TestServer: Sendable {
    let toy: ToyWorkshop
    let port: Int
    private let host: ServiceHost
    private let running: Task<Void, any Error>

    init(pause: Double = 0, queue: Int = 64, _ change: (inout ServerSettings) -> Void = { _ in }) async throws
    {
        toy = try await ToyWorkshop(pause: pause, queue: queue)
        var settings = ServerSettings()
        settings.port = 0
        change(&settings)
        let host = ServiceHost(
            toy.workshop, settings: settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        self.host = host
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        running = Task {
            defer { continuation.finish() }
            try await host.run { place in
                if case .port(let port) = place { continuation.yield(port) }
            }
        }
        var found: Int?
        for await port in ports {
            found = port
            break
        }
        guard let found else {
            try await running.value
            throw CancellationError()
        }
        port = found
    }

    func close() async throws {
        await host.stop(grace: 0)
        try await running.value
        try await toy.close()
    }

    func ask(
        _ method: String, _ path: String, _ headers: [String] = [], host: String? = nil, body: [UInt8]? = nil
    ) async throws -> RawClient.Answer {
        try await RawClient.ask(port, method, path, headers, host: host, body: body)
    }

    func ask(_ method: String, _ path: String, json: String, _ headers: [String] = []) async throws
        -> RawClient.Answer
    {
        try await ask(method, path, headers + ["Content-Type: application/json"], body: Array(json.utf8))
    }

    /// Uploads a picture and answers its name.
    func upload(_ image: Image = toyImage()) async throws -> String {
        let answer = try await ask(
            "POST", "/api/v1/pictures?label=toy.png", ["Content-Type: image/png"],
            body: try image.encoded(as: .png))
        return answer.json["id"]?.text ?? answer.text
    }

    /// A request for an edit that takes little time.
    static func edit(_ photo: String, _ more: String = "") -> String {
        """
        {"kind": "edit", "picture": "\(photo)", "prompt": "dog", "source": "cat", "method": "sdedit", "steps": 10,
        "seed": 3\(more)}
        """
    }
}
