import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import Imaging
import NIOCore
import Support
import Vault
import Workshop

extension Problem {
    /// The problem as OpenAI's services write it.
    var openAI: JSONValue {
        let kind =
            status == 429 ? "rate_limit_error" : status >= 500 ? "server_error" : "invalid_request_error"
        let code =
            slug == "not-found" && field == "model" ? "model_not_found" : slug.replacing("-", with: "_")
        return .object([
            "error": .object([
                "message": .text(detail), "type": .text(kind), "param": field.map { .text($0) } ?? .null,
                "code": .text(code),
            ])
        ])
    }
}

extension Routes {
    /// The addresses of OpenAI's services, for programs that know those.
    func addOpenAI(to router: Router<ServiceContext>) {
        on(router, .get, "/v1/models") { [self] _, _ in
            .json(
                .object([
                    "object": .text("list"), "data": .list(workshop.models.names.map(Self.openAIModel)),
                ]))
        }
        on(router, .get, "/v1/models/:id") { [self] _, context in
            let name = context.parameters.get("id") ?? ""
            guard workshop.models.names.contains(name) else {
                throw Problem("not-found", 404, "there is no model \(name.prefix(80))", field: "model")
            }
            return .json(Self.openAIModel(name))
        }
        on(router, .post, "/v1/images/edits") { [self] request, context in
            try await answer(try await edit(request), to: request, context, event: "image_edit.completed")
        }
        on(router, .post, "/v1/images/generations") { [self] request, context in
            guard let fields = try await request.json(limit: settings.limits.json).object else {
                throw Problem("malformed", 400, "the body must be a JSON object")
            }
            let asked = try OpenAIRequest(
                fields, kind: .generate, lane: Self.lane(of: request), models: workshop.models.names)
            return try await answer(asked, to: request, context, event: "image_generation.completed")
        }
    }

    private static func openAIModel(_ name: String) -> JSONValue {
        .object([
            "id": .text(name), "object": .text("model"), "created": .whole(0), "owned_by": .text("local"),
        ])
    }

    /// Clients with one key take turns with those of another.
    private static func lane(of request: Request) -> String {
        let key = request.headers[.authorization] ?? ""
        return "openai:" + SHA256.hash(data: Data(key.utf8)).hex.prefix(8)
    }

    /// Reads a form: the picture, the mask and the fields.
    private func edit(_ request: Request) async throws -> OpenAIRequest {
        guard request.headers[.contentType]?.lowercased().hasPrefix("multipart/form-data") == true else {
            throw Problem("unsupported", 415, "an edit comes as multipart/form-data")
        }
        let parts = try await uploads.form(request, pictures: ["image", "image[]", "mask"])
        var fields: [String: JSONValue] = [:]
        var (photos, mask): ([String], String?) = ([], nil)
        for (name, part) in parts {
            switch part {
            case .text(let text): try fields.put(.text(text), at: name)
            case .picture(let row, _): if name == "mask" { mask = row.id } else { photos.append(row.id) }
            }
        }
        guard let photo = photos.first else {
            throw Problem("missing", 400, "there must be an image to edit", field: "image")
        }
        guard photos.count == 1 else {
            throw Problem("unsupported", 400, "one image is edited at a time", field: "image")
        }
        if let given = mask {
            mask = try await store.maskOfHole(in: given)
            guard mask != nil else {
                throw Problem(
                    "bad-mask", 400, "the mask has no transparency; transparent marks what may change",
                    field: "mask")
            }
        } else {
            mask = try await store.maskOfHole(in: photo)
        }
        return try OpenAIRequest(
            fields, kind: .edit, photo: photo, mask: mask, lane: Self.lane(of: request),
            models: workshop.models.names)
    }

    /// Has a request done and answers when it is, or as a stream.
    private func answer(
        _ asked: OpenAIRequest, to request: Request, _ context: ServiceContext, event: String
    ) async throws -> Response {
        // A seed that was drawn is another each time, and the request the same nevertheless.
        var plain = asked.job
        plain.hasSeed = asked.isSeeded
        let hash = SHA256.hash(
            data: Data("\(asked.lane) \(asked.count) \(plain.json.line)".utf8)
        ).hex
        let jobs = try await jobs(of: asked, hash: hash)
        var headers: HTTPFields = [:]
        if !asked.ignored.isEmpty { headers[.ignored] = asked.ignored.joined(separator: ", ") }
        if asked.streams {
            return stream(jobs, asked, to: context.channel, hash: hash, event: event, headers)
        }
        guard await wait(for: jobs, as: context.channel) else {
            waiting.leave(hash)
            throw CancellationError()
        }
        waiting.end(hash)
        var (images, size): ([JSONValue], String) = ([], "")
        for id in jobs {
            let row = try await result(of: id)
            let made = try await store.image(of: row, for: asked)
            size = made.size
            let url = "http://\(request.head.authority ?? "")/api/v1/results/\(row.id)/file"
            images.append(
                OpenAIAnswers.image(
                    asked.form == .url ? url : Data(made.bytes).base64EncodedString(), as: asked.form))
        }
        return .json(OpenAIAnswers.images(images, asked, size: size), headers: headers)
    }

