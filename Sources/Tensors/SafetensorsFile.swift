/// A safetensors file, mapped into memory: opening it reads the header alone, tensors share the file's pages.
///
/// The whole header is checked before the first tensor is handed out. The tensors stay valid after the file object is
/// gone, and must not be written to in place; copy those that will be.
public final class SafetensorsFile: Sendable {
    /// Where the file lies.
    public let path: String
    /// The tensors' names in the header's order.
    public var names: [String] { header.entries.map(\.name) }
    /// The texts that the file carries beside its tensors.
    public var metadata: [String: String] { header.metadata }

    private let file: MappedFile
    private let header: SafetensorsHeader
    private let places: [String: Int]

    /// Opens and checks a file.
    /// - Throws: `SafetensorsError` that says what the file is instead, or what is wrong with it.
    public init(path: String) throws {
        self.path = path
        file = try MappedFile(path: path)
        header = try SafetensorsHeader(of: file.bytes, path: path)
        // The scanner has refused names that stand twice.
        places = Dictionary(uniqueKeysWithValues: header.entries.enumerated().map { ($1.name, $0) })
    }

    /// Type and shape of a tensor, or nil where the file has none of this name, or one that is not read here.
    public func entry(_ name: String) -> (dtype: DType, shape: [Int])? {
        places[name].flatMap { place in
            header.entries[place].dtype.map { ($0, header.entries[place].shape) }
        }
    }

    /// The shape of a tensor, whatever its type; nil where the file has none of this name.
    public func shape(of name: String) -> [Int]? { places[name].map { header.entries[$0].shape } }

    /// The format's name of a tensor's element type; nil where the file has none of this name.
    func typeName(of name: String) -> String? { places[name].map { header.entries[$0].typeName } }

    /// Size of the file in bytes.
    public var byteCount: Int { file.count }

    /// Reads the file's bytes as they are mapped, which are those that its tensors come from.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(file) { try body(file.bytes) }
    }

    /// Gives a tensor's pages back to the system; they are read from the file again when the tensor is used again.
    ///
    /// Results never change, only how much memory the process holds at a time.
    public func evictPages(_ name: String) {
        if let place = places[name] { file.evictPages(header.entries[place].bytes) }
    }

    /// A tensor on the CPU over the file's own pages, in the file's dtype; copied only where it is not aligned.
    /// - Throws: `SafetensorsError.noSuchTensor`, `.unsupportedDType`, `.invalidBool`.
    public func tensor(_ name: String) throws -> Tensor {
        guard let place = places[name] else {
            throw SafetensorsError.noSuchTensor(path: path, tensor: name)
        }
        let entry = header.entries[place]
        guard let dtype = entry.dtype else {
            throw SafetensorsError.unsupportedDType(path: path, tensor: name, dtype: entry.typeName)
        }
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[entry.bytes])
        // A truth value of 2 is undefined behaviour in C++.
        if dtype == .bool, let wrong = bytes.first(where: { $0 > 1 }) {
            throw SafetensorsError.invalidBool(path: path, tensor: name, byte: wrong)
        }
        let address = bytes.baseAddress.map { UInt(bitPattern: $0) } ?? 0
        guard address % UInt(dtype.byteCount) == 0 else {
            return Tensor(copying: bytes, shape: entry.shape, dtype: dtype)
        }
        return Tensor(over: bytes, shape: entry.shape, dtype: dtype, owner: file)
    }
}
