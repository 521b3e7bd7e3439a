import Diffusion
import Editing
import Foundation
import HTTPTypes
import Hummingbird
import Imaging
import NIOCore
import Service
import Support
import Synchronization
import Vault
import Workshop

/// The service's addresses and what is done at each.
final class Routes: Sendable {
    let workshop: Workshop
    let store: PictureStore
    let settings: ServerSettings
    let guardian: Guardian
    let uploads: Uploads
    let web: WebFiles?
    let waiting: OpenAIWaiting
    /// A page saves its draft when nothing was typed for a moment, and no page does so ten times a second.
    let drafts = RateLimit(most: 600, within: .seconds(60))
    /// The port that it listens on, when that is known.
    let port = Mutex<Int?>(nil)
    private let table = Mutex(RouteTable())

    var vault: Vault { store.vault }

    init(_ workshop: Workshop, settings: ServerSettings) {
        self.workshop = workshop
        store = workshop.store
        self.settings = settings
        guardian = Guardian(workshop.store.vault)
        uploads = Uploads(store: workshop.store, limits: settings.limits)
        waiting = OpenAIWaiting(workshop, patience: settings.patience)
        web = settings.web.map { WebFiles(folder: $0, rereads: settings.rereadsWeb) }
    }

    typealias Handler = @Sendable (Request, ServiceContext) async throws -> Response

    /// A router that knows all addresses, behind the door.
    func router() -> Router<ServiceContext> {
        let router = Router(context: ServiceContext.self, options: [.autoGenerateHeadEndpoints])
        router.add(
            middleware: Door(
                settings: settings, port: { [self] in port.withLock { $0 } }, guardian: guardian,
                routes: { [self] in table.withLock { $0 } }))
        addPage(to: router)
        addFacts(to: router)
        addPictures(to: router)
        addJobs(to: router)
        addResults(to: router)
        addSession(to: router)
        if settings.isCompatible { addOpenAI(to: router) }
        return router
    }

    /// Adds an address.
    /// - Parameter isOpen: whether it may be asked for without a token.
    func on(
        _ router: Router<ServiceContext>, _ method: HTTPRequest.Method, _ path: String, isOpen: Bool = false,
        _ handler: @escaping Handler
    ) {
        table.withLock { $0.add(method, path, isOpen: isOpen) }
        router.on(RouterPath(path), method: method, use: handler)
    }

    private func addPage(to router: Router<ServiceContext>) {
        if let web {
            for path in web.paths {
                on(router, .get, path, isOpen: true) { request, _ in try web.answer(to: request) }
            }
        }
        on(router, .get, "/problems/:slug", isOpen: true) { _, context in
            let slug = context.parameters.get("slug") ?? ""
            guard let title = Problem.titles[slug] else { throw Problem.notFound }
            return Response(
                status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: "\(slug): \(title).\n")))
        }
    }

    private func addSession(to router: Router<ServiceContext>) {
        on(router, .post, "/api/v1/session", isOpen: true) { [self] request, context in
            var reader = try WireReader(try await request.json(limit: 1 << 12))
            let given = try reader.text("token", most: 500) ?? ""
            try reader.finish()
            guard let token = settings.token else { return Response(status: .noContent) }
            let secret = try await guardian.open(
                with: given, token: token, from: context.channel.remoteAddress)
            let name = Guardian.cookie(port: port.withLock { $0 })
            return Response(
                status: .noContent,
                headers: [.setCookie: "\(name)=\(secret); HttpOnly; SameSite=Strict; Path=/; Max-Age=2592000"]
            )
        }
        on(router, .delete, "/api/v1/session") { [self] request, _ in
            let port = port.withLock { $0 }
            try await guardian.close(request, port: port)
            return Response(
                status: .noContent,
                headers: [
                    .setCookie:
                        "\(Guardian.cookie(port: port))=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0"
                ])
        }
    }
}
