/// Styles as local passes over the photo, so that what an edit leaves alone stays equal in every style.
enum StylePass {
    /// `photo` holds `size * size * 3` displayed values in 0...1; so does the result.
    static func apply(_ style: Style, to photo: [Float], size: Int) -> [Float] {
        switch style {
        case .photo: photo
        case .pencil: pencil(photo, size)
        case .painting: painting(photo, size)
        case .pixelArt: pixelArt(photo, size)
        }
    }

    /// Lines where brightness changes, hatching where it is dark, a breath of colour.
    static func pencil(_ photo: [Float], _ size: Int) -> [Float] {
        var grey = [Float](repeating: 0, count: size * size)
        for pixel in grey.indices {
            grey[pixel] = 0.3 * photo[pixel * 3] + 0.55 * photo[pixel * 3 + 1] + 0.15 * photo[pixel * 3 + 2]
        }
        var result = photo
        // Strokes stay at least some four pixels apart, so that small images do not turn into moiré.
        let unit = max(Float(size) / 128, 0.85)
        let reach = max(1, size / 128)
        let coarse = size < 96 ? Float(1.25) : 1
        for y in 0..<size {
            for x in 0..<size {
                let pixel = y * size + x
                let left = max(x - reach, 0), right = min(x + reach, size - 1)
                let above = max(y - reach, 0) * size, below = min(y + reach, size - 1) * size
                let gx = difference(photo, y * size + left, y * size + right)
                let gy = difference(photo, above + x, below + x)
                let edge = smoothStep(0.10 * coarse, 0.42 * coarse, gx + gy)
                let fx = Float(x) / unit, fy = Float(y) / unit
                let wobble = noise(fx * 0.035, fy * 0.035, 11) * 2
                let one = stroke((fx + fy) * 0.22 + wobble), two = stroke((fx - fy) * 0.2 + wobble)
                let dark = 1 - grey[pixel]
                let hatch = one * smoothStep(0.25, 0.85, dark) * 0.4 + two * smoothStep(0.5, 0.95, dark) * 0.4
                let grain = (unitHash(Int32(x), Int32(y), 0, 12) - 0.5) * 0.06
                let tone = 0.97 - dark * 0.24 - hatch
                for channel in 0..<3 {
                    let tint = (photo[pixel * 3 + channel] - grey[pixel]) * 0.62
                    let paper = tone + tint + grain
                    result[pixel * 3 + channel] = clamp(mix(paper, 0.16, edge * 0.85))
                }
            }
        }
        return result
    }

    @inline(__always) static func difference(_ photo: [Float], _ a: Int, _ b: Int) -> Float {
        abs(photo[a * 3] - photo[b * 3]) * 0.4 + abs(photo[a * 3 + 1] - photo[b * 3 + 1]) * 0.4
            + abs(photo[a * 3 + 2] - photo[b * 3 + 2]) * 0.4
    }
    @inline(__always) static func stroke(_ x: Float) -> Float { 1 - abs(2 * (x - x.rounded(.down)) - 1) }

    /// Each pixel takes the mean of the calmest of four corners around a place moved along a brush stroke.
    static func painting(_ photo: [Float], _ size: Int) -> [Float] {
        var result = photo
        let unit = Float(size) / 128
        let radius = max(1, Int((2.2 * unit).rounded()))
        photo.withUnsafeBufferPointer { photo in
            for y in 0..<size {
                for x in 0..<size {
                    let fx = Float(x) / unit, fy = Float(y) / unit
                    let bend = noise(fx * 0.1, fy * 0.1, 21), sway = noise(fx * 0.1, fy * 0.1, 22)
                    let sx = min(max(x + Int(((bend - 0.5) * 2.2 * unit).rounded()), 0), size - 1)
                    let sy = min(max(y + Int(((sway - 0.5) * 2.2 * unit).rounded()), 0), size - 1)
                    var best = Vector(0, 0, 0)
                    var calmest = Float.infinity
                    for corner in 0..<4 {
                        let x0 = corner & 1 == 0 ? sx - radius : sx, y0 = corner & 2 == 0 ? sy - radius : sy
                        var sum = Vector(0, 0, 0)
                        var squares: Float = 0
                        for v in y0...(y0 + radius) {
                            let row = min(max(v, 0), size - 1) * size
                            for u in x0...(x0 + radius) {
                                let at = (row + min(max(u, 0), size - 1)) * 3
                                let c = Vector(photo[at], photo[at + 1], photo[at + 2])
                                sum += c
                                squares += dot(c, c)
                            }
                        }
                        let count = Float((radius + 1) * (radius + 1))
                        let mean = sum * (1 / count)
                        let spread = squares / count - dot(mean, mean)
                        if spread < calmest {
                            calmest = spread
                            best = mean
                        }
                    }
                    let grey = 0.3 * best.x + 0.55 * best.y + 0.15 * best.z
                    let along = noise(fx * 0.11 + bend * 1.2, fy * 0.42 + fx * 0.12 + sway * 1.2, 23)
                    let rich = (grey + (best - grey) * 1.35) * (0.88 + 0.24 * along)
                    let at = (y * size + x) * 3
                    result[at] = rich.x
                    result[at + 1] = rich.y
                    result[at + 2] = rich.z
                }
            }
        }
        return result
    }

    /// Square blocks of one colour out of few.
    static func pixelArt(_ photo: [Float], _ size: Int) -> [Float] {
        var result = photo
        let block = max(2, size / 32)
        for top in stride(from: 0, to: size, by: block) {
            for left in stride(from: 0, to: size, by: block) {
                let bottom = min(top + block, size), right = min(left + block, size)
                var sum = Vector(0, 0, 0)
                for y in top..<bottom {
                    for x in left..<right {
                        let at = (y * size + x) * 3
                        sum += Vector(photo[at], photo[at + 1], photo[at + 2])
                    }
                }
                let mean = sum * (1 / Float((bottom - top) * (right - left)))
                let grey = 0.3 * mean.x + 0.55 * mean.y + 0.15 * mean.z
                // Brightness and tint are rounded apart, so that greys stay grey.
                let tint = (mean - grey) * 18
                let few =
                    Vector(tint.x.rounded(), tint.y.rounded(), tint.z.rounded()) * 0.072 + (grey * 9)
                    .rounded()
                    / 9
                for y in top..<bottom {
                    for x in left..<right {
                        let at = (y * size + x) * 3
                        result[at] = few.x
                        result[at + 1] = few.y
                        result[at + 2] = few.z
                    }
                }
            }
        }
        return result
    }
}
