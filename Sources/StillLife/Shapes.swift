/// Distances to the kinds of object, in their own space: standing on y = 0, about 1.5 units large, facing +z.
///
/// The distances are exact or somewhat too small near the surface; the ray marcher takes steps short enough for that.
enum Shapes {
    /// The half width, height and half depth of a box that holds the shape.
    static func extent(of kind: ObjectKind, state: ObjectState) -> Vector {
        switch kind {
        case .apple: Vector(0.76, 1.4, 0.76)
        case .pear: Vector(0.6, 1.72, 0.6)
        case .lemon: Vector(0.84, 0.96, 0.5)
        case .ball: Vector(0.71, 1.42, 0.71)
        case .cube: Vector(0.56, 1.12, 0.56)
        case .mug: Vector(0.72, 1.16, 0.54)
        case .bottle: Vector(0.4, 1.72, 0.4)
        case .bowl: Vector(0.8, 0.8, 0.8)
        case .candle: Vector(0.52, state == .lit ? 1.72 : 1.4, 0.52)
        case .mushroom: Vector(0.74, 1.28, 0.74)
        case .cone: Vector(0.68, 1.58, 0.68)
        case .ring: Vector(0.76, 1.51, 0.22)
        case .book: state == .open ? Vector(0.92, 1.34, 0.62) : Vector(0.55, 1.44, 0.2)
        case .vase: Vector(0.6, 1.6, 0.6)
        case .teapot: Vector(0.98, 1.24, 0.6)
        case .duck: Vector(0.86, 1.36, 0.5)
        }
    }

    /// The distance from a point to the shape.
    @inline(__always) static func distance(_ kind: ObjectKind, _ state: ObjectState, _ p: Vector) -> Float {
        switch kind {
        case .apple: apple(p, bitten: state == .bitten)
        case .pear: min(pearBody(p), pearStem(p))
        case .lemon: lemon(p)
        case .ball: length(p.x, p.y - 0.7, p.z) - 0.7
        case .cube: roundedBox(p - Vector(0, 0.55, 0), Vector(0.55, 0.55, 0.55), 0.06)
        case .mug: mug(p)
        case .bottle: min(bottleBody(p), cork(p))
        case .bowl: bowl(p)
        case .candle: candle(p, lit: state == .lit)
        case .mushroom: smoothMin(mushroomCap(p), mushroomStem(p), 0.04)
        case .cone: cone(p)
        case .ring: ring(p)
        case .book: state == .open ? min(openCover(p), openPages(p)) : min(shutCover(p), shutPages(p))
        case .vase: vase(p)
        case .teapot: teapot(p)
        case .duck: min(duckBody(p), min(duckBeak(p), duckEye(p)))
        }
    }

    /// Which part of the object a point of its surface belongs to.
    static func part(_ kind: ObjectKind, _ state: ObjectState, _ p: Vector) -> Part {
        switch kind {
        case .apple:
            if appleStem(p) < 0.012 && p.y > 0.86 { return .twig }
            if appleLeaf(p) < 0.012 { return .leaf }
            return state == .bitten && bite(p) < 0.012 ? .flesh : .body
        case .pear: return pearStem(p) < pearBody(p) ? .twig : .body
        case .bottle: return cork(p) < bottleBody(p) ? .cork : .body
        case .candle:
            if state == .lit && flame(p) < 0.012 { return .flame }
            if wick(p) < 0.012 { return .wick }
            return dish(p) < wax(p) ? .brass : .body
        case .mushroom: return mushroomStem(p) < mushroomCap(p) ? .flesh : .body
        case .book:
            if state == .open { return openPages(p) < openCover(p) ? .print : .body }
            return shutPages(p) < shutCover(p) ? .page : .body
        case .duck:
            if duckEye(p) < 0.012 { return .eye }
            return duckBeak(p) < duckBody(p) ? .beak : .body
        default: return .body
        }
    }

    // MARK: Building blocks

