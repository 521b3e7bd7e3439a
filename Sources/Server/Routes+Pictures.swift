import Foundation
import HTTPTypes
import Hummingbird
import Imaging
import NIOCore
import Support
import Vault
import Workshop

extension Routes {
    /// Pictures: taken in, told of, shown, deleted.
    func addPictures(to router: Router<ServiceContext>) {
        on(router, .post, "/api/v1/pictures") { [self] request, _ in
            let (row, isNew) = try await uploads.picture(of: request)
            return .json(
                row.facts, status: isNew ? .created : .ok, headers: [.location: "/api/v1/pictures/\(row.id)"])
        }
        on(router, .get, "/api/v1/pictures/:id") { [self] _, context in
            let id = try Self.picture(context)
            guard let row = try await vault.picture(id) else { throw Problem.notFound }
            return .json(row.facts)
        }
        on(router, .delete, "/api/v1/pictures/:id") { [self] _, context in
            try await vault.deletePicture(try Self.picture(context))
            return Response(status: .noContent)
        }
        on(router, .get, "/api/v1/pictures/:id/file") { [self] request, context in
            let row = try await vault.presentPicture(try Self.picture(context))
            let bytes = try await read(vault.path(of: row))
            return .bytes(bytes, type: "image/\(row.format)", etag: "\"\(row.id.prefix(32))\"", for: request)
        }
        on(router, .get, "/api/v1/pictures/:id/view") { [self] request, context in
            let row = try await vault.presentPicture(try Self.picture(context))
            let name = try request.queryChoice("side", of: PictureStore.sides.keys.sorted()) ?? "1024"
            let format = try request.queryChoice("format", of: ["webp", "png", "jpeg"]) ?? "webp"
            let etag = "\"\(row.id.prefix(32))-\(name)-\(format)-1\""
            let path = try await store.view(
                of: row, side: PictureStore.sides[name] ?? nil, format: ImageFormat(rawValue: format) ?? .webp
            )
            return .bytes(try await read(path), type: "image/\(format)", etag: etag, for: request)
        }
    }

    /// The name of a picture in an address; nothing else is ever made of it.
    static func picture(_ context: ServiceContext) throws(Problem) -> String {
        guard let id = context.parameters.get("id"), Identifiers.isPicture(id) else { throw .notFound }
        return id
    }

    /// The name of a row in an address.
    static func name(_ kind: Identifiers.Kind, _ context: ServiceContext) throws(Problem) -> String {
        guard let id = context.parameters.get("id"), Identifiers.isName(id, of: kind) else { throw .notFound }
        return id
    }

    private func read(_ path: String) async throws -> ByteBuffer {
        try await store.work { ByteBuffer(bytes: try Data(contentsOf: URL(fileURLWithPath: path))) }
    }
}
