import Synchronization
import Workshop

/// Requests whose clients wait: a client that comes back within a while adopts what it asked for before.
///
/// OpenAI's own clients send a request again where the connection broke, without a key; painting twice would be the
/// answer otherwise.
final class OpenAIWaiting: Sendable {
    /// How long a job goes on without a client.
    private let patience: Duration
    private struct Entry {
        var jobs: [String]
        var clients: Int
        var departures = 0
    }
    private let entries = Mutex<[String: Entry]>([:])
    private let workshop: Workshop

    init(_ workshop: Workshop, patience: Duration) {
        self.workshop = workshop
        self.patience = patience
    }

    /// The jobs of a request that is being done already; counts its client in.
    func adopt(_ hash: String) -> [String]? {
        entries.withLock { entries in
            entries[hash]?.clients += 1
            return entries[hash]?.jobs
        }
    }

    /// Remembers the jobs of a request with its first client.
    func begin(_ hash: String, jobs: [String]) {
        entries.withLock { $0[hash] = Entry(jobs: jobs, clients: 1) }
    }

    /// A client was answered: whoever asks the same again wants it anew.
    func end(_ hash: String) { entries.withLock { _ = $0.removeValue(forKey: hash) } }

    /// A client left without an answer; its jobs are cancelled where nobody comes back.
    func leave(_ hash: String) {
        let departure = entries.withLock { entries -> Int? in
            entries[hash]?.clients -= 1
            entries[hash]?.departures += 1
            return entries[hash]?.departures
        }
        guard let departure else { return }
        Task {
            try? await Task.sleep(for: patience)
            let jobs = entries.withLock { entries -> [String] in
                guard let entry = entries[hash], entry.clients <= 0, entry.departures == departure else {
                    return []
                }
                entries[hash] = nil
                return entry.jobs
            }
            for job in jobs { _ = try? await workshop.cancel(job) }
        }
    }
}
