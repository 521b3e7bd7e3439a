package import Support

/// What is wrong, as the service tells it: a kind with a status of HTTP, and one line.
package struct Problem: UserError, Equatable {
    /// The kind, as its address ends.
    package var slug: String
    /// The status of HTTP.
    package var status: Int
    /// One line: what happened and what to do.
    package var detail: String
    /// The field that it is about.
    package var field: String?
    /// What would be right.
    package var expected: String?
    /// What may have been meant.
    package var nearest: String?
    /// Seconds after which another try makes sense.
    package var retryAfter: Int?

    /// A problem.
    package init(
        _ slug: String, _ status: Int, _ detail: String, field: String? = nil, expected: String? = nil,
        nearest: String? = nil, retryAfter: Int? = nil
    ) {
        self.slug = slug
        self.status = status
        self.detail = detail
        self.field = field
        self.expected = expected
        self.nearest = nearest
        self.retryAfter = retryAfter
    }

    /// The line.
    package var description: String { detail }

    /// Where the cause lies.
    package var kind: UserErrorKind {
        switch status {
        case 404, 410: .missing
        case 415: .unsupported
        case 500: .fault
        case 501...: .environment
        default: .request
        }
    }

    /// What is sent: the members of RFC 9457 and those of its own.
    /// - Parameter instance: the request that it is about.
    package func json(instance: String? = nil) -> JSONValue {
        var members: [String: JSONValue] = [
            "type": .text("/problems/\(slug)"), "title": .text(Self.titles[slug] ?? slug),
            "status": .whole(status), "detail": .text(detail), "code": .text(slug),
        ]
        members["field"] = field.map { .text($0) }
        members["expected"] = expected.map { .text($0) }
        members["nearest"] = nearest.map { .text($0) }
        members["instance"] = instance.map { .text($0) }
        return .object(members)
    }

    /// What each kind means, in a few words.
    package static let titles: [String: String] = [
        "malformed": "The request is malformed",
        "unauthorized": "A token is needed",
        "host-not-allowed": "The address is not one of this service",
        "origin-not-allowed": "The page that asks is not one of this service",
        "not-found": "There is no such thing",
        "method-not-allowed": "This cannot be done here",
        "not-acceptable": "There is no such form of it",
        "conflict": "It is in use, or in another state",
        "wrong-model": "The model cannot do this",
        "gone": "Its file is not there any more",
        "too-large": "It is too large",
        "too-many-pixels": "The picture has too many pixels",
        "unsupported": "A kind that is not supported",
        "not-a-picture": "This is not a picture that can be read",
        "unknown-field": "There is no such field",
        "bad-value": "A value that cannot be",
        "unknown-method": "There is no such method",
        "unknown-option": "There is no such option",
        "missing": "Something is missing",
        "bad-mask": "This cannot be meant as a mask",
        "idempotency-mismatch": "The key was used for another request",
        "queue-full": "Too many jobs are waiting",
        "too-many-requests": "Too many requests",
        "disk-full": "No space is left",
        "busy": "The service is busy",
        "stopping": "The service is stopping",
        "crashed": "The program ended while doing this",
        "fault": "Something went wrong here",
    ]
}

extension Naming {
    /// As fields of requests are called.
    package static let fields = Naming { control in
        switch control {
        case .setting(let name, let value):
            "\"\(fieldNames[name] ?? name)\"" + (value.map { ": \"\($0)\"" } ?? "")
        case .command(let name): name == "methods" ? "/api/v1/methods" : nil
        }
    }

    /// Fields that are called otherwise than the options of the command line.
    private static let fieldNames = [
        "region": "regions", "size": "workingSide", "steps-offset": "stepsOffset",
        "mask-invert": "mask.invert",
        "mask-words": "mask.words",
    ]
}
