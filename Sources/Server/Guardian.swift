import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization
import Vault
import Workshop

/// Knows who knows the token: by the token itself, or by a session that was opened with it.
final class Guardian: Sendable {
    /// Wrong tokens a minute that are answered.
    static let mostMistakes = 10

    private let vault: Vault
    private let sessions = Mutex<Set<String>?>(nil)
    private let mistakes = Mutex<[String: [ContinuousClock.Instant]]>([:])

    init(_ vault: Vault) { self.vault = vault }

    /// Refuses whoever does not know the token.
    /// - Throws: `Problem`: 401, or 429 after too many mistakes.
    func check(_ request: Request, token: String, from address: SocketAddress?, port: Int?) async throws {
        let place = address?.ipAddress ?? "socket"
        try refuseGuessing(place)
        if let given = Self.given(in: request) {
            if Self.isEqual(given, token) { return }
            remember(place)
        } else if let secret = Self.secret(in: request, port: port), try await isOpen(secret) {
            return
        }
        throw Problem(
            "unauthorized", 401, "a token is needed: the one that the service printed when it started")
    }

    /// Opens a session for whoever knows the token.
    /// - Returns: the cookie's value.
    func open(with given: String, token: String, from address: SocketAddress?) async throws -> String {
        let place = address?.ipAddress ?? "socket"
        try refuseGuessing(place)
        guard Self.isEqual(given, token) else {
            remember(place)
            throw Problem("unauthorized", 401, "this is not the token")
        }
        let secret = SymmetricKey(size: .bits256).withUnsafeBytes { $0.hex }
        let hash = Self.hash(secret)
        try await vault.openSession(hash)
        sessions.withLock { _ = $0?.insert(hash) }
        return secret
    }

    /// Ends the session of a request, if it has one.
    func close(_ request: Request, port: Int?) async throws {
        guard let secret = Self.secret(in: request, port: port) else { return }
        let hash = Self.hash(secret)
        try await vault.closeSessions(hash)
        sessions.withLock { _ = $0?.remove(hash) }
    }

    /// The name of the cookie; cookies do not know ports.
    static func cookie(port: Int?) -> String { "pentimento-\(port ?? 0)" }

    private func isOpen(_ secret: String) async throws -> Bool {
        let known = sessions.withLock { $0 }
        if let known { return known.contains(Self.hash(secret)) }
        let read = try await vault.sessions()
        sessions.withLock { $0 = read }
        return read.contains(Self.hash(secret))
    }

    private static func hash(_ secret: String) -> String { SHA256.hash(data: Data(secret.utf8)).hex }

    /// The token that a request carries; an empty field counts as none.
    private static func given(in request: Request) -> String? {
        guard let field = request.headers[.authorization], !field.isEmpty else { return nil }
        let parts = field.split(separator: " ", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        switch parts[0].lowercased() {
        case "bearer": return parts[1]
        case "basic":
            guard let data = Data(base64Encoded: parts[1]) else { return nil }
            let text = String(decoding: data, as: UTF8.self)
            return text.firstIndex(of: ":").map { String(text[text.index(after: $0)...]) }
        default: return nil
        }
    }

    private static func secret(in request: Request, port: Int?) -> String? {
        let name = cookie(port: port) + "="
        return request.headers[values: .cookie].flatMap { $0.split(separator: ";") }
            .map { $0.trimmingCharacters(in: .whitespaces) }.first { $0.hasPrefix(name) }
            .map { String($0.dropFirst(name.count)) }
    }

    /// Compares hashes, so that the time tells nothing.
    private static func isEqual(_ left: String, _ right: String) -> Bool {
        SHA256.hash(data: Data(left.utf8)) == SHA256.hash(data: Data(right.utf8))
    }

    private func refuseGuessing(_ place: String) throws(Problem) {
        let count = mistakes.withLock { mistakes in
            let recent = (mistakes[place] ?? []).filter { ContinuousClock.now - $0 < .seconds(60) }
            mistakes[place] = recent.isEmpty ? nil : recent
            return recent.count
        }
        guard count >= Self.mostMistakes else { return }
        throw Problem("too-many-requests", 429, "too many wrong tokens; wait a minute", retryAfter: 60)
    }

    private func remember(_ place: String) {
        mistakes.withLock { mistakes in
            if mistakes.count > 1000 { mistakes.removeAll() }
            mistakes[place, default: []].append(.now)
        }
    }
}
