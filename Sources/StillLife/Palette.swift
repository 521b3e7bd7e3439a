extension ObjectColour {
    /// The colour as it would look on paper: sRGB values in 0...1.
    public var paint: SIMD3<Float> {
        switch self {
        case .red: Vector(0.82, 0.09, 0.10)
        case .orange: Vector(0.97, 0.48, 0.04)
        case .yellow: Vector(0.98, 0.85, 0.12)
        case .green: Vector(0.16, 0.58, 0.20)
        case .blue: Vector(0.10, 0.28, 0.80)
        case .purple: Vector(0.46, 0.16, 0.66)
        case .pink: Vector(0.98, 0.55, 0.70)
        case .brown: Vector(0.42, 0.24, 0.11)
        case .white: Vector(0.94, 0.94, 0.92)
        case .black: Vector(0.10, 0.10, 0.11)
        }
    }

    /// The neutral colour of its stripes and dots.
    var second: Vector {
        switch self {
        case .white, .yellow, .pink: Vector(0.42, 0.40, 0.40)
        default: Vector(0.93, 0.91, 0.86)
        }
    }
}

/// Light is reckoned in squares of the displayed values, a gamma of two: exact everywhere, unlike powers.
@inline(__always) func light(_ paint: Vector) -> Vector { paint * paint }

extension Part {
    /// The colour of parts that do not take the object's own.
    var paint: Vector? {
        switch self {
        case .body: nil
        case .twig: Vector(0.35, 0.24, 0.14)
        case .leaf: Vector(0.30, 0.55, 0.18)
        case .flesh: Vector(0.94, 0.89, 0.74)
        case .cork: Vector(0.76, 0.60, 0.42)
        case .flame: Vector(1, 0.80, 0.30)
        case .wick, .eye: Vector(0.08, 0.08, 0.08)
        case .brass: Vector(0.55, 0.50, 0.42)
        case .page, .print: Vector(0.95, 0.92, 0.84)
        case .beak: Vector(0.95, 0.50, 0.10)
        }
    }
}
