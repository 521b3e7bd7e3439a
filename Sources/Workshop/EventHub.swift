import Foundation
package import Support
import Synchronization
import Vault

/// Something that happened, as subscribers are told of it.
package struct ServiceEvent: Sendable, Equatable {
    /// Its number since the start.
    package var number: Int
    /// What it is: "job", "progress", "preview", "model", "bye", "resync".
    package var name: String
    /// The job that it is about.
    package var job: String?
    /// Its members, as JSON on one line.
    package var data: String

    /// Whether a newer one of the same name and job makes it useless.
    var isPassing: Bool { name == "progress" || name == "preview" || name == "" }
}

/// Tells subscribers what happens, none of whom can hold up the others.
package final class EventHub: Sendable {
    /// The most events that wait for a subscriber.
    package static let buffer = 256
    /// The most subscribers.
    package static let mostSubscribers = 32
    /// How many events are remembered for those who come back.
    package static let ring = 1000

    /// Names this start of the program in the names of events.
    package let boot = String(Identifiers.boot)
    private struct State {
        var last = 0
        var ring: [ServiceEvent] = []
        var subscribers: [ObjectIdentifier: EventStream] = [:]
        var isClosed = false
    }
    private let state = Mutex(State())

    /// A hub without subscribers.
    package init() {}

    /// Tells all subscribers.
    package func publish(_ name: String, job: String? = nil, _ data: JSONValue) {
        let text = data.line
        state.withLock { state in
            state.last += 1
            let event = ServiceEvent(number: state.last, name: name, job: job, data: text)
            if !event.isPassing {
                state.ring.append(event)
                if state.ring.count > Self.ring { state.ring.removeFirst(state.ring.count - Self.ring) }
            }
            for stream in state.subscribers.values { stream.add(event) }
        }
    }

    /// A sign of life to all subscribers.
    package func beat() {
        state.withLock { state in
            for stream in state.subscribers.values {
                stream.add(ServiceEvent(number: state.last, name: "", job: nil, data: ""))
            }
        }
    }

    /// A stream of what happens from now on.
    /// - Parameters:
    ///   - job: only what is about this job.
    ///   - last: the name of the event that was seen last; what followed comes first, where it is still known.
    /// - Returns: the stream, and whether nothing was missed; nil where there are too many subscribers.
    package func subscribe(job: String? = nil, after last: String? = nil) -> (EventStream, isWhole: Bool)? {
        state.withLock { state in
            guard !state.isClosed, state.subscribers.count < Self.mostSubscribers else { return nil }
            let stream = EventStream(job: job) { [weak self] in self?.remove($0) }
            var isWhole = last == nil
            if let last {
                let parts = last.split(separator: ".")
                if parts.count == 2, parts[0] == boot, let number = Int(parts[1]), number <= state.last,
                    state.ring.first.map({ $0.number <= number + 1 }) ?? true
                {
                    isWhole = true
                    for event in state.ring where event.number > number { stream.add(event) }
                }
            }
            state.subscribers[ObjectIdentifier(stream)] = stream
            return (stream, isWhole)
        }
    }

    /// How many listen.
    package var subscribers: Int { state.withLock { $0.subscribers.count } }

    /// Ends all streams with a farewell.
    package func close(_ reason: String) {
        publish("bye", .object(["reason": .text(reason)]))
        let streams = state.withLock { state in
            state.isClosed = true
            return Array(state.subscribers.values)
        }
        for stream in streams { stream.close() }
    }

    private func remove(_ stream: EventStream) {
        _ = state.withLock { $0.subscribers.removeValue(forKey: ObjectIdentifier(stream)) }
    }
}

/// What one subscriber is told: at most so many events wait, newer progress takes the place of older.
package final class EventStream: Sendable {
    private struct State {
        var waiting: [ServiceEvent] = []
        var isClosed = false
        var reader: CheckedContinuation<Void, Never>?
        var overflow: (@Sendable () -> Void)?
    }
    private let state = Mutex(State())
    private let job: String?
    private let left: @Sendable (EventStream) -> Void

    init(job: String?, left: @escaping @Sendable (EventStream) -> Void) {
        self.job = job
        self.left = left
    }

    func add(_ event: ServiceEvent) {
        if let job, let about = event.job, about != job { return }
        if job != nil, event.job == nil, event.name != "", event.name != "bye" { return }
        let (reader, overflow) = state.withLock { state in
            var overflow: (@Sendable () -> Void)?
            guard !state.isClosed else { return (CheckedContinuation<Void, Never>?.none, overflow) }
            if event.isPassing,
                let place = state.waiting.firstIndex(where: { $0.name == event.name && $0.job == event.job })
            {
                state.waiting.remove(at: place)
            }
            state.waiting.append(event)
            if state.waiting.count > EventHub.buffer {
                // Who reads too slowly begins anew.
                state.waiting = [ServiceEvent(number: event.number, name: "resync", job: nil, data: "{}")]
                state.isClosed = true
                overflow = state.overflow
            }
            defer { state.reader = nil }
            return (state.reader, overflow)
        }
        reader?.resume()
        overflow?()
    }

    /// Says what is to be done where events come faster than they are read.
    package func onOverflow(_ act: @escaping @Sendable () -> Void) { state.withLock { $0.overflow = act } }

    /// The next event, waited for; nil after the end.
    package func next() async -> ServiceEvent? {
        while true {
            let (event, isClosed) = state.withLock { state in
                (state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.isClosed)
            }
            if let event { return event }
            if isClosed || Task.isCancelled { return nil }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isReady = state.withLock { state in
                        let isReady = !state.waiting.isEmpty || state.isClosed
                        if !isReady { state.reader = continuation }
                        return isReady
                    }
                    if isReady || Task.isCancelled { wake(continuation, isReady) }
                }
            } onCancel: {
                close()
            }
        }
    }

    /// Lets a reader go on that did not begin to wait, or should not.
    private func wake(_ continuation: CheckedContinuation<Void, Never>, _ isReady: Bool) {
        guard !isReady else { return continuation.resume() }
        let reader = state.withLock { state in
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }

    /// Ends the stream after what waits already.
    package func close() {
        let reader = state.withLock { state in
            state.isClosed = true
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }

    /// Takes the stream out of the hub.
    package func leave() {
        close()
        left(self)
    }
}

extension Identifiers {
    fileprivate static var boot: Substring { new(.job).dropFirst(2).prefix(12) }
}
