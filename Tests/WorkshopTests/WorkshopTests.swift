import Diffusion
import Editing
import Foundation
import Imaging
import Support
import Testing
import ToyService
import Vault

@testable import Workshop

/// A request as it comes over the wire.
func request(_ photo: String, _ more: [String: JSONValue] = [:]) throws -> JobRequest {
    let members: [String: JSONValue] = [
        "picture": .text(photo), "prompt": .text("dog"), "source": .text("cat"), "method": .text("sdedit"),
        "steps": .whole(10), "seed": .whole(3),
    ]
    return try JobRequest(.object(members.merging(more) { $1 }))
}

@Suite(.serialized) struct WorkshopTests {
    @Test("An edit has exactly the pixels that the library makes of the same request, and an account of it")
    func samePixels() async throws {
        let toy = try await ToyWorkshop()
        let photo = try await toy.upload(toyImage(), label: "cat.png")
        let (job, _) = try await toy.workshop.submit(try request(photo.id), lane: "page")
        await toy.workshop.wait(for: job.id, seconds: 30)
        let ended = try #require(try await toy.vault.job(job.id))
        #expect(ended.state == .done, "\(ended.error ?? "")")
        let name = try #require(try ended.outcome.map { try JSONValue(line: $0) }?.text)
        let result = try #require(try await toy.vault.result(name))

        var settings = EditSettings(prompt: "dog", source: "cat", method: "sdedit")
        settings.seed = 3
        settings.steps = 10
        let (engine, _) = try toy.shelf.engine(of: "toy")
        let expected = try await engine.edited(EditRequest(settings, image: toyImage()))
        #expect(try await toy.workshop.store.photo(result.picture).image == expected.image)
        #expect(try result.stored.edit?.seed == 3)
        #expect(try result.stored.stem == "cat-sdedit-3")
        // The same once more is the same picture: what is stored carries no times.
        let again = try await toy.workshop.retry(job.id).job
        await toy.workshop.wait(for: again.id, seconds: 30)
        let second = try #require(try await toy.vault.results(limit: 1).first)
        #expect(second.id != result.id && second.picture == result.picture)
        try await toy.close()
    }

    @Test("What is asked for as the command line refuses it is refused before it is accepted")
    func refused() async throws {
        let toy = try await ToyWorkshop()
        let photo = try await toy.upload(toyImage())
        let black = try await toy.upload(Image(width: 40, height: 40))
        let turned = try await toy.upload(Image(width: 60, height: 40, red: 255, green: 255, blue: 255))
        let tall = try await toy.upload(toyImage(40, 60))
        let cases: [(String, [String: JSONValue], String)] = [
            (photo.id, ["method": .text("sdedti")], "unknown-method"),
            (photo.id, ["options": .object(["strenght": .number(0.5)])], "unknown-option"),
            (photo.id, ["guidance": .number(-1)], "bad-value"), (photo.id, ["steps": .whole(0)], "bad-value"),
            (photo.id, ["strength": .number(0.01)], "bad-value"),
            (photo.id, ["prompt": .text(" ")], "missing"),
            (photo.id, ["method": .text("p2p-regions")], "missing"),
            (photo.id, ["mask": .object(["picture": .text(black.id)])], "bad-mask"),
            (tall.id, ["mask": .object(["picture": .text(turned.id)])], "bad-mask"),
            (String(repeating: "0", count: 64), [:], "not-found"),
            (photo.id, ["model": .text("../../x")], "not-found"),
            (
                photo.id,
                [
                    "method": .text("pix2pix-zero"),
                    "options": .object(["from-sentences": .text("/etc/passwd")]),
                ], "bad-value"
            ),
        ]
        for (picture, more, slug) in cases {
            do {
                _ = try await toy.workshop.submit(try request(picture, more), lane: "page")
                Issue.record("\(more) was accepted")
            } catch {
                #expect(Problem(describing: error).slug == slug, "\(more): \(error)")
            }
        }
        #expect(try await toy.vault.jobs(limit: 10).isEmpty)
        try await toy.close()
    }

