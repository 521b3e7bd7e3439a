import Synchronization

/// A list that several threads fill, each index by one of them.
final class SharedArray<Element: Sendable>: Sendable {
    private let storage: Mutex<[Element]>

    init(count: Int, filling value: Element) { storage = Mutex(Array(repeating: value, count: count)) }

    subscript(_ index: Int) -> Element {
        get { storage.withLock { $0[index] } }
        set { storage.withLock { $0[index] = newValue } }
    }

    var values: [Element] { storage.withLock { $0 } }
}

/// The first of several errors.
final class FirstError: Sendable {
    private let storage = Mutex<(any Error)?>(nil)

    var error: (any Error)? { storage.withLock { $0 } }

    func keep(_ error: any Error) { storage.withLock { $0 = $0 ?? error } }
}

/// A count that several threads raise.
final class Counter: Sendable {
    private let storage = Mutex(0)

    /// Raises it; answers the new count whenever it passes a multiple of `interval`.
    func add(_ amount: Int, reportingEvery interval: Int) -> Int? {
        storage.withLock { count in
            let before = count / interval
            count += amount
            return count / interval > before ? count : nil
        }
    }
}
