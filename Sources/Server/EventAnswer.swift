import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Support
import Workshop

/// Answers that go on for as long as something happens (server-sent events).
struct EventAnswer: Sendable {
    let hub: EventHub

    /// How long a client that does not read may hold its connection after it fell behind.
    private static let patience = TimeAmount.seconds(5)

    /// The stream of a client.
    /// - Parameters:
    ///   - job: only what is about this job, until it ends.
    ///   - first: what is told at the beginning, made after the stream began so that nothing falls between.
    /// - Throws: `Problem` where too many listen.
    func answer(
        to request: Request, _ context: ServiceContext, job: String? = nil,
        first: @escaping @Sendable (_ isWhole: Bool) async throws -> [(name: String, data: JSONValue)]
    ) throws -> Response {
        let last = request.headers[.lastEventID]
        guard let (stream, isWhole) = hub.subscribe(job: job, after: last) else {
            throw Problem("busy", 503, "too many listen already", retryAfter: 10)
        }
        let (boot, body, channel) = (hub.boot, request.body, context.channel)
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream", .cacheControl: "no-store", .accelBuffering: "no",
            ],
            body: ResponseBody { writer in
                defer { stream.leave() }
                try await writer.write(ByteBuffer(string: "retry: 2000\n\n"))
                for (name, data) in try await first(isWhole) {
                    try await writer.write(ByteBuffer(string: "event: \(name)\ndata: \(data.line)\n\n"))
                    if job != nil, Self.isEnd(name, data) { return try await writer.finish(nil) }
                }
                stream.onOverflow {
                    _ = channel.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
                }
                try await body.consumeWithInboundCloseHandler { _ in
                    while let event = await stream.next() {
                        try await writer.write(ByteBuffer(string: event.text(boot: boot)))
                        if job != nil, event.endsJob { break }
                    }
                } onInboundClosed: {
                    stream.close()
                }
                try await writer.finish(nil)
            })
    }

    private static func isEnd(_ name: String, _ data: JSONValue) -> Bool {
        name == "job" && ["done", "failed", "cancelled"].contains(data.object?["state"]?.text)
    }
}

extension ServiceEvent {
    /// The event as it is sent; a sign of life is a comment.
    func text(boot: String) -> String {
        name.isEmpty ? ": \n\n" : "id: \(boot).\(number)\nevent: \(name)\ndata: \(data)\n\n"
    }

    /// Whether nothing will follow about its job.
    var endsJob: Bool {
        guard name == "job", let facts = try? JSONValue(line: data) else { return false }
        return ["done", "failed", "cancelled"].contains(facts.object?["state"]?.text)
    }
}
