/// Where the viewer stands and what each place of the image looks at.
struct Camera {
    let eye: Vector
    let forward: Vector
    let right: Vector
    let up: Vector
    /// The half height of the image at distance one.
    static let halfAngle: Float = 0.298

    init(_ jitter: CameraJitter) {
        eye = Vector(jitter.side, 1.85 + jitter.height, 5.2 + jitter.distance)
        let target = Vector(jitter.side * 0.3, 0.62, 0)
        forward = normalised(target - eye)
        right = normalised(Vector(-forward.z, 0, forward.x))
        up = Vector(
            right.y * forward.z - right.z * forward.y, right.z * forward.x - right.x * forward.z,
            right.x * forward.y - right.y * forward.x)
    }

    /// The direction through a place of the image: x from -1 (left) to 1, y from -1 (bottom) to 1.
    @inline(__always) func direction(_ x: Float, _ y: Float) -> Vector {
        normalised(forward + right * (x * Self.halfAngle) + up * (y * Self.halfAngle))
    }

    /// The place of the image where a point of the world is seen.
    func project(_ point: Vector) -> (x: Float, y: Float) {
        let p = point - eye
        let depth = dot(p, forward) * Self.halfAngle
        return (dot(p, right) / depth, dot(p, up) / depth)
    }
}

extension Scene {
    /// The rectangles that the objects' boxes span in the image, in -1...1.
    func spans() -> [(low: SIMD2<Float>, high: SIMD2<Float>)] {
        let camera = Camera(camera)
        return objects.map { object in
            var low = SIMD2<Float>(9, 9), high = SIMD2<Float>(-9, -9)
            for corner in Solid(object).corners {
                let (x, y) = camera.project(corner)
                low = SIMD2(min(low.x, x), min(low.y, y))
                high = SIMD2(max(high.x, x), max(high.y, y))
            }
            return (low, high)
        }
    }

    /// Whether every object lies within the frame and hides no more than a little of another.
    public var isComposed: Bool {
        let spans = spans()
        for (index, span) in spans.enumerated() {
            if span.low.min() < -0.985 || span.high.max() > 0.985 { return false }
            for other in spans[(index + 1)...] {
                let shared = min(span.high.x, other.high.x) - max(span.low.x, other.low.x)
                let narrower = min(span.high.x - span.low.x, other.high.x - other.low.x)
                if shared > 0.2 * narrower { return false }
            }
        }
        for (index, object) in objects.enumerated() {
            for other in objects[(index + 1)...] {
                let apart = length(object.x - other.x, object.z - other.z)
                let widths = [object, other].map {
                    Solid.halfWidth(of: $0.kind, state: $0.state, turn: $0.turn) * $0.size
                }
                if apart < (widths[0] + widths[1]) * 0.96 { return false }
            }
        }
        return true
    }
}
