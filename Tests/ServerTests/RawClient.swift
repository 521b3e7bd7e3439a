import Foundation
import Support
import Vault

/// A client that sends what it is told, malformed or not.
final class RawClient: @unchecked Sendable {
    /// What came back.
    struct Answer: Sendable {
        var status: Int
        var headers: [String: String]
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
        /// The body as a JSON object.
        var json: [String: JSONValue] {
            (try? JSONDecoder().decode(JSONValue.self, from: Data(body)))?.object ?? [:]
        }
    }
    struct NoAnswer: Error, CustomStringConvertible { let description: String }

    /// Threads of its own: what blocks must not hold up the server in the same process.
    private static let pool = WorkPool(threads: 64)
    private let descriptor: Int32
    private var waiting: [UInt8] = []

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            throw NoAnswer(description: "no connection: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// Sends bytes, as many as are taken.
    /// - Returns: whether all were.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    /// More bytes; none at the end or after the time.
    /// - Returns: nil after the time.
    private func more(until deadline: Date) -> [UInt8]? {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let left = deadline.timeIntervalSinceNow
        guard left > 0, poll(&wait, 1, Int32(left * 1000)) > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? Array(bytes.prefix(count)) : []
    }

    /// Everything until the connection ends or the time is over.
    /// - Returns: the bytes, and whether it ended.
    func rest(seconds: Double) -> (bytes: [UInt8], isClosed: Bool) {
        let deadline = Date().addingTimeInterval(seconds)
        var all = waiting
        waiting = []
        while let bytes = more(until: deadline) {
            if bytes.isEmpty { return (all, true) }
            all += bytes
        }
        return (all, false)
    }

    /// The next answer.
    func answer(seconds: Double = 120) throws -> Answer {
        let deadline = Date().addingTimeInterval(seconds)
        func read() throws -> [UInt8] {
            guard let bytes = more(until: deadline), !bytes.isEmpty else {
                throw NoAnswer(
                    description:
                        "no whole answer in \(seconds) s: \(String(decoding: waiting, as: UTF8.self).prefix(200))"
                )
            }
            return bytes
        }
        let end = Array("\r\n\r\n".utf8)
        var split: Int?
        while true {
            split = waiting.indices.first { waiting[$0...].starts(with: end) }
            if split != nil { break }
            waiting += try read()
        }
        let head = String(decoding: waiting[..<(split ?? 0)], as: UTF8.self).split(separator: "\r\n")
        waiting.removeFirst((split ?? 0) + 4)
        var headers: [String: String] = [:]
        for line in head.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
                in: .whitespaces)
        }
        let status = Int(head.first?.split(separator: " ").dropFirst().first ?? "") ?? 0
        if status == 100 { return Answer(status: status, headers: headers, body: []) }
        let length = Int(headers["content-length"] ?? "0") ?? 0
        while waiting.count < length { waiting += try read() }
        let body = Array(waiting.prefix(length))
        waiting.removeFirst(length)
        return Answer(status: status, headers: headers, body: body)
    }

    /// Does something that blocks without holding up the tests' tasks.
    static func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await pool.run(work)
    }

    /// One request on a connection of its own.
    static func ask(
        _ port: Int, _ method: String, _ path: String, _ headers: [String] = [], host: String? = nil,
        body: [UInt8]? = nil
    ) async throws -> Answer {
        try await run {
            let client = try RawClient(port: port)
            var lines = ["\(method) \(path) HTTP/1.1", "Host: \(host ?? "127.0.0.1:\(port)")"] + headers
            if let body { lines.append("Content-Length: \(body.count)") }
            client.send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (body ?? []))
            return try client.answer()
        }
    }
}
