typealias Vector = SIMD3<Float>

@inline(__always) func dot(_ a: Vector, _ b: Vector) -> Float { a.x * b.x + a.y * b.y + a.z * b.z }
@inline(__always) func length(_ x: Float, _ y: Float) -> Float { (x * x + y * y).squareRoot() }
@inline(__always) func length(_ x: Float, _ y: Float, _ z: Float) -> Float {
    (x * x + y * y + z * z).squareRoot()
}
@inline(__always) func normalised(_ a: Vector) -> Vector { a * (1 / dot(a, a).squareRoot()) }
@inline(__always) func clamp(_ x: Float, _ low: Float = 0, _ high: Float = 1) -> Float {
    x < low ? low : (x > high ? high : x)
}
@inline(__always) func mix(_ a: Float, _ b: Float, _ share: Float) -> Float { a + (b - a) * share }
@inline(__always) func mix(_ a: Vector, _ b: Vector, _ share: Float) -> Vector { a + (b - a) * share }
@inline(__always) func smoothStep(_ low: Float, _ high: Float, _ x: Float) -> Float {
    let t = clamp((x - low) / (high - low))
    return t * t * (3 - 2 * t)
}
/// The union of two distances, rounded within `k`.
@inline(__always) func smoothMin(_ a: Float, _ b: Float, _ k: Float) -> Float {
    let h = max(k - abs(a - b), 0) / k
    return min(a, b) - h * h * k * 0.25
}
/// Their intersection, rounded within `k`.
@inline(__always) func smoothMax(_ a: Float, _ b: Float, _ k: Float) -> Float { -smoothMin(-a, -b, k) }

/// Cosine and sine of an angle in degrees by polynomials, so that they are the same on every platform.
func cosineAndSine(degrees: Float) -> (cosine: Float, sine: Float) {
    var angle = Double(degrees).truncatingRemainder(dividingBy: 360)
    if angle < 0 { angle += 360 }
    let quarter = (angle / 90).rounded()
    let x = (angle - quarter * 90) * 0.017453292519943295
    let square = x * x
    let sine = x * (1 - square / 6 * (1 - square / 20 * (1 - square / 42 * (1 - square / 72))))
    let cosine = 1 - square / 2 * (1 - square / 12 * (1 - square / 30 * (1 - square / 56)))
    switch Int(quarter) & 3 {
    case 0: return (Float(cosine), Float(sine))
    case 1: return (Float(-sine), Float(cosine))
    case 2: return (Float(-cosine), Float(-sine))
    default: return (Float(sine), Float(-cosine))
    }
}

/// Random bits that follow from a place on a lattice, never from the order of drawing.
@inline(__always) func latticeHash(_ x: Int32, _ y: Int32, _ z: Int32, _ seed: UInt32) -> UInt32 {
    var h = UInt32(bitPattern: x) &* 0x8DA6_B343 ^ UInt32(bitPattern: y) &* 0xD816_3841
    h ^= UInt32(bitPattern: z) &* 0xCB1A_B31F ^ seed &* 0x9E37_79B9
    h ^= h >> 15
    h = h &* 0x2C1B_3C6D
    h ^= h >> 12
    h = h &* 0x297A_2D39
    return h ^ (h >> 15)
}
@inline(__always) func unitHash(_ x: Int32, _ y: Int32, _ z: Int32, _ seed: UInt32) -> Float {
    Float(latticeHash(x, y, z, seed) >> 8) * 0x1p-24
}
/// Smooth noise in 0...1 over a plane, with features of unit size.
@inline(__always) func noise(_ x: Float, _ y: Float, _ seed: UInt32) -> Float {
    let fx = x.rounded(.down), fy = y.rounded(.down)
    let ix = Int32(fx), iy = Int32(fy)
    var u = x - fx, v = y - fy
    u = u * u * (3 - 2 * u)
    v = v * v * (3 - 2 * v)
    let top = mix(unitHash(ix, iy, 0, seed), unitHash(ix &+ 1, iy, 0, seed), u)
    let bottom = mix(unitHash(ix, iy &+ 1, 0, seed), unitHash(ix &+ 1, iy &+ 1, 0, seed), u)
    return mix(top, bottom, v)
}