    @inline(__always) static func roundedBox(_ p: Vector, _ half: Vector, _ radius: Float) -> Float {
        let qx = abs(p.x) - half.x + radius, qy = abs(p.y) - half.y + radius, qz = abs(p.z) - half.z + radius
        let outside = length(max(qx, 0), max(qy, 0), max(qz, 0))
        return outside + min(max(qx, max(qy, qz)), 0) - radius
    }
    /// An upright cylinder from `low` to `high`, as a distance in the plane of radius and height.
    @inline(__always)
    static func cylinder(_ r: Float, _ y: Float, radius: Float, _ low: Float, _ high: Float, round: Float)
        -> Float
    {
        let qr = r - radius + round, qy = abs(y - (low + high) * 0.5) - (high - low) * 0.5 + round
        return length(max(qr, 0), max(qy, 0)) + min(max(qr, qy), 0) - round
    }
    @inline(__always) static func capsule(_ p: Vector, _ a: Vector, _ b: Vector, _ ra: Float, _ rb: Float)
        -> Float
    {
        let pa = p - a, ba = b - a
        let h = clamp(dot(pa, ba) / dot(ba, ba))
        let q = pa - ba * h
        return length(q.x, q.y, q.z) - mix(ra, rb, h)
    }
    @inline(__always) static func ellipsoid(_ p: Vector, _ radii: Vector) -> Float {
        let a = p / radii
        let b = a / radii
        let near = length(a.x, a.y, a.z)
        return near * (near - 1) / max(length(b.x, b.y, b.z), 1e-6)
    }
    @inline(__always) static func segment(
        _ x: Float, _ y: Float, _ ax: Float, _ ay: Float, _ bx: Float, _ by: Float
    ) -> Float {
        let px = x - ax, py = y - ay, dx = bx - ax, dy = by - ay
        let h = clamp((px * dx + py * dy) / (dx * dx + dy * dy))
        return length(px - dx * h, py - dy * h)
    }

    // MARK: Fruit

    @inline(__always) static func apple(_ p: Vector, bitten: Bool) -> Float {
        let r = length(p.x, p.z)
        let wide = r * (1.14 - 0.22 * p.y)
        var body = (length(wide - 0.26, p.y - 0.58) - 0.46) * 0.9
        if bitten { body = max(body, -bite(p)) }
        return min(body, min(appleStem(p), appleLeaf(p)))
    }
    @inline(__always) static func bite(_ p: Vector) -> Float {
        let one = length(p.x - 0.74, p.y - 0.86, p.z - 0.34) - 0.3
        let two = length(p.x - 0.82, p.y - 0.52, p.z - 0.3) - 0.28
        let three = length(p.x - 0.6, p.y - 0.68, p.z - 0.62) - 0.24
        return min(one, min(two, three))
    }
    @inline(__always) static func appleStem(_ p: Vector) -> Float {
        capsule(p, Vector(0, 0.82, 0), Vector(0.07, 1.3, 0), 0.035, 0.05)
    }
    @inline(__always) static func appleLeaf(_ p: Vector) -> Float {
        let q = Vector(p.x + 0.2, p.y - 1.2 + 0.25 * (p.x + 0.2), p.z)
        return ellipsoid(q, Vector(0.24, 0.045, 0.11)) * 0.8
    }
    @inline(__always) static func pearBody(_ p: Vector) -> Float {
        let r = length(p.x, p.z)
        return smoothMin(length(r, p.y - 0.54) - 0.55, length(r, p.y - 1.18) - 0.27, 0.42)
    }
    @inline(__always) static func pearStem(_ p: Vector) -> Float {
        capsule(p, Vector(0, 1.38, 0), Vector(0.1, 1.66, 0), 0.035, 0.045)
    }
    @inline(__always) static func lemon(_ p: Vector) -> Float {
        let r = length(p.y - 0.48, p.z)
        let body = length(abs(p.x) * 0.78, r) - 0.47
        return smoothMin(body, length(abs(p.x) - 0.68, r) - 0.13, 0.16) * 0.92
    }

