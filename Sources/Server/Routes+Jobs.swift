import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Support
import Vault
import Workshop

extension Routes {
    /// Jobs: asked for, told of, waited for, cancelled, done again.
    func addJobs(to router: Router<ServiceContext>) {
        on(router, .post, "/api/v1/jobs") { [self] request, _ in
            let wait = try request.queryNumber("wait", in: 0...55) ?? 0
            let body = try await request.json(limit: settings.limits.json)
            let once = try request.onceKey(body)
            let (job, isReplay) = try await workshop.submit(try JobRequest(body), lane: "page", once: once)
            return try await accepted(job, isReplay, wait: wait)
        }
        on(router, .get, "/api/v1/jobs") { [self] request, _ in
            let states = try request.queryChoice("state", of: JobRow.State.allCases.map(\.rawValue))
            let limit = try request.queryNumber("limit", in: 1...200) ?? 50
            let order = try request.queryChoice("order", of: ["asc", "desc"]) ?? "desc"
            let jobs = try await vault.jobs(
                in: states.flatMap(JobRow.State.init(rawValue:)).map { [$0] } ?? [], limit: limit,
                after: try Self.after(.job, request), newestFirst: order == "desc")
            var items: [JSONValue] = []
            for job in jobs { items.append(await workshop.facts(of: job)) }
            return .json(Self.page(items, limit: limit, last: jobs.last?.id))
        }
        on(router, .get, "/api/v1/jobs/:id") { [self] request, context in
            let id = try Self.name(.job, context)
            let wait = try request.queryNumber("wait", in: 0...55) ?? 0
            let known = try await job(id)
            if !known.state.isEnd { await workshop.wait(for: id, seconds: Double(wait)) }
            return .json(await workshop.facts(of: try await job(id)))
        }
        on(router, .delete, "/api/v1/jobs/:id") { [self] _, context in
            try await vault.deleteJob(try Self.name(.job, context))
            return Response(status: .noContent)
        }
        on(router, .post, "/api/v1/jobs/:id/cancel") { [self] _, context in
            let job = try await workshop.cancel(try Self.name(.job, context))
            return .json(await workshop.facts(of: job))
        }
        on(router, .post, "/api/v1/jobs/:id/retry") { [self] request, context in
            let id = try Self.name(.job, context)
            let (job, isReplay) = try await workshop.retry(id, once: try request.onceKey(.text(id)))
            return try await accepted(job, isReplay, wait: 0)
        }
        on(router, .get, "/api/v1/jobs/:id/preview") { [self] _, context in
            let id = try Self.name(.job, context)
            guard let bytes = await workshop.preview(of: id) else { throw Problem.notFound }
            return Response(
                status: .ok, headers: [.contentType: "image/webp", .cacheControl: "no-store"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        }
        on(router, .get, "/api/v1/jobs/:id/events") { [self] request, context in
            let id = try Self.name(.job, context)
            _ = try await job(id)
            return try EventAnswer(hub: workshop.hub).answer(to: request, context, job: id) { [self] _ in
                [("job", await workshop.facts(of: try await job(id)))]
            }
        }
    }

    private func job(_ id: String) async throws -> JobRow {
        guard let job = try await vault.job(id) else { throw VaultError.unknown(what: "job", id: id) }
        return job
    }

    private func accepted(_ job: JobRow, _ isReplay: Bool, wait: Int) async throws -> Response {
        await workshop.wait(for: job.id, seconds: Double(wait))
        let now = wait > 0 ? try await self.job(job.id) : job
        var headers: HTTPFields = [.location: "/api/v1/jobs/\(job.id)"]
        if isReplay { headers[.idempotentReplay] = "true" }
        return .json(await workshop.facts(of: now), status: .accepted, headers: headers)
    }

    /// Where a page begins.
    static func after(_ kind: Identifiers.Kind, _ request: Request) throws -> String? {
        guard let after = request.query["after"] else { return nil }
        guard Identifiers.isName(after, of: kind) else {
            throw Problem("bad-value", 422, "after is no name that a page ended with", field: "after")
        }
        return after
    }

    /// A page of a list, and where the next begins.
    static func page(_ items: [JSONValue], limit: Int, last: String?) -> JSONValue {
        var page: [String: JSONValue] = ["items": .list(items)]
        if items.count == limit { page["next"] = last.map { .text($0) } }
        return .object(page)
    }
}
