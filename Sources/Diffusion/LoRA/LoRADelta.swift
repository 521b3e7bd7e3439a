import Support
import Tensors

/// What a LoRA file holds for one layer of a network, by the roles of its tensors.
struct LoRAModule {
    /// What a tensor is there for, as the spellings of all writers come to it.
    enum Role: String, CaseIterable {
        case down, up, mid, alpha, magnitude
        case hadaW1A, hadaW1B, hadaW2A, hadaW2B, hadaT1, hadaT2
        case lokrW1, lokrW1A, lokrW1B, lokrW2, lokrW2A, lokrW2B, lokrT2
        case diff, biasDiff
    }

    /// The tensors as the file has them.
    var tensors: [Role: Tensor] = [:]

    /// Scale α where neither the file's tensors nor its metadata name it: the rank, so that the product counts once.
    var alpha: Double?
    /// Whether α is divided by the root of the rank (rank-stabilised LoRA of peft).
    var isRankStabilised = false

    /// What is added to a weight W at a strength s, in float32 or wider; nil where the module has nothing for it.
    ///
    /// γ·U·D for the plain kind, or what LoCon, LoHa, LoKr, DoRA and whole differences come to.
    /// γ = s·α/r. DoRA (Liu et al. 2024) needs the weight itself: W' = V·m/‖V‖ with V = W + ΔW, and s·(W' - W) is added.
    /// - Throws: `LoRAFault`.
    func delta(for base: Tensor, strength: Double) throws(LoRAFault) -> Tensor? {
        if let diff = tensors[.diff] { return try fitted(wide(diff) * strength, base.shape) }
        guard let magnitude = tensors[.magnitude] else {
            return try product(shape: base.shape, strength: strength)
        }
        guard let product = try product(shape: base.shape, strength: 1) else { return nil }
        let weight = wide(base)
        let sum = weight + product  // V
        let m = wide(magnitude)
        let rows = base.shape[0]
        // By the shape of m: a norm for each output channel, or for each input channel.
        let isOfOutputs = m.count == rows && (m.rank < 2 || m.shape[0] == rows)
        guard isOfOutputs || m.count == base.shape[1] else {
            throw LoRAFault(reason: "its magnitudes have the shape \(m.shape) and its weight \(base.shape)")
        }
        let tail = Array(repeating: 1, count: base.rank - 1)
        let norm: Tensor
        let scales: Tensor
        if isOfOutputs {
            norm = sum.squared.sum(Array(1..<base.rank), keeping: true).squareRoot
            scales = m.reshaped([rows] + tail)
        } else {
            norm = sum.squared.sum([0] + Array(2..<base.rank), keeping: true).squareRoot
            scales = m.reshaped([1, base.shape[1]] + Array(repeating: 1, count: base.rank - 2))
        }
        return (sum * scales / norm - weight) * strength
    }

    /// What is added to the bias.
    func biasDelta(for base: Tensor, strength: Double) throws(LoRAFault) -> Tensor? {
        guard let diff = tensors[.biasDiff] else { return nil }
        return try fitted(wide(diff) * strength, base.shape)
    }

    /// ΔW of a shape at a strength.
    private func product(shape: [Int], strength: Double) throws(LoRAFault) -> Tensor? {
        if let down = tensors[.down], let up = tensors[.up] {
            let rank = down.shape.first ?? 0
            let scale = try scale(rank: rank, strength)
            return try fitted(
                Self.lowRank(up: wide(up), wide(down), mid: tensors[.mid].map(wide)) * scale, shape)
        }
        if tensors[.down] != nil || tensors[.up] != nil {
            throw LoRAFault(reason: "one of its two matrices is missing")
        }
        if let w1a = tensors[.hadaW1A], let w1b = tensors[.hadaW1B], let w2a = tensors[.hadaW2A],
            let w2b = tensors[.hadaW2B]
        {
            let first = Self.hadamardFactor(wide(w1a), wide(w1b), tensors[.hadaT1].map(wide))
            let second = Self.hadamardFactor(wide(w2a), wide(w2b), tensors[.hadaT2].map(wide))
            return try fitted(first * second * scale(rank: w1b.shape[0], strength), shape)
        }
        return try kronecker(shape: shape, strength: strength)
    }