    // MARK: Vessels

    @inline(__always) static func mug(_ p: Vector) -> Float {
        let q = Vector(p.x + 0.2, p.y, p.z)
        let r = length(q.x, q.z)
        let wall = max(
            cylinder(r, q.y, radius: 0.5, 0, 1.14, round: 0.05),
            -cylinder(r, q.y, radius: 0.42, 0.1, 1.4, round: 0.05))
        let around = length((q.x - 0.5) * 0.95, q.y - 0.58)
        let handle = max(length(around - 0.31, q.z) - 0.085, 0.43 - r)
        return smoothMin(wall, handle, 0.05)
    }
    @inline(__always) static func bottleBody(_ p: Vector) -> Float {
        let r = length(p.x, p.z)
        let body = cylinder(r, p.y, radius: 0.38, 0, 0.98, round: 0.1)
        let neck = cylinder(r, p.y, radius: 0.13, 0.7, 1.5, round: 0.02)
        let lip = length(r - 0.13, p.y - 1.44) - 0.05
        return min(smoothMin(body, neck, 0.28), lip)
    }
    @inline(__always) static func cork(_ p: Vector) -> Float {
        cylinder(length(p.x, p.z), p.y, radius: 0.1, 1.4, 1.66, round: 0.02)
    }
    @inline(__always) static func bowl(_ p: Vector) -> Float {
        let r = length(p.x, p.z)
        let shell = abs(length(r, p.y - 0.8) - 0.73) - 0.045
        let foot = cylinder(r, p.y, radius: 0.32, 0, 0.12, round: 0.03)
        return smoothMin(smoothMax(shell, p.y - 0.76, 0.05), foot, 0.06)
    }
    @inline(__always) static func vase(_ p: Vector) -> Float {
        let r = length(p.x, p.z)
        let belly = length(r, (p.y - 0.58) * 0.92) - 0.53
        let foot = cylinder(r, p.y, radius: 0.32, 0, 0.14, round: 0.04)
        let neck = cylinder(r, p.y, radius: 0.2, 0.8, 1.42, round: 0.02)
        let lip = segment(r, p.y, 0.2, 1.36, 0.38, 1.53) - 0.045
        let outside = smoothMin(smoothMin(smoothMin(belly, neck, 0.25), lip, 0.12), foot, 0.1)
        return max(outside, -cylinder(r, p.y, radius: 0.15, 1, 1.7, round: 0.02)) * 0.95
    }
    @inline(__always) static func teapot(_ p: Vector) -> Float {
        let r = length(p.x, p.z)
        let belly = ellipsoid(Vector(p.x, p.y - 0.52, p.z), Vector(0.58, 0.5, 0.58))
        let knob = length(r, p.y - 1.12) - 0.1
        let lid = length(r - 0.26, p.y - 0.98) - 0.04
        let spout = capsule(p, Vector(0.5, 0.42, 0), Vector(0.9, 0.94, 0), 0.14, 0.065)
        let around = length(p.x + 0.58, (p.y - 0.58) * 0.95)
        let handle = max(length(around - 0.3, p.z) - 0.07, p.x + 0.3)
        return min(smoothMin(smoothMin(smoothMin(belly, spout, 0.12), lid, 0.05), handle, 0.05), knob) * 0.95
    }

    // MARK: Candle

    @inline(__always) static func candle(_ p: Vector, lit: Bool) -> Float {
        let cold = min(min(wax(p), dish(p)), wick(p))
        return lit ? min(cold, flame(p)) : cold
    }
    @inline(__always) static func wax(_ p: Vector) -> Float {
        cylinder(length(p.x, p.z), p.y, radius: 0.27, 0.04, 1.2, round: 0.05)
    }
    @inline(__always) static func dish(_ p: Vector) -> Float {
        let r = length(p.x, p.z)
        return min(cylinder(r, p.y, radius: 0.48, 0, 0.07, round: 0.03), length(r - 0.46, p.y - 0.08) - 0.045)
    }
    @inline(__always) static func wick(_ p: Vector) -> Float {
        capsule(p, Vector(0, 1.15, 0), Vector(0.02, 1.34, 0), 0.028, 0.024)
    }
    @inline(__always) static func flame(_ p: Vector) -> Float {
        capsule(p, Vector(0, 1.38, 0), Vector(0, 1.66, 0), 0.12, 0.01)
    }

