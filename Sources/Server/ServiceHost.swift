import Foundation
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Support
import Synchronization
import Vault
package import Workshop

/// The running service: listens, answers, and stops when told to.
package final class ServiceHost: Sendable {
    /// Where it listens.
    package enum Place: Sendable, Equatable {
        case port(Int)
        case socket(String)
    }

    private let workshop: Workshop
    private let settings: ServerSettings
    private let logger: Logger
    private let routes: Routes
    private let group = Mutex<ServiceGroup?>(nil)

    /// One loop on small machines, where the cores are for painting, for as long as the process lives.
    private static let loops = MultiThreadedEventLoopGroup(
        numberOfThreads: ProcessInfo.processInfo.activeProcessorCount <= 4 ? 1 : 2)
    /// Seconds between two signs of life to those who listen.
    private static let beat = 15.0
    /// Seconds between two looks for what nobody needs any more.
    private static let sweep = 3600.0

    /// A service over a workshop.
    package init(_ workshop: Workshop, settings: ServerSettings, logger: Logger) {
        self.workshop = workshop
        self.settings = settings
        self.logger = logger
        routes = Routes(workshop, settings: settings)
    }

    /// Listens and answers until it is stopped.
    /// - Parameter started: called once it listens.
    /// - Throws: where it cannot listen at its address.
    package func run(started: @escaping @Sendable (Place) async -> Void) async throws {
        let (limits, routes, socket) = (settings.limits, routes, settings.socket)
        let application = Application(
            router: routes.router(),
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [Doorkeeper(limits)], idleTimeout: limits.idle,
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 64))),
            configuration: ApplicationConfiguration(
                address: socket.map { .unixDomainSocket(path: $0) }
                    ?? .hostname(settings.host, port: settings.port),
                serverName: nil,
                availableConnectionsDelegate: MaximumAvailableConnections(limits.connections, logger: logger)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port
                routes.port.withLock { $0 = port }
                if let socket { chmod(socket, 0o600) }
                await started(socket.map { .socket($0) } ?? .port(port ?? 0))
            }, eventLoopGroupProvider: .shared(Self.loops), logger: logger)
        let group = ServiceGroup(
            configuration: .init(services: [application], gracefulShutdownSignals: [], logger: logger))
        self.group.withLock { $0 = group }
        let sweeper = Task { await upkeep() }
        defer { sweeper.cancel() }
        // In a task of its own: whoever cancels this one must not cut the answers that are being sent.
        let running = Task { try await group.run() }
        try await running.value
    }

    /// Stops: no more jobs are taken, what runs is finished within the grace or waits for the next start, and then the
    /// connections end.
    package func stop(grace: Double) async {
        await workshop.stop(grace: grace)
        await group.withLock { $0 }?.triggerGracefulShutdown()
    }

    private func upkeep() async {
        var since = 0.0
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(Self.beat))
            workshop.hub.beat()
            since += Self.beat
            guard since >= Self.sweep else { continue }
            since = 0
            _ = try? await workshop.store.vault.collect()
            await workshop.store.trimViews()
        }
    }
}
