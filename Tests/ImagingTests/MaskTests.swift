import Foundation
import Testing

@testable import Imaging

@Suite("Masks and pasting")
struct MaskTests {
    /// 1 where `inside` says so.
    private func mask(_ width: Int, _ height: Int, where inside: (Int, Int) -> Bool) -> Mask {
        let values = (0..<(width * height)).map { inside($0 % width, $0 / width) ? 1 : 0 as Float }
        return Mask(width: width, height: height, values: values)
    }

    private func disc(_ width: Int, _ height: Int, radius: Double) -> Mask {
        mask(width, height) { x, y in
            let (dx, dy) = (Double(x) - Double(width) / 2, Double(y) - Double(height) / 2)
            return dx * dx + dy * dy <= radius * radius
        }
    }

    @Test("a mask goes through a picture file, white for what is edited")
    func throughFile() throws {
        try withFolder { folder in
            let ramp = Mask(width: 256, height: 1, values: (0..<256).map { Float($0) / 255 })
            try ramp.picture().write(to: folder + "/mask.png")
            #expect(try Mask(contentsOf: folder + "/mask.png") == ramp)
            #expect(throws: ImagingError.missingFile(path: folder + "/no.png")) {
                try Mask(contentsOf: folder + "/no.png")
            }
        }
        // Pillow's mode L of pure red, green and blue.
        let primaries = Picture(width: 3, height: 1, pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255])
        #expect(Mask(luma: primaries).picture().pixels == [76, 76, 76, 150, 150, 150, 29, 29, 29])
    }

    @Test("inverting, thresholds, union and intersection")
    func simple() {
        let ramp = Mask(width: 5, height: 1, values: [0, 0.25, 0.5, 0.75, 1])
        #expect(ramp.inverted().values == [1, 0.75, 0.5, 0.25, 0])
        #expect(ramp.thresholded().values == [0, 0, 1, 1, 1])
        #expect(ramp.thresholded(at: 0.8).values == [0, 0, 0, 0, 1])
        #expect(ramp.union(ramp.inverted()).values == [1, 0.75, 0.5, 0.75, 1])
        #expect(ramp.intersection(ramp.inverted()).values == [0, 0.25, 0.5, 0.25, 0])
    }

    @Test("growing takes the largest value within a disc, shrinking the smallest", arguments: [1, 2, 5, 40])
    func growing(radius: Int) {
        let grey = Mask(luma: pattern(23, 17))
        let grown = grey.grown(by: radius)
        let shrunk = grey.grown(by: -radius)
        for y in 0..<17 {
            for x in 0..<23 {
                var near: [Float] = []
                for v in 0..<17 {
                    for u in 0..<23 where (u - x) * (u - x) + (v - y) * (v - y) <= radius * radius {
                        near.append(grey.values[v * 23 + u])
                    }
                }
                #expect(grown.values[y * 23 + x] == near.max())
                #expect(abs(shrunk.values[y * 23 + x] - (near.min() ?? -1)) < 1e-6)
            }
        }
        #expect(grey.grown(by: 0) == grey)
    }

    @Test("blurring keeps the area, flat masks and the range")
    func blurring() {
        let spot = disc(61, 61, radius: 10)
        let soft = spot.blurred(radius: 3)
        #expect(abs(soft.area - spot.area) < 1e-5)
        #expect(soft.values[30 * 61 + 30] > 0.99 && soft.values[30 * 61 + 41] > 0.2 && soft.values[0] == 0)
        let flat = Mask(width: 9, height: 7, filledWith: 1).blurred(radius: 4)
        #expect(flat.values.allSatisfy { abs($0 - 1) < 1e-5 && $0 <= 1 })
        #expect(spot.blurred(radius: 0) == spot)
    }

    @Test("distances are those to the nearest chosen place")
    func distances() {
        let points = mask(19, 13) { x, y in (x * 7 + y * 5) % 23 == 0 }
        let found = points.distances { $0 == 1 }
        for y in 0..<13 {
            for x in 0..<19 {
                var nearest = Double.infinity
                for v in 0..<13 {
                    for u in 0..<19 where points.values[v * 19 + u] == 1 {
                        nearest = min(nearest, Double((u - x) * (u - x) + (v - y) * (v - y)).squareRoot())
                    }
                }
                #expect(abs(Double(found[y * 19 + x]) - nearest) < 1e-5)
            }
        }
        #expect(Mask(width: 3, height: 2, filledWith: 0).distances { $0 == 1 }.allSatisfy { $0 == .infinity })
    }

    @Test("pasting leaves every pixel outside the mask as it was, whatever the sizes and the feather")
    func outsideIsUntouched() {
        let original = pattern(97, 61)
        let edit = Picture(width: 32, height: 24, red: 255)
        for (mask, feather) in [
            (disc(97, 61, radius: 20), 0), (disc(97, 61, radius: 20), 6), (disc(12, 8, radius: 3), 4),
            (disc(400, 250, radius: 80), 2),
        ] as [(Mask, Double)] {
            let result = Picture.pasting(edit: edit, into: original, mask: mask, feather: feather)
            #expect((result.width, result.height) == (97, 61))
            var changed = 0
            for y in 0..<61 {
                for x in 0..<97 {
                    let from = original.offset(x: x, y: y)
                    let same = original.pixels[from..<(from + 3)] == result.pixels[from..<(from + 3)]
                    if !same { changed += 1 }
                    // The place of the mask that the centre of this pixel falls into.
                    let column = (2 * x + 1) * mask.width / (2 * 97)
                    let row = (2 * y + 1) * mask.height / (2 * 61)
                    if mask.values[row * mask.width + column] == 0 { #expect(same, "\(x),\(y)") }
                }
            }
            #expect(changed > 300)
        }
    }

    @Test("inside the mask stands the edit, resampled, and the edge fades in")
    func insideIsEdited() {
        let original = Picture(width: 80, height: 60)
        let edit = Picture(width: 40, height: 30, red: 200, green: 200, blue: 200)
        let result = Picture.pasting(
            edit: edit, into: original, mask: mask(80, 60) { x, _ in x >= 20 }, feather: 8)
        let row = (0..<80).map { result.pixels[result.offset(x: $0, y: 30)] }
        #expect(row[..<20].allSatisfy { $0 == 0 })
        #expect(row[20] > 0 && row[20] < 40)
        #expect(zip(row, row.dropFirst()).allSatisfy { $0 <= $1 })
        // The frame is no edge: the edit reaches it in full.
        #expect(row[28...].allSatisfy { $0 == 200 })
        #expect(result.pixels[result.offset(x: 79, y: 0)] == 200)
    }

    @Test("a full mask gives the edit, an empty one the original, a grey one blends")
    func wholeMasks() {
        let original = pattern(30, 20)
        let edit = Picture(width: 30, height: 20, red: 9, green: 8, blue: 7)
        func paste(_ value: Float) -> Picture {
            Picture.pasting(edit: edit, into: original, mask: Mask(width: 3, height: 3, filledWith: value))
        }
        #expect(paste(1) == edit)
        #expect(paste(0) == original)
        let half = paste(0.5)
        for index in half.pixels.indices {
            let expected = (Double(original.pixels[index]) + Double(edit.pixels[index])) / 2
            #expect(abs(Double(half.pixels[index]) - expected) <= 0.5)
        }
    }

    @Test("an edit of a photo with a wide profile comes back in that profile, the rest untouched")
    func pastingIntoPhoto() throws {
        let photo = try Photo(contentsOf: fixture("profile-wide.png"))
        let left = mask(24, 16) { x, _ in x < 12 }
        let result = try photo.pasting(edit: photo.picture, mask: left, feather: 0)
        #expect(result.profile == photo.original.profile)
        for y in 0..<16 {
            let from = result.offset(x: 12, y: y)
            #expect(result.pixels[from..<(from + 36)] == photo.original.pixels[from..<(from + 36)])
        }
        // Nothing was edited, so the left side moves by what does not fit into sRGB (the red) and by
        // rounding.
        let blue = result.offset(x: 3, y: 13)
        #expect(
            (0..<3).allSatisfy {
                abs(Int(result.pixels[blue + $0]) - Int(photo.original.pixels[blue + $0])) <= 3
            })
        let bytes = try result.encoded(as: .png)
        #expect(try Photo(bytes: bytes).original == result)
    }

    @Test("a mask reaches the latents of a working size")
    func latents() {
        let size = WorkingSize(fitting: 400, 300, longSide: 512, multipleOf: 64)
        let latent = disc(400, 300, radius: 100).resized(to: size, factor: 8)
        #expect((latent.width, latent.height) == (64, 48))
        #expect(abs(latent.area - disc(400, 300, radius: 100).area) < 0.01)
    }

    @Test("an overlay tints what may change and nothing else")
    func overlay() {
        let picture = pattern(40, 30)
        let left = mask(20, 15) { x, _ in x < 10 }
        let shown = picture.overlaid(with: left, red: 255, green: 0, blue: 0, opacity: 1)
        #expect(Array(shown.pixels[0..<3]) == [255, 0, 0])
        let right = picture.offset(x: 39, y: 29)
        #expect(shown.pixels[right...] == picture.pixels[right...])
    }
}
