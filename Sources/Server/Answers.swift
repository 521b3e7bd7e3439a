import Crypto
import Editing
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Support
import Vault
import Workshop

extension HTTPField.Name {
    static let accelBuffering = HTTPField.Name("X-Accel-Buffering").unsafelyUnwrapped
    static let idempotencyKey = HTTPField.Name("Idempotency-Key").unsafelyUnwrapped
    static let idempotentReplay = HTTPField.Name("Idempotent-Replay").unsafelyUnwrapped
    static let requestID = HTTPField.Name("X-Request-Id").unsafelyUnwrapped
    static let serviceVersion = HTTPField.Name("Pentimento-Version").unsafelyUnwrapped
    static let shouldRetry = HTTPField.Name("X-Should-Retry").unsafelyUnwrapped
    static let ignored = HTTPField.Name("X-Pentimento-Ignored").unsafelyUnwrapped
    static let fetchSite = HTTPField.Name("Sec-Fetch-Site").unsafelyUnwrapped
    static let fetchMode = HTTPField.Name("Sec-Fetch-Mode").unsafelyUnwrapped
    static let fetchDestination = HTTPField.Name("Sec-Fetch-Dest").unsafelyUnwrapped
    static let secondHost = HTTPField.Name("Host").unsafelyUnwrapped
    static let lastEventID = HTTPField.Name("Last-Event-ID").unsafelyUnwrapped
}

extension Response {
    /// A JSON value.
    static func json(
        _ value: JSONValue, status: HTTPResponse.Status = .ok, type: String = "application/json",
        headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers[.contentType] = type
        if headers[.cacheControl] == nil { headers[.cacheControl] = "no-store" }
        return Response(
            status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: value.line)))
    }

    /// A problem, as the family that was asked writes it.
    static func problem(_ problem: Problem, request id: String, family: Family) -> Response {
        var headers: HTTPFields = [:]
        headers[.retryAfter] = problem.retryAfter.map { "\($0)" }
        if problem.status == 401 {
            headers[.wwwAuthenticate] = "Bearer realm=\"pentimento\", Basic realm=\"pentimento\""
        }
        let status = HTTPResponse.Status(code: problem.status)
        switch family {
        case .native:
            return .json(
                problem.json(instance: id), status: status, type: "application/problem+json",
                headers: headers)
        case .openAI: return .json(problem.openAI, status: status, headers: headers)
        }
    }

    /// Bytes that never change, with a name for what they are.
    static func bytes(
        _ bytes: ByteBuffer, type: String, etag: String, for request: Request,
        caching: String = "private, max-age=31536000, immutable"
    ) -> Response {
        var headers: HTTPFields = [.eTag: etag, .cacheControl: caching]
        let known = request.headers[values: .ifNoneMatch].flatMap { $0.split(separator: ",") }
        if known.contains(where: { $0.trimmingCharacters(in: .whitespaces) == etag }) {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = type
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: bytes))
    }
}

/// Whose way of asking a request follows.
enum Family {
    case native, openAI

    init(path: String) { self = path.hasPrefix("/v1/") ? .openAI : .native }
}

extension Request {
    /// The members of the query, each name once, percent signs decoded.
    var query: [String: String] {
        var query: [String: String] = [:]
        for (name, value) in uri.queryParameters { query[String(name)] = String(value) }
        return query
    }

    /// A whole number of the query.
    /// - Throws: `Problem` where it is none, or out of range.
    func queryNumber(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = query[name] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
            throw Problem(
                "bad-value", 422, "\(name) is \(text.prefix(40)); it must be \(expected)", field: name,
                expected: expected)
        }
        return number
    }

    /// One of some words of the query.
    func queryChoice(_ name: String, of words: [String]) throws -> String? {
        guard let text = query[name] else { return nil }
        guard words.contains(text) else {
            let expected = "one of \(words.joined(separator: ", "))"
            throw Problem(
                "bad-value", 422, "\(name) is \(text.prefix(40)); it must be \(expected)", field: name,
                expected: expected)
        }
        return text
    }

    /// The whole of a JSON body.
    /// - Throws: `Problem`: another kind of content, too large, nested too deeply, or no JSON.
    func json(limit: Int) async throws -> JSONValue {
        let type = headers[.contentType]?.split(separator: ";").first?.trimmingCharacters(in: .whitespaces)
        guard type?.lowercased() == "application/json" else {
            throw Problem("unsupported", 415, "the content must be application/json")
        }
        return try JSONValue(wire: try await bytes(limit: limit))
    }

    /// The whole of a body of at most so many bytes.
    func bytes(limit: Int) async throws -> ByteBuffer {
        try refuseLength(above: limit)
        var whole = ByteBuffer()
        for try await piece in body {
            guard whole.readableBytes + piece.readableBytes <= limit else { throw Problem.tooLarge(limit) }
            whole.writeImmutableBuffer(piece)
        }
        return whole
    }

    /// Refuses a body that is told to be longer.
    func refuseLength(above limit: Int) throws(Problem) {
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit {
            throw Problem.tooLarge(limit)
        }
    }

    /// The key under which it is to be done once.
    func onceKey(_ content: JSONValue) throws -> OnceKey? {
        guard let key = headers[.idempotencyKey] else { return nil }
        guard (1...200).contains(key.utf8.count), key.utf8.allSatisfy({ (33...126).contains($0) }) else {
            throw Problem(
                "malformed", 400, "an Idempotency-Key is 1 to 200 visible ASCII characters",
                field: "Idempotency-Key")
        }
        return OnceKey(key, hash: SHA256.hash(data: Data("\(uri.path)\n\(content.line)".utf8)).hex)
    }
}

extension Problem {
    /// More was sent than is taken.
    static func tooLarge(_ limit: Int) -> Problem {
        Problem("too-large", 413, "at most \(limit) bytes are taken", expected: "at most \(limit) bytes")
    }

    /// There is no such address, or nothing behind it.
    static let notFound = Problem("not-found", 404, "there is nothing at this address")
}

extension JSONValue {
    /// How deeply objects and lists may be nested.
    private static let mostDepth = 32

    /// The value of a body.
    /// - Throws: `Problem` for what is no JSON, or nested too deeply.
    init(wire bytes: ByteBuffer) throws(Problem) {
        let data = Data(bytes.readableBytesView)
        var (depth, isText, isEscaped) = (0, false, false)
        for byte in data {
            if isText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isText = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isText = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            guard depth <= Self.mostDepth else {
                throw Problem("malformed", 400, "the JSON is nested more than \(Self.mostDepth) deep")
            }
        }
        do { self = try JSONDecoder().decode(JSONValue.self, from: data) } catch {
            throw Problem("malformed", 400, "the body is not the JSON that is wanted")
        }
    }
}
