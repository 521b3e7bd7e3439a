import Diffusion
import Editing
import Foundation
import Hummingbird
import Imaging
import Service
import Support
import Vault
import Workshop

extension Routes {
    /// What the service is and has: its health, limits, methods, models, settings and the draft.
    func addFacts(to router: Router<ServiceContext>) {
        on(router, .get, "/healthz", isOpen: true) { _, _ in .json(.object(["status": .text("ok")])) }
        on(router, .get, "/readyz") { [self] _, _ in
            var reasons: [String] = []
            if (try? await vault.isSound()) != true { reasons.append("the store cannot be read") }
            if workshop.models.names.isEmpty { reasons.append("there are no models") }
            if vault.freeBytes < 512 << 20 { reasons.append("the disk is nearly full") }
            if await !workshop.isOpen { reasons.append("the service is stopping") }
            return .json(
                .object([
                    "status": .text(reasons.isEmpty ? "ready" : "not ready"),
                    "reasons": .list(reasons.map { .text($0) }),
                ]), status: reasons.isEmpty ? .ok : .serviceUnavailable)
        }
        on(router, .get, "/api/v1/capabilities") { [self] _, _ in .json(await capabilities()) }
        on(router, .get, "/api/v1/methods") { request, _ in
            try Self.constant(Registry.all.map { $0.description }, for: request)
        }
        on(router, .get, "/api/v1/inversions") { request, _ in
            try Self.constant(InversionDescription.all, for: request)
        }
        on(router, .get, "/api/v1/models") { [self] _, _ in .json(.object(["items": .list(await models())])) }
        addKept(to: router)
        on(router, .get, "/api/v1/events") { [self] request, context in
            try EventAnswer(hub: workshop.hub).answer(to: request, context) { [self] isWhole in
                var first: [(name: String, data: JSONValue)] = []
                if !isWhole { first.append(("resync", .object([:]))) }
                var jobs: [JSONValue] = []
                for job in try await vault.active() { jobs.append(await workshop.facts(of: job)) }
                first.append(("hello", .object(["boot": .text(workshop.hub.boot), "jobs": .list(jobs)])))
                return first
            }
        }
    }

    /// Settings of the page, and the draft of what was not sent yet.
    private func addKept(to router: Router<ServiceContext>) {
        on(router, .get, "/api/v1/settings") { [self] _, _ in .json(try await kept("settings")) }
        on(router, .patch, "/api/v1/settings") { [self] request, _ in
            guard let changes = try await request.json(limit: 16 << 10).object else { throw Self.noObject }
            let text = try await vault.setSetting("settings") { old in
                var members = old.flatMap { try? JSONValue(line: $0) }?.object ?? [:]
                for (name, value) in changes { members[name] = value == .null ? nil : value }
                let text = JSONValue.object(members).line
                guard text.utf8.count <= 16 << 10 else { throw Problem.tooLarge(16 << 10) }
                return text
            }
            return .json(try JSONValue(line: text))
        }
        on(router, .get, "/api/v1/draft") { [self] _, _ in .json(try await kept("draft")) }
        on(router, .put, "/api/v1/draft") { [self] request, _ in
            try drafts.take()
            let draft = try await request.json(limit: 1 << 20)
            guard draft.object != nil else { throw Self.noObject }
            _ = try await vault.setSetting("draft") { _ in draft.line }
            return Response(status: .noContent)
        }
    }

    private static let noObject = Problem("bad-value", 422, "the body must be a JSON object")

    private func kept(_ name: String) async throws -> JSONValue {
        try await vault.setting(name).map { try JSONValue(line: $0) } ?? .object([:])
    }

    /// Something that is the same until the program changes.
    private static func constant(_ value: some Encodable, for request: Request) throws -> Response {
        let text = try jsonLine(value, naming: .fields)
        let etag = "\"\(Producer.packageVersion)-\(text.utf8.count)\""
        return .bytes(
            ByteBuffer(string: text), type: "application/json", etag: etag, for: request, caching: "no-cache")
    }

    private func capabilities() async -> JSONValue {
        let limits = settings.limits
        return .object([
            "version": .text(Producer.packageVersion),
            "limits": .object([
                "pictureBytes": .whole(limits.picture), "pixels": .whole(store.pixelLimit),
                "queue": .whole(await workshop.queueLimit),
            ]),
            "formats": .object([
                "reads": .list(ImageLibrary.readable.map { .text($0) }),
                "writes": .list(["png", "jpeg", "webp"].map { .text($0) }),
            ]),
            "device": .text(workshop.models.device),
            "model": .text(workshop.models.choice(for: [], photo: nil)),
            "features": .list(
                (JobRequest.Kind.allCases.map(\.rawValue) + ["focus", "previews"]).map { .text($0) }),
        ])
    }

    /// All models there are, usable or not.
    func models() async -> [JSONValue] {
        let (shelf, loaded) = (workshop.models, await workshop.loaded)
        let usual = shelf.choice(for: [], photo: nil)
        let items = try? await store.work {
            shelf.names.map { name -> JSONValue in
                var item: [String: JSONValue] = [
                    "name": .text(name), "bytes": .whole(shelf.bytes(of: name)),
                    "loaded": .flag(loaded.contains(name)), "default": .flag(name == usual),
                ]
                do {
                    let card = try shelf.card(of: name)
                    item["usable"] = .flag(true)
                    item["side"] = .whole(card.facts.imageSide)
                    item["fingerprint"] = .text(card.facts.fingerprint)
                    item["inpainting"] = .flag(card.facts.inputChannels == 2 * card.facts.latentChannels + 1)
                    item["instructions"] = .flag(card.facts.inputChannels == 2 * card.facts.latentChannels)
                    item["settings"] = card.settings?.facts
                    if let path = card.path, let words = KnownWords(folder: path) {
                        item["words"] = .list(words.words.sorted().map { .text($0) })
                    }
                } catch {
                    item["usable"] = .flag(false)
                    item["reason"] = .text(Problem(describing: error).detail)
                }
                return .object(item)
            }
        }
        return items ?? []
    }
}
