package import Foundation
package import Support
package import Vault

extension JobRow {
    /// What is told of a job from its row.
    var facts: [String: JSONValue] {
        var facts: [String: JSONValue] = [
            "id": .text(id), "kind": .text(kind), "state": .text(state.rawValue), "created": .time(created),
            "attempts": .whole(attempts), "lane": .text(lane), "model": .text(model),
            "warnings": .list(warnings.map { .text($0) }),
        ]
        facts["request"] = try? JSONValue(line: request)
        facts["started"] = started.map(JSONValue.time)
        facts["ended"] = ended.map(JSONValue.time)
        facts["error"] = error.flatMap { try? JSONValue(line: $0) }
        facts["result"] = outcome.flatMap { try? JSONValue(line: $0) }
        return facts
    }
}

extension PictureRow {
    /// What is told of a picture.
    package var facts: JSONValue {
        var facts: [String: JSONValue] = [
            "id": .text(id), "width": .whole(width), "height": .whole(height), "format": .text(format),
            "bytes": .whole(bytes), "orientation": .whole(orientation), "origin": .text(origin.rawValue),
            "notices": .list(notices.map { .text($0) }), "view": .text("/api/v1/pictures/\(id)/view"),
            "created": .time(created), "metadata": .object(texts.mapValues { MetadataValue.of($0) }),
        ]
        if hasProfile { facts["profile"] = .text("icc") }
        if isMissing { facts["missing"] = .flag(true) }
        facts["label"] = label.map { .text($0) }
        return .object(facts)
    }
}

extension ResultRow {
    /// What is told of a result.
    package var facts: JSONValue {
        var facts: [String: JSONValue] = [
            "id": .text(id), "picture": .text(picture), "width": .whole(width), "height": .whole(height),
            "created": .time(created),
        ]
        facts["job"] = job.map { .text($0) }
        facts["photo"] = photo.map { .text($0) }
        facts["painted"] = painted.map { .text($0) }
        facts["mask"] = mask.map { .text($0) }
        facts["softMask"] = soft.map { .text($0) }
        facts["account"] = try? stored.report
        return .object(facts)
    }

    /// How it was made.
    package var stored: StoredAccount {
        get throws { try JSONDecoder().decode(StoredAccount.self, from: Data(account.utf8)) }
    }
}

/// A text of a file: JSON where it is an object, else itself.
private enum MetadataValue {
    static func of(_ text: String) -> JSONValue { (try? JSONValue(line: text)) ?? .text(text) }
}

extension JSONValue {
    /// A time as RFC 3339 writes it, in UTC with milliseconds.
    package static func time(_ date: Date) -> JSONValue {
        .text(
            date.formatted(
                .iso8601.year().month().day().time(includingFractionalSeconds: true).timeZone(
                    separator: .omitted)))
    }
}