    @Test("A mask keeps every pixel outside it, and inverting it changes the others")
    func masked() async throws {
        let toy = try await ToyWorkshop()
        let photo = try await toy.upload(toyImage())
        let mask = Mask(width: 40, height: 40, values: (0..<1600).map { $0 % 40 < 15 ? 1 : 0 })
        let white = try await toy.upload(mask.image())
        var changed: [Set<Bool>] = []
        for invert in [false, true] {
            let more: [String: JSONValue] = [
                "mask": .object(["picture": .text(white.id), "invert": .flag(invert)])
            ]
            let job = try await toy.workshop.submit(try request(photo.id, more), lane: "page").job
            await toy.workshop.wait(for: job.id, seconds: 30)
            let result = try #require(try await toy.vault.results(limit: 1).first)
            let image = try await toy.workshop.store.photo(result.picture).image
            let places = (0..<4800).filter { image.pixels[$0] != toyImage().pixels[$0] }
            changed.append(Set(places.map { $0 / 3 % 40 < 15 }))
        }
        #expect(changed == [[true], [false]])
        try await toy.close()
    }

    @Test("A mask is found without painting: the same map that an edit's mask is cut from")
    func foundMask() async throws {
        let toy = try await ToyWorkshop()
        let photo = try await toy.upload(toyImage())
        let more: [String: JSONValue] = ["method": .text("diffedit"), "kind": .text("mask")]
        let job = try await toy.workshop.submit(try request(photo.id, more), lane: "page").job
        await toy.workshop.wait(for: job.id, seconds: 30)
        let ended = try #require(try await toy.vault.job(job.id))
        let told = try #require(
            try ended.outcome.map { try JSONValue(line: $0) }?.object, "\(ended.error ?? "")")
        let edit = try await toy.workshop.submit(
            try request(photo.id, ["method": .text("diffedit")]), lane: "page"
        ).job
        await toy.workshop.wait(for: edit.id, seconds: 30)
        let result = try #require(try await toy.vault.results(limit: 1).first)
        let soft = try await toy.workshop.store.photo(try #require(told["softMask"]?.text)).image
        let own = try await toy.workshop.store.photo(try #require(result.soft)).image
        #expect((soft.width, soft.height) == (40, 40) && (own.width, own.height) == (16, 16))
        let enlarged = Mask(luma: own).resized(width: 40, height: 40).image()
        #expect(zip(soft.pixels, enlarged.pixels).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
        #expect(told["threshold"] == .number(0.5))
        #expect(try result.stored.edit?.maskArea == told["area"]?.number)
        for wrong in [
            ["kind": JSONValue.text("mask"), "method": .text("sdedit")],
            [
                "kind": .text("mask"), "method": .text("diffedit"),
                "mask": .object(["picture": .text(photo.id)]),
            ],
        ] {
            await #expect(throws: (any Error).self) {
                try await toy.workshop.submit(try request(photo.id, wrong), lane: "page")
            }
        }
        try await toy.close()
    }

