import Foundation
import Networks
import Support
import Tensors
import TestSupport
import Testing

/// `Tests/Fixtures/configurations.json`: settings of model folders, and what diffusers makes of each.
struct ConfigurationTable {
    /// One setting of one part.
    struct Row: CustomTestStringConvertible {
        let part: String
        let file: ConfigurationFile
        let fields: [String: JSONValue]
        let testDescription: String

        /// What the message must say behind the file's name, where it is refused.
        var refusal: String? { fields["refused"]?.text }
        /// Numbers by name.
        func numbers(_ name: String) -> [Double] {
            (fields[name]?.list ?? []).compactMap { Double($0) }
        }
    }

    /// Rows of some parts, in order.
    static func rows(_ parts: String...) throws -> [Row] {
        let data = try Data(contentsOf: URL(fileURLWithPath: Fixtures.root + "/configurations.json"))
        guard let table = JSONValue.object(of: data), case .object(let bases)? = table["bases"] else {
            return []
        }
        return (table["rows"]?.list ?? []).compactMap { entry in
            guard case .object(let fields) = entry, let part = fields["part"]?.text, parts.contains(part),
                case .object(var settings)? = bases[part]
            else { return nil }
            var said: [String] = []
            if case .object(let changes)? = fields["set"] {
                settings.merge(changes) { $1 }
                said += changes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            }
            for key in (fields["unset"]?.list ?? []).compactMap(\.text) {
                settings[key] = nil
                said.append("no \(key)")
            }
            return Row(
                part: part, file: ConfigurationFile(path: "config.json", settings), fields: fields,
                testDescription: part + ": " + said.joined(separator: ", "))
        }
    }

    /// A tensor from its name and shape, as the fixture's script makes it.
    ///
    /// FNV-1a of the name, plus places, hashed by Wellons' lowbias32, in -1…1; weights are then scaled by their kind.
    static func made(_ name: String, _ shape: [Int], weight: Bool = true) -> Tensor {
        let seed = name.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        let count = shape.reduce(1, *)
        var scale = 1.0
        var shift = 0.0
        if weight, shape.count >= 2 {
            scale = name.hasSuffix("_embedding.weight") ? 1 : (3 / Double(count / shape[0])).squareRoot()
        } else if weight {
            (scale, shift) = (0.1, name.hasSuffix("bias") ? 0 : 1)
        }
        let values = (0..<count).map { place in
            let unit = (Double(scrambled(seed &+ UInt32(place))) + 0.5) / 2_147_483_648 - 1
            return Float(unit * scale + shift)
        }
        return Tensor(values, shape: shape)
    }

    private static func scrambled(_ number: UInt32) -> UInt32 {
        var x = number
        x ^= x >> 16
        x = x &* 0x7FEB_352D
        x ^= x >> 15
        x = x &* 0x846C_A68B
        return x ^ (x >> 16)
    }

    /// The root mean square, and eight numbers at even distances.
    static func digest(_ tensor: Tensor) -> [Double] {
        let values = tensor.to(dtype: .float64).contiguous.scalars(as: Double.self)
        let square = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
        return [square.squareRoot()] + (0..<8).map { values[$0 * (values.count - 1) / 7] }
    }
}
