import Synchronization
import Workshop

/// So many times within a while, and no more.
final class RateLimit: Sendable {
    private let most: Int
    private let span: Duration
    private let window = Mutex((start: ContinuousClock.now, count: 0))

    init(most: Int, within span: Duration) {
        self.most = most
        self.span = span
    }

    /// Counts one more.
    /// - Throws: `Problem` where that is too many.
    func take() throws(Problem) {
        let isAllowed = window.withLock { window in
            if ContinuousClock.now - window.start > span { window = (.now, 0) }
            window.count += 1
            return window.count <= most
        }
        guard isAllowed else {
            throw Problem("too-many-requests", 429, "too many of these in a minute", retryAfter: 30)
        }
    }
}
