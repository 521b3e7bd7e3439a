/// The colours of the table and the wall at a point, in light (squared) values.
enum Textures {
    @inline(__always) static func table(_ table: Table, _ x: Float, _ z: Float, _ seed: UInt32) -> Vector {
        switch table {
        case .wood: wood(x, z, seed)
        case .marble: marble(x, z, seed)
        case .cloth: cloth(x, z, seed)
        case .slate: slate(x, z, seed)
        }
    }

    @inline(__always) static func wood(_ x: Float, _ z: Float, _ seed: UInt32) -> Vector {
        let plank = ((z + 10) * 1.35).rounded(.down)
        let inside = (z + 10) * 1.35 - plank
        let tone = unitHash(Int32(plank), 7, 0, seed)
        let shift = tone * 40
        let wave = noise(x * 0.7 + shift, z * 2.4, seed) * 3
        let grain = noise(x * 0.9 + shift, z * 16 + wave, seed &+ 1)
        let fine = noise(x * 5 + shift, z * 55, seed &+ 2)
        let share = clamp(0.55 * grain + 0.2 * fine + 0.35 * tone)
        let colour = mix(Vector(0.50, 0.30, 0.145), Vector(0.73, 0.51, 0.29), share)
        let gap = smoothStep(0, 0.035, inside) * smoothStep(0, 0.035, 1 - inside)
        return light(colour * mix(0.62, 1, gap))
    }

    @inline(__always) static func marble(_ x: Float, _ z: Float, _ seed: UInt32) -> Vector {
        let bend = noise(x * 1.3, z * 1.3, seed) * 1.6
        let broad = noise(x * 1.1 + bend, z * 1.7 - bend, seed &+ 1)
        let thin = noise(x * 2.6 - bend, z * 3.2 + bend, seed &+ 2)
        let veins = max(0, 1 - abs(broad - 0.5) * 11) * 0.6 + max(0, 1 - abs(thin - 0.5) * 14) * 0.3
        return light(mix(Vector(0.87, 0.87, 0.86), Vector(0.52, 0.54, 0.57), clamp(veins)))
    }

    @inline(__always) static func cloth(_ x: Float, _ z: Float, _ seed: UInt32) -> Vector {
        let offset = Float(seed & 1023) * 0x1p-10
        let u = x * 2.1 + offset + 20, v = z * 2.1 + offset + 20
        let across: Float = u - 2 * (u * 0.5).rounded(.down) < 1 ? 1 : 0
        let along: Float = v - 2 * (v * 0.5).rounded(.down) < 1 ? 1 : 0
        let weave = noise(x * 40, z * 40, seed) * 0.06
        let paper = Vector(0.90, 0.90, 0.88), ink = Vector(0.30, 0.42, 0.62)
        return light(mix(paper, ink, (across + along) * 0.46) * (0.97 + weave))
    }

    @inline(__always) static func slate(_ x: Float, _ z: Float, _ seed: UInt32) -> Vector {
        let broad = noise(x * 1.6, z * 2.2, seed), fine = noise(x * 11, z * 14, seed &+ 1)
        let scratch = max(0, 1 - abs(noise(x * 1.4, z * 4, seed &+ 2) - 0.5) * 40) * 0.06
        return light(Vector(0.29, 0.33, 0.36) * (0.78 + 0.26 * broad + 0.2 * fine) + scratch)
    }

    @inline(__always) static func wall(_ wall: Wall, _ x: Float, _ y: Float, _ seed: UInt32) -> Vector {
        switch wall {
        case .cream: return light(Vector(0.90, 0.855, 0.755) * (0.97 + 0.05 * noise(x * 1.6, y * 1.6, seed)))
        case .blue: return light(Vector(0.50, 0.66, 0.80) * (0.96 + 0.07 * noise(x * 1.6, y * 1.6, seed)))
        case .brick: return brick(x, y, seed)
        case .wallpaper:
            let u = x * 1.7 + 20 + Float(seed & 255) * 0x1p-8
            let share = u - u.rounded(.down)
            let band = smoothStep(0.22, 0.25, share) * smoothStep(0.78, 0.75, share)
            let line = smoothStep(0.1, 0.13, share) * smoothStep(0.17, 0.14, share) * 0.5
            return light(mix(Vector(0.86, 0.88, 0.78), Vector(0.53, 0.66, 0.54), max(band, line)))
        }
    }

    @inline(__always) static func brick(_ x: Float, _ y: Float, _ seed: UInt32) -> Vector {
        let v = y * 3.4 + 30
        let row = v.rounded(.down)
        let u = x * 1.55 + 30 + (Int32(row) & 1 == 0 ? 0.5 : 0) + Float(seed & 255) * 0x1p-8
        let column = u.rounded(.down)
        let tone = unitHash(Int32(column), Int32(row), 3, seed)
        let a = u - column, b = v - row
        let edge = min(min(a, 1 - a) * 2.2, min(b, 1 - b))
        let face = mix(Vector(0.56, 0.33, 0.27), Vector(0.70, 0.45, 0.36), tone)
        let rough = 0.94 + 0.12 * noise(x * 14, y * 14, seed)
        return light(mix(Vector(0.78, 0.74, 0.68), face * rough, smoothStep(0.05, 0.1, edge)))
    }
}
