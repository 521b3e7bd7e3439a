/// JSON text that tells whole numbers from numbers with a fraction, as Python's checks of configurations want.
///
/// `JSONSerialization` writes 1.0 as 1, which transformers refuses where it expects a float.
package enum PythonJSON {
    /// The text of a value made of dictionaries, lists, strings, numbers, truth values and nil; keys sorted.
    ///
    /// What JSON has no word for (an infinite number, another type) becomes null.
    package static func text(_ value: Any, indent: String = "") -> String {
        let inner = indent + "  "
        switch value {
        case let flag as Bool: return flag ? "true" : "false"
        case let number as Int: return "\(number)"
        case let number as Double: return number.isFinite ? "\(number)" : "null"
        case let string as String: return quoted(string)
        case let list as [Any]:
            return "[" + list.map { text($0, indent: inner) }.joined(separator: ", ") + "]"
        case let object as [String: Any]:
            let lines = object.sorted { $0.key < $1.key }.map {
                "\(inner)\(quoted($0.key)): \(text($0.value, indent: inner))"
            }
            return lines.isEmpty ? "{}" : "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        default: return "null"
        }
    }

    private static func quoted(_ string: String) -> String {
        var result = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case " "..."~": result.unicodeScalars.append(scalar)
            default:
                for unit in UTF16.encode(scalar) ?? .init() {
                    let digits = String(unit, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            }
        }
        return result + "\""
    }
}
