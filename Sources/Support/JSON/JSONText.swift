package import Foundation

/// A value as JSON with sorted keys, on several lines.
/// - Parameter naming: how what is written calls settings.
package func jsonText(_ value: some Encodable, naming: Naming) throws -> String {
    try jsonText(value, naming: naming, [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
}

/// A value as JSON with sorted keys, on one line.
/// - Parameter naming: how what is written calls settings.
package func jsonLine(_ value: some Encodable, naming: Naming) throws -> String {
    try jsonText(value, naming: naming, [.sortedKeys, .withoutEscapingSlashes])
}

private func jsonText(
    _ value: some Encodable, naming: Naming, _ formatting: JSONEncoder.OutputFormatting
) throws -> String {
    let encoder = JSONEncoder()
    encoder.userInfo[.naming] = naming
    encoder.outputFormatting = formatting
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}
