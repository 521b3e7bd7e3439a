import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Watches over one connection: how long a head and a body take, and whether it must end after an answer.
///
/// The library above it reads a refused body to its end, and answers neither `Expect: 100-continue` nor HTTP/1.0 as it
/// should; this is the only place that knows of connections.
final class Doorkeeper: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Bytes of a body that are given a second more.
    private static let bytesPerSecond = 50_000
    /// How long what still comes after a refusal is passed over, so that the client reads the refusal.
    private static let linger = TimeAmount.seconds(2)

    private let limits: DoorLimits
    private var timer: Scheduled<Void>?
    private var isReading = false
    private var isRefusing = false
    private var mustClose = false
    private var bodyBytes = 0
    private var bodyStart = NIODeadline.now()
    private var departures: [@Sendable () -> Void] = []

    init(_ limits: DoorLimits) { self.limits = limits }

    func handlerAdded(context: ChannelHandlerContext) {
        wait(limits.head, context)
        let watcher = HeadWatcher { [weak self] in self?.mustClose = true }
        if let codec = try? context.pipeline.syncOperations.context(handlerType: HTTP1ToHTTPServerCodec.self)
        {
            try? context.pipeline.syncOperations.addHandler(watcher, position: .before(codec.handler))
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    /// Does something when the client of a connection leaves before it was answered.
    static func watch(_ channel: any Channel, _ act: @escaping @Sendable () -> Void) {
        channel.eventLoop.execute {
            guard let keeper = try? channel.pipeline.syncOperations.handler(type: Doorkeeper.self) else {
                return
            }
            keeper.departures.append(act)
        }
    }

    private func hasLeft() {
        let acts = departures
        departures = []
        for act in acts { act() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { hasLeft() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        hasLeft()
        timer?.cancel()
        context.fireChannelInactive()
    }

    /// Ends the connection after a while, unless something else is waited for until then.
    private func wait(_ time: TimeAmount, _ context: ChannelHandlerContext) {
        timer?.cancel()
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: time) {
            let (keeper, context) = bound.value
            keeper.isDue(context)
        }
    }

    private func isDue(_ context: ChannelHandlerContext) {
        guard isReading, !isRefusing else { return context.close(promise: nil) }
        let allowed = limits.body + .seconds(Int64(bodyBytes / Self.bytesPerSecond))
        let left = bodyStart + allowed - NIODeadline.now()
        if left > .nanoseconds(0) { return wait(left, context) }
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if isRefusing { return }
        switch part {
        case .head(let head):
            isReading = true
            departures = []
            (bodyBytes, bodyStart) = (0, .now())
            wait(limits.body, context)
            let length = head.headerFields[.contentLength].flatMap { Int($0) } ?? 0
            if length <= limits.multipart, head.headerFields[.expect]?.lowercased() == "100-continue" {
                context.writeAndFlush(
                    wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
        case .body(let bytes): bodyBytes += bytes.readableBytes
        case .end:
            isReading = false
            timer?.cancel()
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.kind != .informational:
            // Whoever is answered before everything was read has sent too much.
            if isReading { mustClose = true }
            if mustClose { head.headerFields[.connection] = "close" }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end where mustClose:
            let isEarly = isReading
            context.writeAndFlush(data, promise: promise)
            isRefusing = true
            if isEarly {
                context.close(mode: .output, promise: nil)
                wait(Self.linger, context)
            } else {
                context.close(promise: nil)
            }
        default: context.write(data, promise: promise)
        }
    }
}

/// Looks at heads as they were sent: tells of versions in which connections do not stay open, and makes targets that are
/// no paths what no address is.
private final class HeadWatcher: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private let isOld: () -> Void

    init(isOld: @escaping () -> Void) { self.isOld = isOld }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        if head.version != .http1_1 { isOld() }
        // Of a whole address the layer above keeps the path alone, whichever host it names.
        if !head.uri.hasPrefix("/") { head.uri = "*" }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}
