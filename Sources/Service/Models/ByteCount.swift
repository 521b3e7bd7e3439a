/// A number of bytes as people write it: 4096, 500M, 2GiB.
public struct ByteCount: Sendable, Equatable, CustomStringConvertible {
    /// The bytes.
    public let count: Int

    /// So many bytes.
    public init(count: Int) { self.count = count }

    /// What a text means; nil for what is no number of bytes.
    public init?(argument: String) {
        let digits = argument.prefix { $0.isNumber || $0 == "." }
        let unit = argument.dropFirst(digits.count).lowercased()
        let units = ["": 0, "b": 0, "k": 10, "m": 20, "g": 30, "t": 40]
        let name = unit.count > 1 ? unit.replacing("ib", with: "").replacing("b", with: "") : unit
        guard let power = units[name], let number = Double(digits), number.isFinite else { return nil }
        let bytes = number * Double(1 << power)
        guard bytes >= 0, bytes < 1e18 else { return nil }
        count = Int(bytes)
    }

    /// The number alone.
    public var description: String { "\(count)" }

    /// In whole units where it is one: 1G.
    public var defaultValueDescription: String {
        for (power, unit) in [(40, "T"), (30, "G"), (20, "M")] where count >= 1 << power {
            if count % (1 << power) == 0 { return "\(count >> power)\(unit)" }
        }
        return description
    }
}