    // MARK: Others

    @inline(__always) static func mushroomCap(_ p: Vector) -> Float {
        let r = length(p.x, p.z)
        let dome = (length(r, (p.y - 0.58) * 1.08) - 0.7) * 0.95
        return smoothMax(dome, 0.62 - p.y - 0.1 * r, 0.1)
    }
    @inline(__always) static func mushroomStem(_ p: Vector) -> Float {
        let r = length(p.x, p.z)
        return smoothMin(
            cylinder(r, p.y, radius: 0.2, 0, 0.8, round: 0.03), length(r, (p.y - 0.12) * 1.4) - 0.24, 0.1)
            * 0.9
    }
    @inline(__always) static func cone(_ p: Vector) -> Float {
        let r = length(p.x, p.z)
        let side = (r - 0.66 + 0.66 * p.y / 1.56) * 0.921
        return max(smoothMax(side, p.y - 1.54, 0.04), -p.y)
    }
    @inline(__always) static func ring(_ p: Vector) -> Float {
        length(length(p.x, p.y - 0.74) - 0.55, p.z) - 0.19
    }
    @inline(__always) static func shutCover(_ p: Vector) -> Float {
        let solid = roundedBox(p - Vector(0, 0.71, 0), Vector(0.53, 0.71, 0.17), 0.03)
        let hollow = roundedBox(p - Vector(0.13, 0.71, 0), Vector(0.55, 0.9, 0.125), 0.01)
        return max(solid, -hollow)
    }
    @inline(__always) static func shutPages(_ p: Vector) -> Float {
        roundedBox(p - Vector(0.02, 0.7, 0), Vector(0.46, 0.65, 0.13), 0.01)
    }
    /// One half of an open book, mirrored: along its width, and out of the paper.
    @inline(__always) static func leafSpace(_ p: Vector) -> Vector {
        let x = abs(p.x), z = p.z + 0.28
        return Vector(0.866 * x + 0.5 * z - 0.42, p.y - 0.66, 0.866 * z - 0.5 * x)
    }
    @inline(__always) static func openCover(_ p: Vector) -> Float {
        roundedBox(leafSpace(p), Vector(0.5, 0.66, 0.04), 0.02)
    }
    @inline(__always) static func openPages(_ p: Vector) -> Float {
        let q = leafSpace(p)
        return roundedBox(Vector(q.x + 0.03, q.y, q.z - 0.06), Vector(0.4, 0.56, 0.05), 0.03)
    }
    @inline(__always) static func duckBody(_ p: Vector) -> Float {
        let body = ellipsoid(Vector(p.x + 0.12, p.y - 0.42, p.z), Vector(0.62, 0.42, 0.45))
        let tail = capsule(p, Vector(-0.5, 0.5, 0), Vector(-0.78, 0.8, 0), 0.2, 0.06)
        let head = length(p.x - 0.26, p.y - 1, p.z) - 0.33
        return smoothMin(smoothMin(body, tail, 0.15), head, 0.16) * 0.95
    }
    @inline(__always) static func duckBeak(_ p: Vector) -> Float {
        ellipsoid(Vector(p.x - 0.62, p.y - 0.94, p.z), Vector(0.22, 0.09, 0.17)) * 0.9
    }
    @inline(__always) static func duckEye(_ p: Vector) -> Float {
        length(p.x - 0.44, p.y - 1.1, abs(p.z) - 0.22) - 0.065
    }
}

/// The parts of an object that have a material of their own.
enum Part {
    case body, twig, leaf, flesh, cork, flame, wick, brass, page, print, beak, eye
}
