extension Tensor {
    /// A tensor with one value everywhere.
    public static func full(
        _ shape: [Int], _ value: Double, dtype: DType = .float32, device: Device = .cpu
    ) -> Tensor {
        Operator.full(.ints(shape), .double(value), .dtype(dtype), .none, .device(device))
    }

    /// Zeros.
    public static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        full(shape, 0, dtype: dtype, device: device)
    }

    /// Ones.
    public static func ones(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        full(shape, 1, dtype: dtype, device: device)
    }

    /// Zeros of this tensor's shape, dtype, device and memory order.
    public var zerosLike: Tensor {
        let zeros = Tensor.zeros(shape, dtype: dtype, device: device)
        return rank == 4 ? zeros.laidOut(like: self) : zeros
    }

    /// `start`, `start + step`, … up to but without `end`.
    public static func range(
        _ start: Double, _ end: Double, step: Double = 1, dtype: DType = .float32, device: Device = .cpu
    ) -> Tensor {
        Operator.arange(.double(start), .double(end), .double(step), .dtype(dtype), .none, .device(device))
    }

    /// The same values in another dtype or on another device; itself where nothing changes.
    public func to(dtype: DType? = nil, device: Device? = nil) -> Tensor {
        let wantedType = dtype ?? self.dtype
        let wantedDevice = device ?? self.device
        if wantedType == self.dtype && wantedDevice == self.device { return self }
        return Operator.convert(.tensor(self), .device(wantedDevice), .dtype(wantedType))
    }

    /// The dtype and device of another tensor.
    public func like(_ other: Tensor) -> Tensor { to(dtype: other.dtype, device: other.device) }

    /// The same values in row-major memory.
    public var contiguous: Tensor { Operator.contiguous(.tensor(self)) }

    /// The same values with the channels of an image-like tensor innermost in memory.
    public var channelsLast: Tensor { Operator.contiguous(.tensor(self), .int(2)) }

    /// The same values with the memory order of another tensor of the same shape: row-major or channels innermost.
    package func laidOut(like other: Tensor) -> Tensor {
        other.isRowMajor || rank != 4 ? contiguous : channelsLast
    }

    /// A copy with memory of its own.
    public var copied: Tensor { Operator.clone(.tensor(self)) }

    /// The same values without their history for gradients.
    public var detached: Tensor { Operator.detach(.tensor(self)) }
}
