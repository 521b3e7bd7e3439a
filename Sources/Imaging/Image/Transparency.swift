/// Transparent images are worked on as they look over white, and get their transparency back afterwards.
extension Image {
    /// The pixels, each with its alpha behind it where the image has one: 3 or 4 bytes a pixel.
    var samplesWithAlpha: [UInt8] {
        guard let alpha else { return pixels }
        return [UInt8](unsafeUninitializedCapacity: alpha.count * 4) { room, count in
            for pixel in alpha.indices {
                room[pixel * 4] = pixels[pixel * 3]
                room[pixel * 4 + 1] = pixels[pixel * 3 + 1]
                room[pixel * 4 + 2] = pixels[pixel * 3 + 2]
                room[pixel * 4 + 3] = alpha[pixel]
            }
            count = alpha.count * 4
        }
    }

    /// The image as it looks over white, all opaque.
    func laidOverWhite() -> Image {
        guard let alpha else { return self }
        var result = self
        result.alpha = nil
        for pixel in alpha.indices where alpha[pixel] != 255 {
            let share = Int(alpha[pixel])
            for index in (pixel * 3)..<(pixel * 3 + 3) {
                result.pixels[index] = UInt8((Int(pixels[index]) * share + 255 * (255 - share) + 127) / 255)
            }
        }
        return result
    }

    /// What must lie under this alpha for the image to look over white as it does now.
    ///
    /// Where that would need less than black, black is nearest; where nothing shows, the colour is kept.
    func liftedFromWhite(alpha: [UInt8]) -> Image {
        var result = self
        result.alpha = alpha
        for pixel in alpha.indices where alpha[pixel] != 255 && alpha[pixel] != 0 {
            let share = Int(alpha[pixel])
            for index in (pixel * 3)..<(pixel * 3 + 3) {
                let value = 255 - ((255 - Int(pixels[index])) * 255 + share / 2) / share
                result.pixels[index] = UInt8(max(value, 0))
            }
        }
        return result
    }

    /// The image with the hole filled that a mask marks, or itself where the mask marks more than a hole.
    ///
    /// Where all that may change is fully transparent in the photo, an edit that stayed transparent could not be seen:
    /// there the painting becomes opaque as far as the mask allows it, and takes nothing from the colours below, which
    /// nobody saw.
    func fillingHole(in original: Image, with painting: Image, where mask: Mask) -> Image {
        guard let alpha = original.alpha else { return self }
        let marks = mask.resized(width: width, height: height)
        var (marked, hidden) = (0, 0)
        for pixel in alpha.indices where marks.values[pixel] > 0.5 {
            marked += 1
            if alpha[pixel] == 0 { hidden += 1 }
        }
        // A hole's edge may be a pixel wider in a mask of another size.
        guard marked > 0, hidden * 20 >= marked * 19 else { return self }
        var result = self
        for pixel in alpha.indices where alpha[pixel] == 0 && marks.values[pixel] > 0 {
            result.alpha?[pixel] = UInt8((min(marks.values[pixel], 1) * 255).rounded())
            for index in (pixel * 3)..<(pixel * 3 + 3) { result.pixels[index] = painting.pixels[index] }
        }
        return result
    }
}
