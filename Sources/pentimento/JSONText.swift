import Support

/// A value as JSON with sorted keys, on several lines, settings called by their flags.
func jsonText(_ value: some Encodable) throws -> String { try jsonText(value, naming: .flags) }

/// A value as JSON with sorted keys, on one line, settings called by their flags.
func jsonLine(_ value: some Encodable) throws -> String { try jsonLine(value, naming: .flags) }
