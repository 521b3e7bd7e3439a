import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Service
import Support
import Synchronization
import Vault
import Workshop

/// Decides who may ask, before anything else looks at a request, and gives every answer its headers.
///
/// A page of another place must reach nothing here: not by a name that was turned to this address (Host), not from
/// another origin (Origin, Fetch metadata), not in a frame. And whoever does not know the token reaches nothing but the
/// page's own files.
struct Door: RouterMiddleware {
    let settings: ServerSettings
    let port: @Sendable () -> Int?
    let guardian: Guardian
    let routes: @Sendable () -> RouteTable

    func handle(
        _ request: Request, context: ServiceContext,
        next: (Request, ServiceContext) async throws -> Response
    ) async throws -> Response {
        let id = String(UUID().uuidString.lowercased().prefix(18))
        let start = ContinuousClock.now
        var response: Response
        do {
            try checkForm(request)
            try checkHost(request)
            let origin = try checkOrigin(request)
            if request.method == .options, let origin { return finished(preflight(origin), id, request) }
            try await checkToken(request, context)
            response = try await next(request, context)
        } catch {
            response = .problem(
                problem(of: error, request), request: id, family: Family(path: request.uri.path))
            if case .some(let allowed) = routes().verbs(of: request.uri.path),
                response.status == .methodNotAllowed
            {
                response.headers[.allow] = allowed.joined(separator: ", ")
            }
        }
        // The address without what it names: no names, no texts and no tokens are ever written down.
        let milliseconds = Int((ContinuousClock.now - start) / .milliseconds(1))
        context.logger.info(
            "\(id) \(request.method.rawValue) \(context.endpointPath ?? "-") \(response.status.code) \(milliseconds) ms"
        )
        return finished(response, id, request)
    }

    private func problem(of error: any Error, _ request: Request) -> Problem {
        guard let error = error as? HTTPError else { return Problem(describing: error) }
        if error.status == .notFound, let verbs = routes().verbs(of: request.uri.path) {
            return Problem(
                "method-not-allowed", 405,
                "\(request.method.rawValue) cannot be done here; \(verbs.joined(separator: ", ")) can")
        }
        if error.status == .notFound { return .notFound }
        if error.status == .contentTooLarge { return Problem("too-large", 413, "the body is too large") }
        return Problem("malformed", error.status.code, error.body ?? "the request is malformed")
    }

    /// Refuses what no well-meaning client sends.
    private func checkForm(_ request: Request) throws(Problem) {
        guard let target = request.head.path, target.hasPrefix("/"), target.utf8.count <= 4096 else {
            throw Problem("malformed", 400, "the target must be a path of at most 4096 bytes")
        }
        guard let host = request.head.authority, !host.isEmpty, request.headers[.secondHost] == nil else {
            throw Problem("malformed", 400, "there must be one Host field")
        }
        if let length = request.headers[.contentLength].map({ Int($0) }), length.map({ $0 < 0 }) ?? true {
            throw Problem("malformed", 400, "Content-Length is no number of bytes")
        }
    }

    private func checkHost(_ request: Request) throws(Problem) {
        let host = (request.head.authority ?? "").lowercased()
        guard !isOwn(host), settings.socket == nil else { return }
        let name =
            host.hasPrefix("[") ? String(host.prefix { $0 != "]" }) + "]" : String(host.prefix { $0 != ":" })
        guard !settings.allowedHosts.contains(name) else { return }
        throw Problem(
            "host-not-allowed", 403,
            "this service is not called \(host.prefix(80)); --allow-host \(name.prefix(80)) allows it")
    }

    /// Whether a host with its port is this service's own.
    private func isOwn(_ host: String) -> Bool {
        guard let port = port() else { return false }
        let ending = ":\(port)"
        guard host.hasSuffix(ending) else { return false }
        let name = String(host.dropLast(ending.count))
        if ["localhost", "127.0.0.1", "[::1]", settings.host.lowercased()].contains(name) { return true }
        // A name can be turned to any address, an address cannot.
        guard settings.host == "0.0.0.0" || settings.host == "::" else { return false }
        let plain = name.hasPrefix("[") && name.hasSuffix("]") ? String(name.dropFirst().dropLast()) : name
        return (try? SocketAddress(ipAddress: plain, port: 0)) != nil
    }

    /// Refuses pages of other places.
    /// - Returns: the other place that asks and may.
    private func checkOrigin(_ request: Request) throws(Problem) -> String? {
        let origin = request.headers[.origin]
        if let origin, settings.allowedOrigins.contains(origin) { return origin }
        let host = request.head.authority ?? ""
        if let origin {
            guard origin == "http://\(host)" || origin == "https://\(host)" else {
                throw Problem(
                    "origin-not-allowed", 403,
                    "pages of \(origin.prefix(80)) may not ask here; --allow-origin allows it")
            }
            return nil
        }
        if let site = request.headers[.fetchSite], site == "cross-site" || site == "same-site" {
            let isVisit =
                request.method == .get && request.uri.path == "/"
                && request.headers[.fetchMode] == "navigate"
                && request.headers[.fetchDestination] == "document"
            guard isVisit else {
                throw Problem("origin-not-allowed", 403, "pages of other places may not ask here")
            }
        }
        return nil
    }

    private func preflight(_ origin: String) -> Response {
        Response(
            status: .noContent,
            headers: [
                .accessControlAllowMethods: "GET, POST, PUT, PATCH, DELETE",
                .accessControlAllowHeaders: "Authorization, Content-Type, Idempotency-Key",
                .accessControlMaxAge: "600",
            ])
    }

    private func checkToken(_ request: Request, _ context: ServiceContext) async throws {
        guard let token = settings.token else { return }
        let path = request.uri.path
        if path == "/healthz" || routes().isOpen(path) { return }
        try await guardian.check(request, token: token, from: context.channel.remoteAddress, port: port())
    }

    private func finished(_ response: Response, _ id: String, _ request: Request) -> Response {
        var response = response
        for (name, value) in Self.headers { response.headers[name] = value }
        response.headers[.requestID] = id
        response.headers[.serviceVersion] = Producer.packageVersion
        if let origin = request.headers[.origin], settings.allowedOrigins.contains(origin) {
            response.headers[.accessControlAllowOrigin] = origin
            response.headers[.crossOriginResourcePolicy] = "cross-origin"
        }
        if !settings.allowedOrigins.isEmpty { response.headers[.vary] = "Origin" }
        return response
    }

    private static let headers: [(HTTPField.Name, String)] = [
        (
            .contentSecurityPolicy,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
                + "form-action 'none'; frame-ancestors 'none'; base-uri 'none'; "
                + "require-trusted-types-for 'script'; trusted-types 'none'"
        ),
        (.xContentTypeOptions, "nosniff"),
        (HTTPField.Name("Referrer-Policy").unsafelyUnwrapped, "no-referrer"),
        (HTTPField.Name("Cross-Origin-Opener-Policy").unsafelyUnwrapped, "same-origin"),
        (.crossOriginResourcePolicy, "same-origin"),
        (HTTPField.Name("X-Frame-Options").unsafelyUnwrapped, "DENY"),
        (
            HTTPField.Name("Permissions-Policy").unsafelyUnwrapped,
            "camera=(), microphone=(), geolocation=()"
        ),
    ]
}