    @Test("Previews are told where they are asked for, and change nothing that is painted")
    func previews() async throws {
        let toy = try await ToyWorkshop(pause: 0.02)
        let photo = try await toy.upload(toyImage())
        let (stream, _) = try #require(toy.workshop.hub.subscribe())
        let more: [String: JSONValue] = [
            "steps": .whole(40), "previews": .object(["every": .number(0.1)]),
        ]
        let job = try await toy.workshop.submit(try request(photo.id, more), lane: "page").job
        var seen: (url: String?, bytes: [UInt8]?)
        while let event = await stream.next() {
            let facts = try #require(try JSONValue(line: event.data).object)
            if event.name == "preview", seen.url == nil {
                seen = (facts["url"]?.text, await toy.workshop.preview(of: job.id))
            }
            if facts["state"] == .text("done") { break }
        }
        stream.leave()
        #expect(seen.url == "/api/v1/jobs/\(job.id)/preview?n=1")
        let shown = try Photo(bytes: try #require(seen.bytes)).image
        #expect((shown.width, shown.height) == (16, 16))
        #expect(await toy.workshop.preview(of: job.id) == nil)
        let plain = try await toy.workshop.submit(
            try request(photo.id, ["steps": .whole(40)]), lane: "page"
        ).job
        await toy.workshop.wait(for: plain.id, seconds: 30)
        let pictures = try await toy.vault.results(limit: 2).map(\.picture)
        #expect(pictures.count == 2 && pictures[0] == pictures[1])
        try await toy.close()
    }

    @Test("A job that runs is cancelled within a moment, one that waits at once, and the next one runs")
    func cancelled() async throws {
        let toy = try await ToyWorkshop(pause: 0.05)
        let photo = try await toy.upload(toyImage())
        let first = try await toy.workshop.submit(try request(photo.id, ["steps": .whole(200)]), lane: "a")
            .job
        let second = try await toy.workshop.submit(try request(photo.id), lane: "a").job
        let third = try await toy.workshop.submit(try request(photo.id), lane: "a").job
        while try await toy.vault.job(first.id)?.state != .running {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(try await toy.workshop.cancel(second.id).state == .cancelled)
        let start = ContinuousClock.now
        #expect(try await toy.workshop.cancel(first.id).state == .cancelled)
        #expect(ContinuousClock.now - start < .seconds(2))
        await toy.workshop.wait(for: third.id, seconds: 30)
        #expect(try await toy.vault.job(third.id)?.state == .done)
        #expect(try await toy.workshop.cancel(third.id).state == .done)
        try await toy.close()
    }

    @Test("Progress never falls, events end with the job, and who begins late is told of the end")
    func progress() async throws {
        let toy = try await ToyWorkshop(pause: 0.02)
        let photo = try await toy.upload(toyImage())
        let (stream, _) = try #require(toy.workshop.hub.subscribe())
        let job = try await toy.workshop.submit(
            try request(photo.id, ["method": .text("ddim"), "steps": .whole(20)]), lane: "page"
        ).job
        var (shares, states, stages): ([Double], [String], Set<String>) = ([], [], [])
        while let event = await stream.next() {
            let facts = try #require(try JSONValue(line: event.data).object)
            if event.name == "progress" {
                shares.append(try #require(facts["share"]?.number))
                stages.insert(facts["stage"]?.text ?? "")
            }
            guard event.name == "job" else { continue }
            states.append(facts["state"]?.text ?? "")
            if states.last == "done" { break }
        }
        stream.leave()
        #expect(states == ["queued", "running", "done"])
        #expect(shares == shares.sorted() && shares.count > 3 && shares.last ?? 0 < 1)
        #expect(stages.count > 1)
        #expect(toy.workshop.hub.subscribers == 0)
        #expect(job.id.hasPrefix("j_"))
        try await toy.close()
    }

    @Test("A job that is interrupted by the end of the program ends with the picture of an undisturbed one")
    func resumed() async throws {
        let undisturbed = try await ToyWorkshop()
        let photo = try await undisturbed.upload(toyImage())
        let first = try await undisturbed.workshop.submit(try request(photo.id), lane: "page").job
        await undisturbed.workshop.wait(for: first.id, seconds: 30)
        let expected = try #require(try await undisturbed.vault.results(limit: 1).first).picture
        try await undisturbed.close()

        let folder = NSTemporaryDirectory() + "/resumed-\(UUID().uuidString)"
        let toy = try await ToyWorkshop(in: folder, pause: 0.1)
        _ = try await toy.upload(toyImage())
        let job = try await toy.workshop.submit(try request(photo.id), lane: "page").job
        while try await toy.vault.job(job.id)?.state != .running {
            try await Task.sleep(for: .milliseconds(5))
        }
        await toy.workshop.stop(grace: 0)
        #expect(try await toy.vault.job(job.id)?.state == .queued)
        #expect(try await toy.vault.job(job.id)?.attempts == 0)
        await #expect(throws: Problem.self) {
            try await toy.workshop.submit(try request(photo.id), lane: "page")
        }
        // The same folder by another workshop, as after a new start.
        let again = Workshop(PictureStore(toy.vault), models: ToyShelf())
        try await again.open()
        await again.wait(for: job.id, seconds: 30)
        #expect(try await toy.vault.results(limit: 1).first?.picture == expected)
        await again.stop(grace: 0)
        try toy.vault.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    @Test("Lanes take turns: many jobs of one do not hold up the one of another")
    func lanes() async throws {
        let toy = try await ToyWorkshop(pause: 0.01)
        let photo = try await toy.upload(toyImage())
        var jobs: [String] = []
        for lane in ["a", "a", "a", "a", "b"] {
            jobs.append(try await toy.workshop.submit(try request(photo.id), lane: lane).job.id)
        }
        for job in jobs { await toy.workshop.wait(for: job, seconds: 60) }
        let rows = try await toy.vault.jobs(limit: 10)
        let order = rows.sorted { ($0.started ?? .distantFuture) < ($1.started ?? .distantFuture) }.map(
            \.lane)
        #expect(try #require(order.firstIndex(of: "b")) <= 2, "\(order)")
        try await toy.close()
    }
}
