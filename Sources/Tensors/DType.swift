internal import CTorch

/// The type of a tensor's elements.
public enum DType: String, Sendable, CaseIterable, Codable {
    case uint8, int32, int64, float16, bfloat16, float32, float64, bool

    /// libtorch's number for it.
    var element: PTElement {
        switch self {
        case .uint8: PT_UINT8
        case .int32: PT_INT32
        case .int64: PT_INT64
        case .float16: PT_FLOAT16
        case .bfloat16: PT_BFLOAT16
        case .float32: PT_FLOAT32
        case .float64: PT_FLOAT64
        case .bool: PT_BOOLEAN
        }
    }

    init(element: PTElement) {
        guard let found = DType.allCases.first(where: { $0.element == element }) else {
            failTensor(
                "libtorch answered a tensor of element type \(element.rawValue), which is not supported")
        }
        self = found
    }

    /// Bytes of one element.
    public var byteCount: Int {
        switch self {
        case .uint8, .bool: 1
        case .float16, .bfloat16: 2
        case .int32, .float32: 4
        case .int64, .float64: 8
        }
    }

    /// Whether values have a fraction.
    public var isFloatingPoint: Bool {
        switch self {
        case .float16, .bfloat16, .float32, .float64: true
        case .uint8, .int32, .int64, .bool: false
        }
    }
}

/// Where a tensor's memory is.
public enum Device: Hashable, Sendable, CustomStringConvertible {
    case cpu
    case cuda(Int)

    /// The name on the command line: `cpu`, `cuda:0`.
    public var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        }
    }

    /// The first CUDA device where the opened libtorch has one, else the CPU.
    public static var best: Device { Backend.cudaDeviceCount > 0 ? .cuda(0) : .cpu }

    /// The number of threads that one operation on the CPU may use.
    public static var threadCount: Int {
        get { Backend.threadCount }
        set { Backend.threadCount = newValue }
    }
}
