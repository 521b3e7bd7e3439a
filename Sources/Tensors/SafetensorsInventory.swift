/// What a safetensors file says it holds: names, element types and shapes, without a look at any number.
///
/// Files whose download stopped are told of too, with what is missing. What it takes of memory is bound by the length of
/// the header, whatever the file claims.
public struct SafetensorsInventory: Sendable {
    /// One tensor of the file.
    public struct Entry: Sendable, Hashable {
        /// Its name.
        public let name: String
        /// The format's name of its element type, such as `F16`; some of them are not read here.
        public let type: String
        /// Its sizes, outermost first.
        public let shape: [Int]

        /// A tensor that is known already.
        public init(name: String, type: String, shape: [Int]) {
            self.name = name
            self.type = type
            self.shape = shape
        }
    }

    /// Where the file lies.
    public let path: String
    /// The tensors in the header's order.
    public let entries: [Entry]
    /// The texts that the file carries beside its tensors.
    public let metadata: [String: String]
    /// Bytes of the data that the header tells of and the file does not have; 0 for a whole file.
    public let missingByteCount: Int
    private let places: [String: Int]

    /// Reads the header of a file.
    /// - Throws: `SafetensorsError` that says what the file is instead, or what is wrong with its header.
    public init(path: String) throws {
        let file = try MappedFile(path: path)
        self = try withExtendedLifetime(file) { try SafetensorsInventory(of: file.bytes, path: path) }
    }

    /// Reads the header of a file that is in memory, whole or cut short.
    /// - Parameter path: what messages call it.
    /// - Throws: `SafetensorsError`.
    public init(of bytes: UnsafeRawBufferPointer, path: String) throws {
        let header = try SafetensorsHeader(of: bytes, path: path, isCutShort: true)
        self.init(
            path: path, metadata: header.metadata, missingByteCount: header.missingByteCount,
            entries: header.entries.map { Entry(name: $0.name, type: $0.typeName, shape: $0.shape) })
    }

    /// An inventory of entries that are known already; of equal names the first counts.
    public init(
        path: String, metadata: [String: String] = [:], missingByteCount: Int = 0, entries: [Entry]
    ) {
        self.path = path
        self.metadata = metadata
        self.missingByteCount = missingByteCount
        self.entries = entries
        places = Dictionary(entries.enumerated().map { ($1.name, $0) }) { first, _ in first }
    }

    /// The shape of a tensor; nil where the file has none of this name.
    public func shape(of name: String) -> [Int]? { places[name].map { entries[$0].shape } }
}

extension SafetensorsFile {
    /// What the file holds, as its header says.
    public var inventory: SafetensorsInventory {
        SafetensorsInventory(
            path: path, metadata: metadata,
            entries: names.map { name in
                SafetensorsInventory.Entry(
                    name: name, type: typeName(of: name) ?? "", shape: shape(of: name) ?? [])
            })
    }
}
