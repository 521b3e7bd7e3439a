import CVips

extension Mask {
    /// Reads a mask from an image file of any size: white may change, black stays, greys blend.
    ///
    /// The one rule for every mask file, whoever made it:
    ///
    /// 1. **Transparency first.** Where part of the file is see-through (opacity below half of the highest), that
    ///    decides. An image with a hole (or a black layer with one) means that the hole may change; strokes of at most
    ///    four flat colours on a transparent layer mean that what is painted may change, black strokes apart.
    /// 2. **Two tones** are a mask whatever their values: of two greys (0 and 1, as segmentation tools write them) the
    ///    lighter may change, and so may the one colour that lies on black, as in palettes of segmentation sets.
    /// 3. **Greys** otherwise are what they are: 255 may change, 0 stays. JPEG's ripples around both (16 steps) are
    ///    taken for them.
    /// 4. What cannot be meant is refused: colour images, maps of several colours or class numbers, masks of which no
    ///    value reaches half of white, and those that are transparent everywhere.
    ///
    /// A file that another reading was possible for is told of through `notify`, and so is a mask that lets everything
    /// change, or most of the image with its whole rim.
    /// - Throws: `ImagingError`, `MaskError`.
    public init(
        contentsOf path: String, pixelLimit: Int = Image.defaultPixelLimit,
        notify: (MaskNotice) -> Void = { _ in }
    ) throws {
        let (bytes, format) = try Files.readImage(path)
        let tones: MaskTones
        let (width, height): (Int, Int)
        var orientation = Orientation.upright
        if format == .ppm {
            let image = try PortablePixmap.decode(bytes, path: path, pixelLimit: pixelLimit)
            (width, height) = (image.width, image.height)
            tones = MaskTones(image)
        } else {
            let samples = try Codec.decode(bytes, path: path, format: format, pixelLimit: pixelLimit)
            (width, height) = (samples.width, samples.height)
            tones = MaskTones(values: samples.values, bands: samples.bands)
            orientation = Orientation(rawValue: Int(samples.header.orientation)) ?? .upright
        }
        let lossy = [.jpeg, .webp, .avif, .heic].contains(format)
        let values = try Self.values(of: tones, lossy: lossy, path: path, notify: notify)
        self = Mask(width: width, height: height, values: values).turned(orientation)
        if let notice = polarity(path: path) { notify(notice) }
    }

    private static func values(
        of tones: MaskTones, lossy: Bool, path: String, notify: (MaskNotice) -> Void
    ) throws -> [Float] {
        if let opacity = try tones.opacity(path: path) {
            let isVisible = { opacity[$0] >= 0.5 }
            let flat = tones.colours(limit: 4, bits: 4, where: isVisible) != nil
            if flat, opacity.indices.contains(where: { isVisible($0) && !tones.isBlack($0) }) {
                notify(.strokes(path: path))
                return opacity.indices.map { tones.isBlack($0) ? 0 : opacity[$0] }
            }
            notify(.hole(path: path))
            return opacity.map { 1 - $0 }
        }
        if tones.isColoured {
            guard let colours = tones.colours(limit: 256) else { throw MaskError.image(path: path) }
            let lights = colours.filter { !MaskTones.isBlack($0.colour) }
            guard colours.count == 2, lights.count == 1, let light = lights.first else {
                throw MaskError.colourMap(path: path, colours: colours.map { MaskTones.name($0.colour) })
            }
            notify(.oneColour(path: path, colour: MaskTones.name(light.colour)))
            return (0..<tones.count).map { tones.isBlack($0) ? 0 : 1 }
        }
        return try greys(of: tones, lossy: lossy, path: path, notify: notify)
    }

    private static func greys(
        of tones: MaskTones, lossy: Bool, path: String, notify: (MaskNotice) -> Void
    ) throws -> [Float] {
        var lumas = (0..<tones.count).map { tones.luma($0) }
        if lossy { lumas = lumas.map { $0 <= 16 ? 0 : $0 >= 239 ? 255 : $0 } }
        var counts = [Int](repeating: 0, count: 256)
        for luma in lumas { counts[Int(luma)] += 1 }
        let present = counts.indices.filter { counts[$0] > 0 }
        let (darkest, brightest) = (present[0], present[present.count - 1])
        if present.count == 1 { return lumas.map { $0 == 0 ? 0 : 1 } }
        if present.count == 2 {
            if (darkest, brightest) != (0, 255) {
                notify(.twoGreys(path: path, dark: darkest, light: brightest))
            }
            return lumas.map { Int($0) == brightest ? 1 : 0 }
        }
        // Class numbers are small; 255 among them marks what is void, which never is more than all classes.
        let numbers = present.filter { $0 > 0 && $0 < 255 }
        let labelled = numbers.reduce(0) { $0 + counts[$1] }
        if numbers.allSatisfy({ $0 < 64 }), labelled > counts[255], !lossy {
            throw MaskError.classNumbers(path: path, numbers: present)
        }
        guard brightest >= 128 else { throw MaskError.dark(path: path, brightest: brightest) }
        return lumas.map { Float($0) / 255 }
    }

    /// What should be said of a mask that lets everything change, or most of the image and its whole rim.
    private func polarity(path: String) -> MaskNotice? {
        if values.allSatisfy({ $0 >= 0.5 }) { return .everything(path: path) }
        let share = Double(values.count { $0 >= 0.5 }) / Double(values.count)
        guard share > 0.75 else { return nil }
        var rim: [Float] = []
        for x in 0..<width { rim += [values[x], values[(height - 1) * width + x]] }
        for y in 0..<height { rim += [values[y * width], values[y * width + width - 1]] }
        let white = rim.count { $0 >= 0.5 }
        return white * 20 >= rim.count * 19 ? .mostlyWhite(path: path, share: share) : nil
    }

    /// The mask turned upright as an image of that orientation is.
    private func turned(_ orientation: Orientation) -> Mask {
        if orientation == .upright { return self }
        let (newWidth, newHeight) = orientation.swapsSides ? (height, width) : (width, height)
        var result = Mask(width: newWidth, height: newHeight, filledWith: 0)
        for y in 0..<newHeight {
            for x in 0..<newWidth {
                let from = orientation.source(x: x, y: y, width: width, height: height)
                result.values[y * newWidth + x] = values[from.y * width + from.x]
            }
        }
        return result
    }
}

extension Mask {
    /// How the shape of a mask goes with an image's.
    public enum Fit: Sendable, Hashable {
        /// It has the image's shape, at any size.
        case fits
        /// It has another shape and will be stretched.
        case stretched
        /// It has exactly the image's sides, exchanged: one of the two lies on its side.
        case turned
    }

    /// How the mask's shape goes with an image of this size; shapes within 2 % are the same.
    public func fit(width imageWidth: Int, height imageHeight: Int) -> Fit {
        if width != height, (width, height) == (imageHeight, imageWidth) { return .turned }
        let (left, right) = (width * imageHeight, imageWidth * height)
        return abs(left - right) * 50 > right ? .stretched : .fits
    }
}
