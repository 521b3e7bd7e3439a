/// The light of one scene along any ray.
///
/// All randomness follows from places, so what an edit leaves alone stays equal.
struct Renderer {
    let scene: Scene
    let camera: Camera
    let sun: Vector
    let flame: Vector?
    static let wallDepth: Float = -1.75

    init(_ scene: Scene) {
        self.scene = scene
        camera = Camera(scene.camera)
        sun = normalised(Vector(scene.light.side, scene.light.height, 0.9))
        flame = scene.objects.first { $0.state == .lit }.map {
            Vector($0.x, 1.5 * $0.size, $0.z)
        }
    }

    /// The light along a ray and the index of the object it meets, -1 for the table, -2 for the wall.
    @inline(__always)
    func trace(_ d: Vector, _ solids: UnsafeBufferPointer<Solid>) -> (colour: Vector, object: Int) {
        let eye = camera.eye
        let toWall = (Self.wallDepth - eye.z) / d.z
        let toTable = d.y < 0 ? -eye.y / d.y : Float.infinity
        var nearest = min(toWall, toTable)
        var object = -1
        for index in 0..<solids.count {
            if let t = solids[index].hit(eye, d, limit: nearest) {
                nearest = t
                object = index
            }
        }
        let point = eye + d * nearest
        var colour: Vector
        if object >= 0 {
            colour = shade(solids[object], object, point, d, solids)
        } else if toTable < toWall {
            colour = table(point, d, solids)
        } else {
            object = -2
            colour = wall(point)
        }
        if let flame {
            let toFlame = flame - eye
            let away = toFlame - d * dot(toFlame, d)
            let glow = max(0, 1 - dot(away, away) * 1.6)
            colour += Vector(0.42, 0.26, 0.09) * (glow * glow * glow)
        }
        return (colour, object)
    }

    @inline(__always)
    func sunlight(_ point: Vector, _ solids: UnsafeBufferPointer<Solid>, except: Int = -1) -> Float {
        var light: Float = 1
        for index in 0..<solids.count where index != except {
            light = min(light, solids[index].sunlight(point, sun))
        }
        return light
    }

    @inline(__always)
    func table(_ point: Vector, _ d: Vector, _ solids: UnsafeBufferPointer<Solid>) -> Vector {
        let up = Vector(0, 1, 0)
        var open: Float = 1
        for index in 0..<solids.count { open *= solids[index].openness(point, up) }
        let sunny = sunlight(point, solids)
        let corner = smoothStep(0, 0.5, point.z - Self.wallDepth)
        let albedo = Textures.table(scene.table, point.x, point.z, scene.backgroundSeed)
        let ambient = Vector(0.36, 0.37, 0.40) * (open * mix(0.6, 1, corner))
        return albedo * (ambient + Vector(0.70, 0.67, 0.61) * (sunny * sun.y / 0.8))
    }

    @inline(__always) func wall(_ point: Vector) -> Vector {
        let albedo = Textures.wall(scene.wall, point.x, point.y, scene.backgroundSeed)
        let corner = smoothStep(-0.1, 0.7, point.y)
        let fall = 1 - 0.05 * (point.x - 1.4 * scene.light.side) * (point.x - 1.4 * scene.light.side)
        return albedo * (mix(0.62, 1.02, corner) * max(fall, 0.5))
    }

    @inline(__always)
    func shade(
        _ solid: Solid, _ index: Int, _ point: Vector, _ d: Vector, _ solids: UnsafeBufferPointer<Solid>
    ) -> Vector {
        let local = solid.localPoint(point)
        let part = Shapes.part(solid.kind, solid.state, local)
        if part == .flame {
            let height = clamp((local.y - 1.26) / 0.4)
            return light(mix(Vector(1, 0.97, 0.75), Vector(1, 0.62, 0.12), height)) * 1.1
        }
        let normal = solid.normal(at: local)
        let albedo = Materials.albedo(of: solid, part: part, at: local)
        let facing = dot(normal, sun)
        var sunny: Float = 0
        if facing > 0 { sunny = sunlight(point + normal * 0.012, solids) * facing }
        var open = clamp(0.5 + 0.5 * point.y * 2.2 + 0.25 * normal.y)
        let inside =
            Shapes.distance(solid.kind, solid.state, solid.localPoint(point + normal * 0.12)) * solid.scale
        open *= clamp(0.3 + 0.7 * inside / 0.12)
        for other in 0..<solids.count where other != index { open *= solids[other].openness(point, normal) }
        let sky = 0.5 + 0.5 * normal.y
        let bounce = max(0, -normal.y) * 0.12
        let ambient = (mix(Vector(0.30, 0.28, 0.27), Vector(0.50, 0.52, 0.56), sky) + bounce) * open
        let half = normalised(sun - d)
        let gleam = max(0, dot(normal, half))
        let mirror = 1 - max(0, -dot(normal, d))
        let rim = mirror * mirror * mirror * mirror
        var g2 = gleam * gleam
        g2 *= g2; g2 *= g2; g2 *= g2
        let shine = sunny > 0 ? g2 * g2 * min(1, sunny * 2) : 0
        if part == .body && solid.surface == .metallic {
            let reflected = d - normal * (2 * dot(normal, d))
            return metal(albedo, reflected, open) + albedo * (ambient * 0.3 + sunny * 0.22)
                + Vector(0.9, 0.88, 0.82) * (shine * 0.9)
        }
        let gloss: Float = part == .body || part == .eye ? 0.5 : 0.06
        return albedo * (ambient + Vector(0.86, 0.82, 0.75) * sunny) + (shine + rim * 0.07 * open) * gloss
    }

    /// What polished metal mirrors: a bright sky above, a dark band at the horizon, the table below.
    @inline(__always) func metal(_ albedo: Vector, _ reflected: Vector, _ open: Float) -> Vector {
        let y = reflected.y
        let sky = smoothStep(0.02, 0.25, y) * (1 - 0.45 * smoothStep(0.3, 0.8, y))
        let ground = smoothStep(0.05, -0.5, y) * 0.42
        let window = smoothStep(0.55, 0.75, dot(reflected, sun)) * 0.5
        return (albedo + 0.05) * ((0.08 + sky * 1.3 + ground + window) * (0.4 + 0.6 * open))
    }
}
