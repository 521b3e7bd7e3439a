extension Tensor {
    /// Elementwise sum.
    public static func + (left: Tensor, right: Tensor) -> Tensor {
        Operator.add(.tensor(left), .tensor(right))
    }
    /// Adds a number.
    public static func + (left: Tensor, right: Double) -> Tensor {
        Operator.addNumber(.tensor(left), .double(right))
    }
    /// Adds to a number.
    public static func + (left: Double, right: Tensor) -> Tensor { right + left }
    /// Elementwise difference.
    public static func - (left: Tensor, right: Tensor) -> Tensor {
        Operator.subtract(.tensor(left), .tensor(right))
    }
    /// Subtracts a number.
    public static func - (left: Tensor, right: Double) -> Tensor { left + (-right) }
    /// Subtracts from a number.
    public static func - (left: Double, right: Tensor) -> Tensor {
        Operator.subtractFromNumber(.tensor(right), .double(left))
    }
    /// Elementwise product.
    public static func * (left: Tensor, right: Tensor) -> Tensor {
        Operator.multiply(.tensor(left), .tensor(right))
    }
    /// Product with a number.
    public static func * (left: Tensor, right: Double) -> Tensor {
        Operator.multiplyNumber(.tensor(left), .double(right))
    }
    /// Product with a number.
    public static func * (left: Double, right: Tensor) -> Tensor { right * left }
    /// Elementwise quotient.
    public static func / (left: Tensor, right: Tensor) -> Tensor {
        Operator.divide(.tensor(left), .tensor(right))
    }
    /// Quotient by a number.
    public static func / (left: Tensor, right: Double) -> Tensor {
        Operator.divideNumber(.tensor(left), .double(right))
    }
    /// The negative.
    public static prefix func - (value: Tensor) -> Tensor { Operator.negative(.tensor(value)) }
    /// Adds to a variable; the tensor it held is not changed.
    public static func += (left: inout Tensor, right: Tensor) { left = left + right }

    /// Where elements exceed a number.
    public static func > (left: Tensor, right: Double) -> Tensor {
        Operator.greaterNumber(.tensor(left), .double(right))
    }
    /// Where elements exceed another tensor's.
    public static func > (left: Tensor, right: Tensor) -> Tensor {
        Operator.greater(.tensor(left), .tensor(right))
    }
    /// Where elements are below a number.
    public static func < (left: Tensor, right: Double) -> Tensor {
        Operator.lessNumber(.tensor(left), .double(right))
    }
    /// Where elements equal a number.
    public func equals(_ number: Double) -> Tensor { Operator.equalNumber(.tensor(self), .double(number)) }

    /// Elements of `self` where `condition` is true, else of `other`.
    public func choosing(where condition: Tensor, else other: Tensor) -> Tensor {
        Operator.choose(.tensor(condition), .tensor(self), .tensor(other))
    }

    /// Each element to a power.
    public func power(_ exponent: Double) -> Tensor { Operator.power(.tensor(self), .double(exponent)) }
    /// Each element times itself.
    public var squared: Tensor { self * self }
    /// Square roots.
    public var squareRoot: Tensor { Operator.squareRoot(.tensor(self)) }
    /// Exponentials.
    public var exp: Tensor { Operator.exp(.tensor(self)) }
    /// Natural logarithms.
    public var logarithm: Tensor { Operator.logarithm(.tensor(self)) }
    /// Absolute values.
    public var absolute: Tensor { Operator.absolute(.tensor(self)) }
    /// Sines.
    public var sin: Tensor { Operator.sin(.tensor(self)) }
    /// Cosines.
    public var cos: Tensor { Operator.cos(.tensor(self)) }
    /// Arc sines.
    public var arcsin: Tensor { Operator.arcsin(.tensor(self)) }
    /// Hyperbolic tangents.
    public var tanh: Tensor { Operator.tanh(.tensor(self)) }
    /// 1 / (1 + exp(-x)).
    public var sigmoid: Tensor { Operator.sigmoid(.tensor(self)) }
    /// x · sigmoid(x).
    public var silu: Tensor { Operator.silu(.tensor(self)) }
    /// x · Φ(x), with the error function or its tanh approximation.
    public func gelu(approximate: Bool = false) -> Tensor {
        Operator.gelu(.tensor(self), .string(approximate ? "tanh" : "none"))
    }
    /// max(x, 0).
    public var relu: Tensor { Operator.relu(.tensor(self)) }
    /// x where it is positive, else x times a slope.
    public func leakyRelu(_ slope: Double) -> Tensor { Operator.leakyRelu(.tensor(self), .double(slope)) }
    /// x · tanh(ln(1 + eˣ)).
    public var mish: Tensor { Operator.mish(.tensor(self)) }
    /// The nearest whole numbers; halves go to the even one.
    public var rounded: Tensor { Operator.round(.tensor(self)) }
    /// Elements kept within bounds; nil is no bound.
    public func clamped(_ lower: Double?, _ upper: Double?) -> Tensor {
        Operator.clamp(.tensor(self), lower.map { .double($0) } ?? .none, upper.map { .double($0) } ?? .none)
    }
    /// The smaller of two, elementwise.
    public func minimum(_ other: Tensor) -> Tensor { Operator.minimum(.tensor(self), .tensor(other)) }
    /// The larger of two, elementwise.
    public func maximum(_ other: Tensor) -> Tensor { Operator.maximum(.tensor(self), .tensor(other)) }

    /// Whether every element is a finite number.
    public var isFinite: Bool {
        Operator.all(.tensor(Operator.isFinite(.tensor(self)))).item != 0
    }

    /// Whether two tensors have the same shape and bit-equal values (NaN differs from itself).
    public func isEqual(to other: Tensor) -> Bool {
        guard shape == other.shape, dtype == other.dtype else { return false }
        guard case .bool(let answer)? = Operator.equalAll.values([.tensor(self), .tensor(other)]).first else {
            failTensor("aten::equal answered no truth value")
        }
        return answer
    }
}

extension Tensor {
    /// A number divided by each element.
    public static func / (left: Double, right: Tensor) -> Tensor { right.power(-1) * left }
}
