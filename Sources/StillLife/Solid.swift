/// An object made ready for the ray marcher.
struct Solid {
    let kind: ObjectKind
    let state: ObjectState
    let surface: Surface
    let marks: Detail.Marks
    let seed: UInt32
    let colour: Vector
    let second: Vector
    let place: Vector
    let scale: Float
    let inverse: Float
    let cosine: Float
    let sine: Float
    let extent: Vector

    init(_ object: SceneObject) {
        kind = object.kind
        state = object.state
        surface = object.surface
        marks = object.detail.marks
        seed = object.detail.seed
        colour = light(object.colour.paint)
        second = light(object.colour.second)
        place = Vector(object.x, 0, object.z)
        scale = object.size
        inverse = 1 / object.size
        (cosine, sine) = cosineAndSine(degrees: object.turn)
        extent = Shapes.extent(of: object.kind, state: object.state)
    }

    /// Half the width that an object of size 1 takes on the table, seen from the front.
    static func halfWidth(of kind: ObjectKind, state: ObjectState, turn: Float) -> Float {
        let extent = Shapes.extent(of: kind, state: state)
        if isRound(kind) { return extent.x }
        let (cosine, sine) = cosineAndSine(degrees: turn)
        return abs(cosine) * extent.x + abs(sine) * extent.z
    }

    /// Whether turning leaves the outline as it is.
    static func isRound(_ kind: ObjectKind) -> Bool {
        switch kind {
        case .cube, .mug, .lemon, .ring, .book, .teapot, .duck: false
        default: true
        }
    }

    /// The eight corners of the object's box in the world.
    var corners: [Vector] {
        let (cosine, sine) = Self.isRound(kind) ? (1, 0) : (cosine, sine)
        // The corners of the box around something round stay empty, so only its nearest and widest edges
        // count.
        let depth = Self.isRound(kind) ? extent.z * 0.5 : extent.z
        return (0..<8).map { corner in
            let x = corner & 1 == 0 ? extent.x : -extent.x
            let y = corner & 2 == 0 ? extent.y : 0
            let z = corner & 4 == 0 ? depth : -depth
            return place + scale * Vector(cosine * x + sine * z, y, cosine * z - sine * x)
        }
    }

    @inline(__always) func localDirection(_ d: Vector) -> Vector {
        Vector(cosine * d.x - sine * d.z, d.y, sine * d.x + cosine * d.z) * inverse
    }
    @inline(__always) func localPoint(_ p: Vector) -> Vector { localDirection(p - place) }
    @inline(__always) func worldNormal(_ n: Vector) -> Vector {
        Vector(cosine * n.x + sine * n.z, n.y, cosine * n.z - sine * n.x)
    }

    /// Where a ray in the object's own space enters and leaves its box, widened by `margin`; nil when it misses.
    @inline(__always)
    func crossing(_ origin: Vector, _ direction: Vector, margin: Float) -> (near: Float, far: Float)? {
        let inverse = Vector(1, 1, 1) / direction
        let low = (Vector(-extent.x - margin, -margin, -extent.z - margin) - origin) * inverse
        let high = (Vector(extent.x + margin, extent.y + margin, extent.z + margin) - origin) * inverse
        let near = max(min(low.x, high.x), max(min(low.y, high.y), min(low.z, high.z)))
        let far = min(max(low.x, high.x), min(max(low.y, high.y), max(low.z, high.z)))
        return far > max(near, 0) ? (max(near, 0), far) : nil
    }

    /// The distance along a ray to the surface, if it is hit before `limit`.
    @inline(__always) func hit(_ origin: Vector, _ direction: Vector, limit: Float) -> Float? {
        let o = localPoint(origin), d = localDirection(direction)
        guard let (near, far) = crossing(o, d, margin: 0) else { return nil }
        var t = near
        let end = min(far, limit)
        var steps = 0
        while t < end && steps < 64 {
            let distance = Shapes.distance(kind, state, o + d * t) * scale
            if distance < 0.0015 { return t }
            t += max(distance * 0.95, 0.001)
            steps += 1
        }
        return nil
    }

    /// The direction in which the distance grows, in the world.
    @inline(__always) func normal(at local: Vector) -> Vector {
        let e: Float = 0.004
        let a = Shapes.distance(kind, state, local + Vector(e, -e, -e))
        let b = Shapes.distance(kind, state, local + Vector(-e, -e, e))
        let c = Shapes.distance(kind, state, local + Vector(-e, e, -e))
        let d = Shapes.distance(kind, state, local + Vector(e, e, e))
        let n = Vector(a - b - c + d, -a - b + c + d, -a + b - c + d)
        return worldNormal(n * (1 / max(length(n.x, n.y, n.z), 1e-9)))
    }

    /// How much of the sun reaches a point past this object: 1 is all, 0 is none.
    @inline(__always) func sunlight(_ origin: Vector, _ sun: Vector) -> Float {
        let o = localPoint(origin), d = localDirection(sun)
        guard let (near, far) = crossing(o, d, margin: 0.12) else { return 1 }
        var t = max(near, 0.03)
        var light: Float = 1
        var steps = 0
        while t < far && steps < 24 {
            let distance = Shapes.distance(kind, state, o + d * t) * scale
            light = min(light, 0.5 + 0.5 * distance / (0.075 * t + 0.01))
            if light <= 0.02 { return 0 }
            t += max(distance, 0.03)
            steps += 1
        }
        return light * light * (3 - 2 * light)
    }

    /// How open the sky is over a point of another surface, as far as this object is concerned.
    @inline(__always) func openness(_ point: Vector, _ normal: Vector) -> Float {
        let reach: Float = 0.32
        let p = localPoint(point)
        let beyond = reach * inverse
        if abs(p.x) > extent.x + beyond || abs(p.z) > extent.z + beyond || p.y > extent.y + beyond {
            return 1
        }
        let q = localPoint(point + normal * 0.14)
        let distance = Shapes.distance(kind, state, q) * scale
        return mix(0.35, 1, smoothStep(-0.06, reach, distance))
    }
}
