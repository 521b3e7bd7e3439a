/// What a safetensors file says about its tensors, checked in full before anybody touches the data.
///
/// Layout: 8 bytes little-endian length of the header, the header (JSON, an object of name → dtype, shape and
/// data_offsets), then the data without holes (https://github.com/huggingface/safetensors, "Format").
struct SafetensorsHeader: Sendable {
    /// One tensor: its type, its sizes and its bytes, counted from the start of the file.
    struct Entry: Sendable {
        let name: String
        /// Its element type, where it is one that is read here.
        let dtype: DType?
        /// The format's name of the element type.
        let typeName: String
        let shape: [Int]
        let bytes: Range<Int>
    }

    /// The bytes before the header that hold its length.
    static let lengthByteCount = 8
    /// The longest header that the format's own reader accepts too.
    static let longest = 100_000_000
    /// The key that holds texts instead of a tensor.
    static let metadataKey = "__metadata__"
    /// More tensors than any model has that runs here, so that a hostile header takes little memory.
    static let mostTensors = 20_000
    /// More dimensions than any real tensor has.
    private static let highestRank = 64

    /// The format's names of the element types that are read and written here.
    static let dtypeNames: [(name: String, dtype: DType)] = [
        ("F16", .float16), ("BF16", .bfloat16), ("F32", .float32), ("F64", .float64), ("I64", .int64),
        ("I32", .int32), ("U8", .uint8), ("BOOL", .bool),
    ]

    /// Element types of the format that are passed over until somebody asks for a tensor of them, with their bits.
    private static let unreadTypes: [String: Int] = [
        "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I8": 8, "I16": 16,
        "U16": 16, "U32": 32, "U64": 64, "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
    ]

    /// In the header's order.
    private(set) var entries: [Entry] = []
    private(set) var metadata: [String: String] = [:]
    /// Bytes of the data that the header tells of and the file does not have: a download that stopped.
    private(set) var missingByteCount = 0

    /// Reads and checks the header of a file that is in memory as a whole.
    ///
    /// - `isCutShort`: whether data may be missing behind the header, see `missingByteCount`.
    init(of file: UnsafeRawBufferPointer, path: String, isCutShort: Bool = false) throws {
        let text = try Self.headerText(of: file, path: path)
        let dataStart = Self.lengthByteCount + text.count
        let dataByteCount = isCutShort ? Int.max - dataStart : file.count - dataStart
        guard String(validating: text, as: UTF8.self) != nil else {
            throw SafetensorsError.headerNotUTF8(path: path)
        }
        var scanner = HeaderScanner(text, path: path)
        var entries: [Entry] = []
        var metadata: [String: String] = [:]
        try scanner.object { scanner, name in
            if name == Self.metadataKey {
                try scanner.object { scanner, key in metadata[key] = try scanner.string() }
            } else {
                guard entries.count < Self.mostTensors else {
                    throw SafetensorsError.tooManyTensors(path: path, limit: Self.mostTensors)
                }
                let fields = try Fields(&scanner, tensor: name, path: path)
                entries.append(try fields.checked(dataStart: dataStart, dataByteCount: dataByteCount))
            }
        }
        try scanner.end()
        let end = entries.map(\.bytes.upperBound).max() ?? dataStart
        if isCutShort, end > file.count { missingByteCount = end - file.count }
        try Self.checkCoverage(
            entries, dataStart: dataStart, fileByteCount: file.count + missingByteCount, path: path)
        self.entries = entries
        self.metadata = metadata
    }

    /// The bytes of the header, or what the file is instead.
    private static func headerText(
        of file: UnsafeRawBufferPointer, path: String
    ) throws -> UnsafeRawBufferPointer {
        func refusal(_ error: SafetensorsError) -> SafetensorsError {
            ForeignFormat(of: file)?.error(path: path) ?? error
        }
        guard file.count >= lengthByteCount else {
            throw refusal(.truncated(path: path, byteCount: file.count))
        }
        let claimed = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
        guard claimed <= UInt64(longest) else {
            throw refusal(.headerTooLong(path: path, length: claimed, limit: longest))
        }
        let length = Int(claimed)
        guard length <= file.count - lengthByteCount else {
            throw refusal(.headerBeyondFile(path: path, length: length, fileByteCount: file.count))
        }
        let text = UnsafeRawBufferPointer(rebasing: file[lengthByteCount..<(lengthByteCount + length)])
        // The format fixes the first character, so that other files are told apart.
        guard text.first == UInt8(ascii: "{") else {
            throw refusal(.headerNotJSON(path: path, offset: lengthByteCount, expected: "\"{\""))
        }
        return text
    }

    /// Every byte of the data belongs to exactly one tensor.
    private static func checkCoverage(
        _ entries: [Entry], dataStart: Int, fileByteCount: Int, path: String
    ) throws {
        let inOrder = entries.sorted {
            ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
        }
        var reached = dataStart
        var last = ""
        for entry in inOrder {
            guard entry.bytes.lowerBound >= reached else {
                throw SafetensorsError.overlap(path: path, first: last, second: entry.name)
            }
            guard entry.bytes.lowerBound == reached else {
                throw SafetensorsError.hole(
                    path: path, begin: reached - dataStart, end: entry.bytes.lowerBound - dataStart)
            }
            reached = entry.bytes.upperBound
            last = entry.name
        }
        guard reached == fileByteCount else {
            throw SafetensorsError.hole(
                path: path, begin: reached - dataStart, end: fileByteCount - dataStart)
        }
    }