    private func jobs(of asked: OpenAIRequest, hash: String) async throws -> [String] {
        if let known = waiting.adopt(hash) { return known }
        var jobs: [String] = []
        do {
            for job in asked.jobs { jobs.append(try await workshop.submit(job, lane: asked.lane).job.id) }
        } catch {
            for job in jobs { _ = try? await workshop.cancel(job) }
            throw error
        }
        waiting.begin(hash, jobs: jobs)
        return jobs
    }

    /// Waits until all jobs have ended.
    /// - Returns: whether they have; not where the client left before.
    private func wait(for jobs: [String], as channel: any Channel) async -> Bool {
        let workshop = workshop
        let task = Task {
            for job in jobs { await workshop.wait(for: job, seconds: 86_400) }
            return !Task.isCancelled
        }
        Doorkeeper.watch(channel) { task.cancel() }
        return await task.value
    }

    /// What came of a job that ended.
    /// - Throws: `Problem` with what it failed of.
    private func result(of id: String) async throws -> ResultRow {
        guard let job = try await vault.job(id) else { throw Problem.notFound }
        if let text = job.error, let facts = try? JSONValue(line: text).object {
            var status = 500
            if case .whole(let number)? = facts["status"] { status = number }
            throw Problem(facts["code"]?.text ?? "fault", status, facts["detail"]?.text ?? "the job failed")
        }
        guard let name = try job.outcome.map({ try JSONValue(line: $0) })?.text,
            let row = try await vault.result(name)
        else { throw Problem("conflict", 409, "the job was cancelled") }
        return row
    }

    private func stream(
        _ jobs: [String], _ asked: OpenAIRequest, to channel: any Channel, hash: String, event: String,
        _ more: HTTPFields
    ) -> Response {
        var headers = more
        headers[.contentType] = "text/event-stream"
        headers[.cacheControl] = "no-store"
        headers[.accelBuffering] = "no"
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { [self] writer in
                if asked.partialImages > 0, let job = jobs.first {
                    try await sendPartialImages(
                        of: job, asked, as: event.replacing("completed", with: "partial_image"), to: channel,
                        by: &writer)
                }
                guard await wait(for: jobs, as: channel) else {
                    waiting.leave(hash)
                    return
                }
                waiting.end(hash)
                do {
                    for id in jobs {
                        let made = try await store.image(of: try await result(of: id), for: asked)
                        let data = OpenAIAnswers.completed(
                            Data(made.bytes).base64EncodedString(), asked, event: event, size: made.size)
                        try await writer.write(ByteBuffer(string: "event: \(event)\ndata: \(data.line)\n\n"))
                    }
                } catch {
                    let data = Problem(describing: error).openAI
                    try await writer.write(ByteBuffer(string: "event: error\ndata: \(data.line)\n\n"))
                }
                try await writer.finish(nil)
            })
    }

    /// Sends what is being painted, so often as was asked for at most, until the job ends or its client leaves.
    private func sendPartialImages(
        of job: String, _ asked: OpenAIRequest, as event: String, to channel: any Channel,
        by writer: inout any ResponseBodyWriter
    ) async throws {
        guard let (events, _) = workshop.hub.subscribe(job: job) else { return }
        defer { events.leave() }
        Doorkeeper.watch(channel) { events.close() }
        guard try await vault.job(job)?.state.isEnd == false else { return }
        var sent = 0
        while let next = await events.next(), !next.endsJob {
            guard next.name == "preview", sent < asked.partialImages,
                let preview = await workshop.preview(of: job)
            else { continue }
            let content = try await store.coded(preview, for: asked)
            let data = OpenAIAnswers.partial(content, asked, event: event, index: sent)
            try await writer.write(ByteBuffer(string: "event: \(event)\ndata: \(data.line)\n\n"))
            sent += 1
        }
    }
}
