import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Support
import Vault
import Workshop

/// Takes in bodies piece by piece, straight into files.
struct Uploads: Sendable {
    let store: PictureStore
    let limits: DoorLimits

    /// A part of a form that was taken in.
    enum Part: Sendable {
        case text(String)
        case picture(PictureRow, isNew: Bool)
    }
    /// The most bytes of a part that is text.
    private static let mostText = 64 << 10
    /// The most pictures of a form.
    private static let mostPictures = 16

    /// The picture of a body: the body itself, or the part `file` of a form.
    func picture(of request: Request) async throws -> (PictureRow, isNew: Bool) {
        let type = request.headers[.contentType]?.lowercased() ?? ""
        if type.hasPrefix("multipart/form-data") {
            let parts = try await form(request, pictures: ["file"])
            guard case .picture(let row, let isNew)? = parts.first(where: { $0.name == "file" })?.part else {
                throw Problem("missing", 422, "the form has no part \"file\"", field: "file")
            }
            return (row, isNew)
        }
        guard type.isEmpty || type.hasPrefix("image/") || type.hasPrefix("application/octet-stream") else {
            throw Problem(
                "unsupported", 415, "a picture comes as image/…, application/octet-stream or a form")
        }
        try request.refuseLength(above: limits.picture)
        let file = try store.vault.incoming()
        for try await piece in request.body { try append(piece.readableBytesView, to: file) }
        return try await store.keep(file, label: Self.label(request.query["label"]))
    }

    /// The parts of a form, pictures kept already.
    /// - Parameter pictures: the names of parts that are pictures, whatever they say of themselves.
    func form(
        _ request: Request, pictures names: Set<String>
    ) async throws -> [(name: String, part: Part)] {
        try request.refuseLength(above: limits.multipart)
        var reader = try MultipartReader(contentType: request.headers[.contentType] ?? "")
        var parts: [(name: String, part: Part)] = []
        var current: (name: String, label: String?, file: Incoming?, text: [UInt8])?
        var total = 0
        for try await piece in request.body {
            total += piece.readableBytes
            guard total <= limits.multipart else { throw Problem.tooLarge(limits.multipart) }
            for event in try reader.read(piece.readableBytesView) {
                switch event {
                case .part(let name, let fileName):
                    let isPicture = names.contains(name)
                    let count = parts.count { if case .picture = $0.part { true } else { false } }
                    guard !isPicture || count < Self.mostPictures else {
                        throw Problem("too-large", 413, "a form may have \(Self.mostPictures) pictures")
                    }
                    current = (
                        name, Self.label(fileName), isPicture ? try store.vault.incoming() : nil, []
                    )
                case .data(let bytes):
                    if let file = current?.file {
                        try append(bytes, to: file)
                    } else {
                        current?.text += bytes
                        guard current?.text.count ?? 0 <= Self.mostText else {
                            throw Problem.tooLarge(Self.mostText)
                        }
                    }
                case .partEnd:
                    if let current {
                        if let file = current.file {
                            let (row, isNew) = try await store.keep(file, label: current.label)
                            parts.append((current.name, .picture(row, isNew: isNew)))
                        } else {
                            parts.append((current.name, .text(String(decoding: current.text, as: UTF8.self))))
                        }
                    }
                    current = nil
                }
            }
        }
        guard reader.isDone else {
            throw Problem("malformed", 400, "the multipart body ends without its last boundary")
        }
        return parts
    }

    private func append(_ bytes: some ContiguousBytes & Collection<UInt8>, to file: Incoming) throws {
        guard file.size + bytes.count <= limits.picture else { throw Problem.tooLarge(limits.picture) }
        try bytes.withUnsafeBytes { try file.append($0) }
    }

    /// What a picture is called: the last name of a path, without what cannot be shown.
    static func label(_ text: String?) -> String? {
        guard let text else { return nil }
        let name = text.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? ""
        let shown = String(
            String.UnicodeScalarView(
                name.unicodeScalars.filter { $0.value >= 32 && !(127..<160).contains($0.value) }.prefix(200)))
        return shown.isEmpty ? nil : shown
    }
}
