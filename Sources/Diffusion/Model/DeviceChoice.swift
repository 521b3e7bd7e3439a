public import Tensors

extension Device {
    /// The device of a name: `auto` (the first CUDA device, else the CPU), `cpu`, `cuda` or `cuda:1`.
    /// - Throws: `DiffusionError.deviceUnavailable` for one that is not there, or no device at all.
    public static func named(_ name: String) throws(DiffusionError) -> Device {
        switch name.lowercased() {
        case "auto": return .best
        case "cpu": return .cpu
        case let text where text == "cuda" || text.hasPrefix("cuda:"):
            let index = text == "cuda" ? 0 : Int(text.dropFirst(5)) ?? -1
            guard (0..<Backend.cudaDeviceCount).contains(index) else { throw .deviceUnavailable(name: name) }
            return .cuda(index)
        default: throw .deviceUnavailable(name: name)
        }
    }
}
