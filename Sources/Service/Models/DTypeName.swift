public import Tensors

/// The types that networks compute in, by the names people type.
public enum DTypeName: String, Sendable, CaseIterable {
    case float32, fp32, bfloat16, bf16, float16, fp16

    private var dtype: DType {
        switch self {
        case .float32, .fp32: .float32
        case .bfloat16, .bf16: .bfloat16
        case .float16, .fp16: .float16
        }
    }

    /// The type on a device: half precision has no fast arithmetic on CPUs.
    public func dtype(on device: Device) -> DType { device == .cpu && dtype == .float16 ? .float32 : dtype }

    /// The names that help shows.
    public static var allValueStrings: [String] { ["float32", "bfloat16", "float16"] }
}
