import Foundation

extension FloatImage {
    /// The colours in CIELAB (D65, 2°): L* in 0...100, a* and b* about 0.
    ///
    /// Through linear sRGB (IEC 61966-2-1) and CIE XYZ; distances between such colours are nearer to what is seen than
    /// those between sRGB values.
    public func lab() -> [SIMD3<Float>] { pixels.map(Self.lab) }

    /// One sRGB colour in CIELAB.
    static func lab(_ colour: SIMD3<Float>) -> SIMD3<Float> {
        func linear(_ value: Float) -> Float {
            value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
        }
        let (r, g, b) = (linear(colour.x), linear(colour.y), linear(colour.z))
        func curve(_ value: Float) -> Float {
            value > 0.008856 ? cbrt(value) : 7.787 * value + 16 / 116
        }
        let x: Float = 0.412453 * r + 0.357580 * g + 0.180423 * b
        let y: Float = 0.212671 * r + 0.715160 * g + 0.072169 * b
        let z: Float = 0.019334 * r + 0.119193 * g + 0.950227 * b
        let (u, v, w) = (curve(x / 0.95047), curve(y), curve(z / 1.08883))
        return SIMD3(116 * v - 16, 500 * (u - v), 200 * (v - w))
    }
}
