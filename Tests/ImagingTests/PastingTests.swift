import Foundation
import Testing

@testable import Imaging

@Suite("Pasting")
struct PastingTests {
    @Test("pasting leaves every pixel outside the mask as it was, whatever the sizes and the feather")
    func outsideIsUntouched() {
        let original = pattern(97, 61)
        let edit = Image(width: 32, height: 24, red: 255)
        for (mask, feather) in [
            (disc(97, 61, radius: 20), 0), (disc(97, 61, radius: 20), 6), (disc(12, 8, radius: 3), 4),
            (disc(400, 250, radius: 80), 2),
        ] as [(Mask, Double)] {
            let result = Image.pasting(edit: edit, into: original, mask: mask, feather: feather)
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
        let original = Image(width: 80, height: 60)
        let edit = Image(width: 40, height: 30, red: 200, green: 200, blue: 200)
        let result = Image.pasting(
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
        let edit = Image(width: 30, height: 20, red: 9, green: 8, blue: 7)
        func paste(_ value: Float) -> Image {
            Image.pasting(edit: edit, into: original, mask: Mask(width: 3, height: 3, filledWith: value))
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
        let coverage = Coverage(given: left, width: 24, height: 16, feather: 0)
        let result = try photo.pasting(PasteLayer(photo.image, coverage: coverage))
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

    @Test("what is added where nothing was edited gives the photo back to the bit, in its own profile too")
    func nothingAdded() throws {
        let photo = pattern(97, 61)
        let base = pattern(16, 12)
        let same = PasteLayer(
            base, as: .difference(base: base, guide: photo.resized(width: 16, height: 12), radius: 3),
            coverage: nil)
        #expect(same.pasted(into: photo) == photo)
        let wide = try Photo(contentsOf: fixture("profile-wide.png"))
        #expect(try wide.pasting(same) == wide.original)
    }

    @Test("a difference that is a linear function of the photo's colours arrives with the photo's own edges")
    func guided() throws {
        // Fine stripes that the small size cannot hold, in a disc that is red before and green after.
        func scene(_ side: Int, green: Bool) -> Image {
            var image = Image(width: side, height: side, red: 90, green: 90, blue: 90)
            for y in 0..<side {
                for x in 0..<side {
                    let (dx, dy) = (x * 2 - side, y * 2 - side)
                    guard dx * dx + dy * dy < side * side / 4 else { continue }
                    let shade: UInt8 = side > 100 && x % 4 < 2 ? 150 : 190
                    let from = image.offset(x: x, y: y)
                    image.pixels[from] = green ? 40 : shade
                    image.pixels[from + 1] = green ? shade : 40
                    image.pixels[from + 2] = 40
                }
            }
            return image
        }
        let (photo, truth) = (scene(256, green: false), scene(256, green: true))
        let (small, edit) = (photo.resized(width: 32, height: 32), truth.resized(width: 32, height: 32))
        let added = PasteLayer(edit, as: .difference(base: small, guide: small, radius: 3), coverage: nil)
        let replaced = PasteLayer(edit, coverage: nil)
        func error(_ image: Image) -> Double {
            let squares = zip(image.pixels, truth.pixels).map {
                (Double($0) - Double($1)) * (Double($0) - Double($1))
            }
            return squares.reduce(0, +) / Double(squares.count)
        }
        let (doing, adding, replacing) = (
            error(photo), error(added.pasted(into: photo)), error(replaced.pasted(into: photo))
        )
        #expect(replacing < doing / 10)
        #expect(adding < replacing / 2, "\(doing) \(replacing) \(adding)")
        let fit = GuidedDifference(from: small, to: edit, guide: small, radius: 3, mask: nil)
        #expect(fit.unexplained < 0.2)
        // An image of something else is no function of the photo's colours.
        let other = GuidedDifference(from: small, to: pattern(32, 32), guide: small, radius: 3, mask: nil)
        #expect(other.unexplained > 0.5)
    }

    @Test("an edit laid over in parts is the same as at once, and pixels that take nothing keep their bytes")
    func parts() {
        let photo = pattern(64, 50)
        let coverage = Coverage(
            width: 64, height: 50, values: (0..<3200).map { UInt8($0 % 5 == 0 ? 0 : $0 % 256) })
        let layer = PasteLayer(pattern(16, 12), coverage: coverage)
        var image = photo
        let paster = Paster(layer, width: 64, height: 50)
        #expect(paster.parts == [0..<50])
        for rows in [0..<7, 7..<8, 8..<50] { paster.paste(onto: &image, rows: rows) }
        #expect(image == layer.pasted(into: photo))
        for pixel in 0..<3200 where coverage.values[pixel] == 0 {
            #expect(
                image.pixels[(pixel * 3)..<(pixel * 3 + 3)] == photo.pixels[(pixel * 3)..<(pixel * 3 + 3)])
        }
    }

    @Test("the edge of a found mask is no stair: it follows a slanted line within a quarter of a cell")
    func noStairs() {
        // Cells below a line of slope 1 on a 16x16 latent, at 32 pixels a cell.
        let cells = mask(16, 16) { x, y in x + y >= 16 }
        let coverage = Coverage(found: cells, soft: nil, width: 512, height: 512, feather: 16)
        var farthest = 0.0
        for y in stride(from: 100, to: 412, by: 1) {
            // Centres of cells in lie on x + y = 17 cells or beyond, of those out on 16 or before.
            let line = 16.5 * 32 - (Double(y) + 0.5)
            guard let edge = (0..<512).first(where: { coverage.values[y * 512 + $0] >= 128 }) else {
                continue
            }
            farthest = max(farthest, abs(Double(edge) + 0.5 - line))
        }
        #expect(farthest < 0.25 * 32, "\(farthest)")
        // It fades over about the feather, and nothing is left two cells away.
        let row = (0..<512).map { coverage.values[256 * 512 + $0] }
        #expect((8...40).contains(row.count { $0 > 0 && $0 < 255 }))
        #expect(row[..<176].allSatisfy { $0 == 0 } && row[304...].allSatisfy { $0 == 255 })
    }

    @Test("the edge of a found mask leans to where the map that it was cut from was surer")
    func soft() {
        let cells = mask(8, 8) { x, _ in x >= 4 }
        func edge(_ near: Float, _ far: Float) -> Int {
            let soft = Mask(
                width: 8, height: 8, values: (0..<64).map { [0, 0, 0, far, near, 1, 1, 1][$0 % 8] })
            let coverage = Coverage(found: cells, soft: soft, width: 256, height: 256, feather: 8)
            return (0..<256).first { coverage.values[128 * 256 + $0] >= 128 } ?? 256
        }
        #expect(edge(0.95, 0.45) < edge(0.5, 0.45))
        #expect((112...144).contains(edge(0.95, 0.45)) && (112...144).contains(edge(0.5, 0.45)))
    }

    @Test("a given mask much smaller than the photo is drawn smooth within its own squares")
    func smallMask() {
        let small = disc(16, 16, radius: 5)
        let coverage = Coverage(given: small, width: 256, height: 256, feather: 8)
        var shares = 0
        for y in 0..<256 {
            for x in 0..<256 {
                let share = coverage.values[y * 256 + x]
                if small.values[(y / 16) * 16 + x / 16] == 0 {
                    #expect(share == 0)
                } else {
                    shares += Int(share)
                }
            }
        }
        #expect(coverage.values[128 * 256 + 128] == 255)
        #expect(Double(shares) / 255 / 65536 > 0.6 * Double(small.area))
        // No step from one pixel to the next is as high as a stair would be.
        let steps = (0..<(256 * 255)).map { abs(Int(coverage.values[$0]) - Int(coverage.values[$0 + 256])) }
        #expect((steps.max() ?? 255) < 70, "\(steps.max() ?? 0)")
    }

    @Test("means over squares are those of what lies within, at the frame too")
    func means() {
        let values = (0..<35).map { Float(($0 * 7) % 11) }
        let found = GridMeans(width: 7, height: 5, radius: 2).means(of: values)
        for y in 0..<5 {
            for x in 0..<7 {
                var near: [Float] = []
                for v in max(y - 2, 0)...min(y + 2, 4) {
                    for u in max(x - 2, 0)...min(x + 2, 6) { near.append(values[v * 7 + u]) }
                }
                #expect(abs(found[y * 7 + x] - near.reduce(0, +) / Float(near.count)) < 1e-5)
            }
        }
    }
}
