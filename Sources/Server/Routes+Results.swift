import Foundation
import HTTPTypes
import Hummingbird
import Imaging
import NIOCore
import Support
import Vault
import Workshop

extension Routes {
    /// Results: told of, downloaded, deleted.
    func addResults(to router: Router<ServiceContext>) {
        on(router, .get, "/api/v1/results") { [self] request, _ in
            let limit = try request.queryNumber("limit", in: 1...200) ?? 50
            let rows = try await vault.results(limit: limit, after: try Self.after(.result, request))
            return .json(Self.page(rows.map(\.facts), limit: limit, last: rows.last?.id))
        }
        on(router, .get, "/api/v1/results/:id") { [self] _, context in
            .json(try await result(context).facts)
        }
        on(router, .delete, "/api/v1/results/:id") { [self] _, context in
            try await vault.deleteResult(try Self.name(.result, context))
            return Response(status: .noContent)
        }
        on(router, .get, "/api/v1/results/:id/file") { [self] request, context in
            let row = try await result(context)
            let format = try request.queryChoice("format", of: ["png", "jpeg", "webp"]) ?? "png"
            let quality = try request.queryNumber("quality", in: 1...100)
            let texts = try request.queryChoice("metadata", of: ["full", "settings", "none"]) ?? "full"
            let download = Download(
                format: ImageFormat(rawValue: format) ?? .png, quality: quality,
                texts: Download.Texts(rawValue: texts) ?? .full)
            let bytes = try await store.file(of: row, as: download)
            let name = "\(try row.stored.stem).\(format == "jpeg" ? "jpg" : format)"
            return Response(
                status: .ok,
                headers: [
                    .contentType: "image/\(format)", .cacheControl: "private, no-cache",
                    .contentDisposition: Self.attachment(name),
                ], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        }
    }

    private func result(_ context: ServiceContext) async throws -> ResultRow {
        let id = try Self.name(.result, context)
        guard let row = try await vault.result(id) else { throw VaultError.unknown(what: "result", id: id) }
        return row
    }

    /// The field that names a download, whatever letters the name has (RFC 6266).
    static func attachment(_ name: String) -> String {
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._".utf8)
        let ascii = String(
            decoding: name.utf8.map { plain.contains($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
        let coded = name.utf8.map { byte in
            plain.contains(byte) ? String(UnicodeScalar(byte)) : String(format: "%%%02X", byte)
        }.joined()
        return "attachment; filename=\"\(ascii)\"; filename*=UTF-8''\(coded)"
    }
}
