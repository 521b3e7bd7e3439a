/// Numbers for byte strings: a hash table whose keys lie in one block of memory.
///
/// A dictionary of `String` would do, but strings compare by canonical equivalence, which is both slower and wrong for
/// symbols that stand for bytes.
struct ByteTable {
    private var bytes: [UInt8] = []
    /// Where each entry's key begins in `bytes`; one more than there are entries.
    private var starts: [Int] = [0]
    private var values: [Int] = []
    /// Entry numbers by hash, -1 where free; the count is a power of two and at least twice the entries.
    private var slots: [Int32]

    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = Array(repeating: -1, count: size)
        starts.reserveCapacity(capacity + 1)
        values.reserveCapacity(capacity)
        bytes.reserveCapacity(capacity * 8)
    }

    var count: Int { values.count }

    private func key(_ entry: Int) -> ArraySlice<UInt8> { bytes[starts[entry]..<starts[entry + 1]] }

    /// Every key with its value, in the order of insertion.
    var entries: some Sequence<(key: ArraySlice<UInt8>, value: Int)> {
        (0..<count).lazy.map { (key: self.key($0), value: self.values[$0]) }
    }

    /// The slot that holds a key, or the free one where it belongs.
    ///
    /// Keys are seeded hashes, so no file can aim at a slot.
    private func slot(of key: UnsafeBufferPointer<UInt8>) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(key))
        var slot = hasher.finalize() & (slots.count - 1)
        while slots[slot] >= 0 {
            let entry = Int(slots[slot])
            let start = starts[entry]
            if starts[entry + 1] - start == key.count, isEqual(key, at: start) { break }
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    private func isEqual(_ key: UnsafeBufferPointer<UInt8>, at start: Int) -> Bool {
        for offset in 0..<key.count where bytes[start + offset] != key[offset] { return false }
        return true
    }

    /// The value of a key.
    subscript(key: some Collection<UInt8>) -> Int? {
        if let found = key.withContiguousStorageIfAvailable({ value(at: slot(of: $0)) }) { return found }
        return Array(key).withUnsafeBufferPointer { value(at: slot(of: $0)) }
    }

    private func value(at slot: Int) -> Int? { slots[slot] < 0 ? nil : values[Int(slots[slot])] }

    /// Adds a key, unless it is there already.
    /// - Returns: whether it was added.
    mutating func insert(_ key: [UInt8], value: Int) -> Bool {
        if (count + 1) * 2 > slots.count { grow() }
        let slot = key.withUnsafeBufferPointer { self.slot(of: $0) }
        guard slots[slot] < 0 else { return false }
        slots[slot] = Int32(count)
        bytes.append(contentsOf: key)
        starts.append(bytes.count)
        values.append(value)
        return true
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 2)
        for entry in 0..<count {
            let slot = Array(key(entry)).withUnsafeBufferPointer { self.slot(of: $0) }
            slots[slot] = Int32(entry)
        }
    }
}
