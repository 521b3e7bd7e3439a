/// The surface colours of objects.
enum Materials {
    @inline(__always) static func albedo(of solid: Solid, part: Part, at p: Vector) -> Vector {
        if let paint = part.paint {
            if part == .print { return print(paint, p) }
            return light(paint)
        }
        var colour = solid.colour
        switch solid.surface {
        case .striped:
            let band = p.y * 3.6 + 0.18
            if band - band.rounded(.down) < 0.34 { colour = solid.second }
        case .dotted:
            if dots(p) { colour = solid.second }
        case .plain, .metallic: break
        }
        return colour * (1 - 0.2 * marks(solid, p))
    }

    /// Balls on a body-centred lattice, cut by the surface: dense enough that every shape meets some of them.
    @inline(__always) static func dots(_ p: Vector) -> Bool {
        let q = p * 3.6
        let a = q - q.rounded(.toNearestOrEven)
        let half = q - 0.5
        let b = half - half.rounded(.toNearestOrEven)
        return min(dot(a, a), dot(b, b)) < 0.09
    }

    /// The unmentioned marks: 0 where there are none, 1 at their middle.
    @inline(__always) static func marks(_ solid: Solid, _ p: Vector) -> Float {
        switch solid.marks {
        case .speckles:
            let q = p * 7
            let x = q.x.rounded(.down), y = q.y.rounded(.down), z = q.z.rounded(.down)
            let cell = latticeHash(Int32(x), Int32(y), Int32(z), solid.seed)
            if cell & 255 > 110 { return 0 }
            let dx = q.x - x - 0.5, dy = q.y - y - 0.5, dz = q.z - z - 0.5
            return smoothStep(0.2, 0.08, dx * dx + dy * dy + dz * dz)
        case .stripes:
            let lean = Float(solid.seed & 255) * 0x1p-8 - 0.5
            let across = (p.x + lean * p.y) * 6 + 30
            let band = across.rounded(.down)
            let wide = unitHash(Int32(band), 5, 0, solid.seed)
            return wide > 0.55 ? smoothStep(0.5, 0.32, abs(across - band - 0.5)) * 0.8 : 0
        }
    }

    @inline(__always) static func print(_ paint: Vector, _ p: Vector) -> Vector {
        let q = Shapes.leafSpace(p)
        let line = (q.y + 2) * 9
        let inked = line - line.rounded(.down) < 0.34 && abs(q.x + 0.03) < 0.3 && abs(q.y) < 0.46
        return light(paint * (inked ? 0.62 : 1))
    }
}
