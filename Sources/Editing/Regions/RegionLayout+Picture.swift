public import Imaging

extension Region.Role {
    /// The colour that pictures of layouts have for it.
    var colour: (red: UInt8, green: UInt8, blue: UInt8) {
        switch self {
        case .background: (110, 110, 110)
        case .inherent: (0, 90, 200)
        case .added: (0, 140, 60)
        case .removed: (200, 30, 40)
        case .edited: (190, 80, 0)
        }
    }
}

extension RegionLayout {
    /// The layout as an image: each region's outline in its role's colour, with its name and role.
    ///
    /// - Parameters:
    ///   - photo: what it is drawn on, enlarged where it is small; nil draws on white, of the canvas's size or 512 by 512.
    ///   - side: the least length of the longer side in pixels.
    public func picture(on photo: Image? = nil, side: Int = 512) -> Image {
        let (width, height) =
            photo.map { ($0.width, $0.height) } ?? (canvas?.width ?? 512, canvas?.height ?? 512)
        let factor = max((side + max(width, height) - 1) / max(width, height), 1)
        var picture =
            photo?.resized(width: width * factor, height: height * factor)
            ?? Image(width: width * factor, height: height * factor, red: 255, green: 255, blue: 255)
        for (index, region) in regions.enumerated() { picture.draw(region, number: index + 1) }
        return picture
    }
}

extension Image {
    /// Draws a region's outline and its name.
    fileprivate mutating func draw(_ region: Region, number: Int) {
        let cells = region.cells(width: width, height: height)
        let (role, line) = (region.effectiveRole, max(max(width, height) / 256, 1))
        func isInside(_ x: Int, _ y: Int) -> Bool {
            (0..<width).contains(x) && (0..<height).contains(y) && cells.values[y * width + x] > 0
        }
        var corner: (x: Int, y: Int)?
        for y in 0..<height {
            for x in 0..<width where isInside(x, y) {
                corner = corner ?? (x, y)
                let isRim = [(line, 0), (-line, 0), (0, line), (0, -line)].contains {
                    !isInside(x + $0, y + $1)
                }
                if isRim { set(x, y, role.colour) }
            }
        }
        guard let corner else { return }
        write(
            (region.id ?? "\(number)") + " (\(role.rawValue))",
            at: (corner.x + 2 * line, corner.y + 2 * line),
            scale: line, on: role.colour)
    }

    /// White letters on a ground of a colour.
    private mutating func write(
        _ text: String, at place: (x: Int, y: Int), scale: Int,
        on ground: (red: UInt8, green: UInt8, blue: UInt8)
    ) {
        for y in place.y..<min(place.y + 10 * scale, height) where y >= 0 {
            for x in place.x..<min(place.x + (text.count * 6 + 1) * scale, width) { set(x, y, ground) }
        }
        write(text, x: place.x + scale, y: place.y + scale, scale: scale, red: 255, green: 255, blue: 255)
    }

    private mutating func set(_ x: Int, _ y: Int, _ colour: (red: UInt8, green: UInt8, blue: UInt8)) {
        let place = offset(x: x, y: y)
        (pixels[place], pixels[place + 1], pixels[place + 2]) = (colour.red, colour.green, colour.blue)
    }
}
