public import Imaging

/// A scene's image and which object each pixel shows.
public struct Rendering: Sendable, Hashable {
    /// The image in the scene's style.
    public let image: Image
    /// For each pixel, how many of its four samples show the table.
    let tableCoverage: [UInt8]
    /// For every object, for every pixel (rows from the top), how many of its four samples show the object.
    public let coverage: [[UInt8]]

    /// The pixels that show an object at least by half: 1 there, 0 elsewhere.
    public func mask(of object: Int) -> Mask {
        Mask(width: image.width, height: image.height, values: coverage[object].map { $0 >= 2 ? 1 : 0 })
    }

    /// For each pixel the index of an object that fills at least half of it, else -1 for the table or -2 for the wall.
    public var identities: [Int8] {
        var ids = tableCoverage.map { Int8($0 >= 2 ? -1 : -2) }
        for (object, counts) in coverage.enumerated() {
            for pixel in counts.indices where counts[pixel] >= 2 { ids[pixel] = Int8(object) }
        }
        return ids
    }

    /// The smallest box around an object's mask; nil where nothing of it shows.
    public func box(of object: Int) -> Box? {
        let counts = coverage[object]
        var low = (x: Int.max, y: Int.max), high = (x: -1, y: -1)
        for y in 0..<image.height {
            for x in 0..<image.width where counts[y * image.width + x] >= 2 {
                low = (min(low.x, x), min(low.y, y))
                high = (max(high.x, x), max(high.y, y))
            }
        }
        return high.x < 0
            ? nil : Box(x: low.x, y: low.y, width: high.x - low.x + 1, height: high.y - low.y + 1)
    }
}

/// A rectangle of pixels.
public struct Box: Sendable, Codable, Hashable {
    /// The leftmost column.
    public var x: Int
    /// The topmost row.
    public var y: Int
    /// Columns.
    public var width: Int
    /// Rows.
    public var height: Int

    /// A box from its corner and extent, in pixels.
    public init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }
}

extension Scene {
    /// The scene's square image.
    public func render(size: Int) -> Image { rendering(size: size).image }

    /// The scene's square image together with the pixels of every object.
    /// - Precondition: `size` is at least 8.
    public func rendering(size: Int) -> Rendering {
        precondition(size >= 8, "a still life of \(size) pixels a side is too small (at least 8)")
        let renderer = Renderer(self)
        let solids = objects.map(Solid.init)
        var photo = [Float](repeating: 0, count: size * size * 3)
        var counts = [[UInt8]](repeating: [], count: objects.count)
        var ids = [Int8](repeating: -1, count: size * size * 4)
        let step = 1 / Float(size)
        solids.withUnsafeBufferPointer { solids in
            photo.withUnsafeMutableBufferPointer { photo in
                ids.withUnsafeMutableBufferPointer { ids in
                    for y in 0..<size {
                        for x in 0..<size {
                            var sum = Vector(0, 0, 0)
                            for sample in 0..<4 {
                                let u = Float(2 * x) + (sample & 1 == 0 ? 0.5 : 1.5)
                                let v = Float(2 * y) + (sample & 2 == 0 ? 0.5 : 1.5)
                                let (colour, id) = renderer.trace(
                                    renderer.camera.direction(u * step - 1, 1 - v * step), solids)
                                sum += colour.clamped(
                                    lowerBound: Vector(repeating: 0), upperBound: Vector(repeating: 1))
                                ids[(y * size + x) * 4 + sample] = Int8(truncatingIfNeeded: id)
                            }
                            let at = (y * size + x) * 3
                            photo[at] = (sum.x * 0.25).squareRoot()
                            photo[at + 1] = (sum.y * 0.25).squareRoot()
                            photo[at + 2] = (sum.z * 0.25).squareRoot()
                        }
                    }
                }
            }
        }
        var table = [UInt8](repeating: 0, count: size * size)
        for sample in ids.indices where ids[sample] == -1 { table[sample >> 2] += 1 }
        for object in objects.indices {
            var count = [UInt8](repeating: 0, count: size * size)
            for sample in ids.indices where ids[sample] == Int8(object) { count[sample >> 2] += 1 }
            counts[object] = count
        }
        let styled = StylePass.apply(style, to: photo, size: size)
        let bytes = styled.map { UInt8(clamp($0) * 255 + 0.5) }
        return Rendering(
            image: Image(width: size, height: size, pixels: bytes), tableCoverage: table, coverage: counts
        )
    }
}
