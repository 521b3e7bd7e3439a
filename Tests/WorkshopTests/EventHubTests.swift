import Foundation
import Support
import Testing

@testable import Workshop

@Suite struct EventHubTests {
    @Test("Newer progress takes the place of older, changes of state are never dropped")
    func replaced() async throws {
        let hub = EventHub()
        let (stream, _) = try #require(hub.subscribe())
        for step in 0..<1000 { hub.publish("progress", job: "j", .object(["step": .whole(step)])) }
        for state in ["running", "done"] { hub.publish("job", job: "j", .object(["state": .text(state)])) }
        stream.close()
        var seen: [String] = []
        while let event = await stream.next() { seen.append(event.data) }
        #expect(seen == ["{\"step\":999}", "{\"state\":\"running\"}", "{\"state\":\"done\"}"])
    }

    @Test("Who does not read is told to begin anew, and holds at most a buffer of events")
    func overflow() async throws {
        let hub = EventHub()
        let (stream, _) = try #require(hub.subscribe())
        for index in 0..<(EventHub.buffer + 50) { hub.publish("job", job: "j\(index)", .null) }
        #expect(await stream.next()?.name == "resync")
        #expect(await stream.next() == nil)
    }

    @Test("Who comes back is told what was missed, as long as that is known and of this start")
    func replay() async throws {
        let hub = EventHub()
        for index in 1...5 { hub.publish("job", job: "j", .whole(index)) }
        let (stream, isWhole) = try #require(hub.subscribe(after: "\(hub.boot).3"))
        stream.close()
        #expect(isWhole)
        #expect(await stream.next()?.data == "4")
        #expect(await stream.next()?.data == "5")
        #expect(hub.subscribe(after: "\(hub.boot).9")?.isWhole == false)
        #expect(hub.subscribe(after: "ANOTHERBOOT0.3")?.isWhole == false)
        for index in 0..<EventHub.ring { hub.publish("job", job: "j", .whole(index)) }
        #expect(hub.subscribe(after: "\(hub.boot).3")?.isWhole == false)
    }

    @Test("A stream of one job hears of no other, and there are not endlessly many")
    func ofOneJob() async throws {
        let hub = EventHub()
        let (stream, _) = try #require(hub.subscribe(job: "a"))
        hub.publish("job", job: "b", .whole(1))
        hub.publish("model", .whole(2))
        hub.publish("job", job: "a", .whole(3))
        #expect(await stream.next()?.data == "3")
        for _ in 1..<EventHub.mostSubscribers { _ = try #require(hub.subscribe()) }
        #expect(hub.subscribe() == nil)
        stream.leave()
        #expect(hub.subscribe() != nil)
    }

    @Test("A reader that waits is let go when its task is cancelled, and at the farewell")
    func letGo() async throws {
        let hub = EventHub()
        let (stream, _) = try #require(hub.subscribe())
        let reading = Task { await stream.next() }
        try await Task.sleep(for: .milliseconds(20))
        reading.cancel()
        #expect(await reading.value == nil)
        let (other, _) = try #require(hub.subscribe())
        let waiting = Task { await other.next()?.name }
        try await Task.sleep(for: .milliseconds(20))
        hub.close("stopping")
        #expect(await waiting.value == "bye")
        #expect(hub.subscribe() == nil)
    }
}