    /// The three fields of one tensor as they are written, before they are believed.
    private struct Fields {
        let path: String
        let tensor: String
        var dtype: String?
        var shape: [HeaderScanner.Integer]?
        var offsets: [HeaderScanner.Integer]?

        init(_ scanner: inout HeaderScanner, tensor: String, path: String) throws {
            self.path = path
            self.tensor = tensor
            var dtype: String?
            var shape: [HeaderScanner.Integer]?
            var offsets: [HeaderScanner.Integer]?
            try scanner.object { scanner, key in
                switch key {
                case "dtype": dtype = try scanner.string()
                case "shape": shape = try scanner.integers()
                case "data_offsets": offsets = try scanner.integers()
                default:
                    throw SafetensorsError.malformedEntry(
                        path: path, tensor: tensor, problem: "the unknown field \"\(key)\"")
                }
            }
            (self.dtype, self.shape, self.offsets) = (dtype, shape, offsets)
        }

        func checked(dataStart: Int, dataByteCount: Int) throws -> Entry {
            guard let dtype else { throw malformed("no dtype") }
            let found = SafetensorsHeader.dtypeNames.first { $0.name == dtype }?.dtype
            guard let bits = found.map({ $0.byteCount * 8 }) ?? SafetensorsHeader.unreadTypes[dtype] else {
                throw SafetensorsError.unsupportedDType(path: path, tensor: tensor, dtype: dtype)
            }
            let sizes = try checkedShape(bits: bits)
            guard let offsets else { throw malformed("no data_offsets") }
            guard offsets.count == 2 else { throw malformed("\(offsets.count) data_offsets instead of 2") }
            guard let begin = offsets[0].value, let end = offsets[1].value,
                0 <= begin, begin <= end, end <= dataByteCount
            else {
                throw SafetensorsError.offsetsOutOfRange(
                    path: path, tensor: tensor, begin: offsets[0].text, end: offsets[1].text,
                    dataByteCount: dataByteCount)
            }
            let neededBits = sizes.reduce(bits, *)
            let needed = neededBits / 8 + (neededBits % 8 == 0 ? 0 : 1)
            guard end - begin == needed else {
                throw SafetensorsError.wrongByteCount(
                    path: path, tensor: tensor, dtype: found?.rawValue ?? dtype, shape: sizes, needed: needed,
                    found: end - begin)
            }
            return Entry(
                name: tensor, dtype: found, typeName: dtype, shape: sizes,
                bytes: (dataStart + begin)..<(dataStart + end))
        }

        /// Sizes whose product fits, zeros counted as ones: libtorch multiplies strides that way.
        private func checkedShape(bits: Int) throws -> [Int] {
            guard let shape else { throw malformed("no shape") }
            guard shape.count <= SafetensorsHeader.highestRank else {
                throw malformed("\(shape.count) dimensions, more than \(SafetensorsHeader.highestRank)")
            }
            if let negative = shape.first(where: \.isNegative) {
                throw SafetensorsError.negativeSize(path: path, tensor: tensor, size: negative.text)
            }
            var product = bits
            var sizes: [Int] = []
            for size in shape {
                let (next, overflows) = product.multipliedReportingOverflow(by: max(size.value ?? 1, 1))
                guard let value = size.value, !overflows else {
                    let text = "[" + shape.map(\.text).joined(separator: ", ") + "]"
                    throw SafetensorsError.shapeOverflows(path: path, tensor: tensor, shape: text)
                }
                product = next
                sizes.append(value)
            }
            return sizes
        }

        private func malformed(_ problem: String) -> SafetensorsError {
            .malformedEntry(path: path, tensor: tensor, problem: problem)
        }
    }
}

/// What often lies where weights should be, told by its first bytes.
private enum ForeignFormat {
    case webPage, gitLFSPointer, pickle, zipArchive, gguf, json

    init?(of file: UnsafeRawBufferPointer) {
        let beginning = Array(file.prefix(256))
        var text = Substring(String(decoding: beginning, as: UTF8.self).lowercased())
        text = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
        if text.hasPrefix("version https://git-lfs") {
            self = .gitLFSPointer
        } else if ["<!doctype", "<html", "<head", "<?xml", "<!--"].contains(where: { text.hasPrefix($0) }) {
            self = .webPage
        } else if beginning.starts(with: Array("GGUF".utf8)) {
            self = .gguf
        } else if beginning.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
            self = .zipArchive
        } else if beginning.count >= 2, beginning[0] == 0x80, (2...5).contains(beginning[1]),
            // The same two bytes begin a header of 640 bytes; a pickle has no run of zeros there.
            beginning.count < 8 || beginning[3..<8].contains(where: { $0 != 0 })
        {
            self = .pickle
        } else if text.hasPrefix("{") {
            self = .json
        } else {
            return nil
        }
    }

    func error(path: String) -> SafetensorsError {
        switch self {
        case .webPage: .webPage(path: path)
        case .gitLFSPointer: .gitLFSPointer(path: path)
        case .pickle: .pickle(path: path)
        case .zipArchive: .zipArchive(path: path)
        case .gguf: .gguf(path: path)
        case .json: .jsonFile(path: path)
        }
    }
}