    private func kronecker(shape: [Int], strength: Double) throws(LoRAFault) -> Tensor? {
        func pair(_ whole: Role, _ a: Role, _ b: Role) -> (factor: Tensor, rank: Int?)? {
            if let whole = tensors[whole] { return (wide(whole), nil) }
            guard let a = tensors[a], let b = tensors[b] else { return nil }
            let (wideA, wideB) = (wide(a), wide(b))
            if let core = tensors[.lokrT2], whole == .lokrW2 {
                return (Self.hadamardFactor(wideA, wideB, wide(core)), b.shape[0])
            }
            guard wideB.rank > 2 else { return (wideA.matmul(wideB), b.shape[0]) }
            let flat = wideB.reshaped([wideB.shape[0], -1])
            return (
                wideA.matmul(flat).reshaped([wideA.shape[0]] + Array(wideB.shape.dropFirst())), b.shape[0]
            )
        }
        guard let first = pair(.lokrW1, .lokrW1A, .lokrW1B), let second = pair(.lokrW2, .lokrW2A, .lokrW2B)
        else { return nil }
        // Of two whole factors α says nothing.
        let rank = second.rank ?? first.rank
        let scale =
            try rank.map { rank throws(LoRAFault) in try self.scale(rank: rank, strength) } ?? strength
        var left = first.factor
        while left.rank < second.factor.rank { left = left.reshaped(left.shape + [1]) }
        return try fitted(Self.kron(left, second.factor) * scale, shape)
    }

    /// γ = s·α/r, or s·α/√r.
    private func scale(rank: Int, _ strength: Double) throws(LoRAFault) -> Double {
        guard rank > 0 else { throw LoRAFault(reason: "its rank is 0") }
        var alpha = alpha ?? Double(rank)
        if let told = tensors[.alpha] {
            guard told.count == 1, told.isFinite else { throw LoRAFault(reason: "its alpha is no number") }
            let value = Double(told.to(dtype: .float32).floats[0])
            alpha = value == 0 ? Double(rank) : value
        }
        return strength * alpha / (isRankStabilised ? Double(rank).squareRoot() : Double(rank))
    }

    /// U·D of matrices or of convolutions, with the core of LoCon between them where there is one.
    private static func lowRank(up: Tensor, _ down: Tensor, mid: Tensor?) -> Tensor {
        let rows = up.reshaped([up.shape[0], -1])
        guard let mid else {
            return rows.matmul(down.reshaped([down.shape[0], -1]))
                .reshaped([up.shape[0]] + Array(down.shape.dropFirst()))
        }
        // ΔW[o,i,x,y] = Σ_rq up[o,r] mid[r,q,x,y] down[q,i]
        let columns = down.reshaped([down.shape[0], -1])
        let core = rows.matmul(mid.reshaped([mid.shape[0], -1])).reshaped(
            [up.shape[0]] + Array(mid.shape.dropFirst()))
        return core.permuted(0, 2, 3, 1).matmul(columns).permuted(0, 3, 1, 2)
    }

    /// A factor of LoHa: A·B, or with a Tucker core T: Σ_rq T[r,q,x,y] A[r,o] B[q,i].
    private static func hadamardFactor(_ a: Tensor, _ b: Tensor, _ core: Tensor?) -> Tensor {
        guard let core else { return a.matmul(b.reshaped([b.shape[0], -1])) }
        let rows = a.transposed(0, 1)
        let mixed = rows.matmul(core.reshaped([core.shape[0], -1])).reshaped(
            [rows.shape[0]] + Array(core.shape.dropFirst()))
        return mixed.permuted(0, 2, 3, 1).matmul(b).permuted(0, 3, 1, 2)
    }

    /// The Kronecker product of tensors of one rank.
    private static func kron(_ left: Tensor, _ right: Tensor) -> Tensor {
        let spread = left.reshaped(left.shape.flatMap { [$0, 1] })
        let other = right.reshaped(right.shape.flatMap { [1, $0] })
        return (spread * other).reshaped(zip(left.shape, right.shape).map { $0 * $1 })
    }

    private func wide(_ tensor: Tensor) -> Tensor {
        tensor.dtype == .float64 ? tensor : tensor.to(dtype: .float32)
    }

    /// In the shape of the weight: a 1×1 convolution is a matrix and the reverse.
    private func fitted(_ delta: Tensor, _ shape: [Int]) throws(LoRAFault) -> Tensor {
        guard delta.shape != shape else { return delta }
        guard delta.count == shape.reduce(1, *), delta.shape.first == shape.first else {
            throw LoRAFault(reason: "its product has the shape \(delta.shape) and its weight \(shape)")
        }
        return delta.reshaped(shape)
    }
}

/// Why what a file holds for a layer cannot be used; the file's reader says which layer of which file it is.
struct LoRAFault: UserError, Equatable {
    let reason: String

    /// The file is where the cause lies.
    var kind: UserErrorKind { .badInput }
    /// What is wrong with it.
    var description: String { reason }
}
