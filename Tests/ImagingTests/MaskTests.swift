import Foundation
import Testing

@testable import Imaging

@Suite("Masks")
struct MaskTests {
    @Test("a mask goes through a picture file, white for what is edited")
    func throughFile() throws {
        try withFolder { folder in
            let ramp = Mask(width: 256, height: 1, values: (0..<256).map { Float($0) / 255 })
            try ramp.image().write(to: folder + "/mask.png")
            #expect(try Mask(contentsOf: folder + "/mask.png") == ramp)
            #expect(throws: ImagingError.missingFile(path: folder + "/no.png")) {
                try Mask(contentsOf: folder + "/no.png")
            }
        }
        // Pillow's mode L of pure red, green and blue.
        let primaries = Image(width: 3, height: 1, pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255])
        #expect(Mask(luma: primaries).image().pixels == [76, 76, 76, 150, 150, 150, 29, 29, 29])
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

    @Test("a mask opens the cells of a latent that it touches by a tenth or more, and none in part")
    func latents() {
        let round = disc(400, 300, radius: 100)
        let latent = round.cells(width: 64, height: 48)
        #expect((latent.width, latent.height) == (64, 48))
        #expect(latent.values.allSatisfy { $0 == 0 || $0 == 1 })
        #expect(latent.area > round.area && latent.area < round.area + 0.03)
        #expect(abs(round.cells(width: 64, height: 48, from: 0.5).area - round.area) < 0.005)
        // Five of eight columns: the second cell is covered by a quarter.
        let edge = mask(8, 4) { x, _ in x < 5 }
        #expect(edge.cells(width: 2, height: 1).values == [1, 1])
        #expect(edge.cells(width: 2, height: 1, from: 0.5).values == [1, 0])
        #expect(mask(8, 4) { x, _ in x < 4 }.cells(width: 2, height: 1).values == [1, 0])
        // Too small for any cell: the one that it covers most.
        let spot = mask(16, 16) { x, y in x == 5 && y == 9 }.cells(width: 4, height: 4)
        #expect(spot.values.indices.filter { spot.values[$0] == 1 } == [9])
        #expect(Mask(width: 8, height: 8, filledWith: 0).cells(width: 2, height: 2).area == 0)
        // A mask of fewer pixels than cells.
        #expect(mask(2, 1) { x, _ in x == 0 }.cells(width: 4, height: 2).values == [1, 1, 0, 0, 1, 1, 0, 0])
    }

    @Test("holes of a few cells in a found mask are filled, larger ones and bays at the frame are not")
    func holes() {
        let rows = [
            "1111111111",
            "1011100111",
            "1111110011",
            "1100011111",
            "1111111101",
            "1111111101",
        ]
        let values = rows.flatMap { $0.map { $0 == "1" ? 1 : 0 as Float } }
        let filled = Mask(width: 10, height: 6, values: values).fillingHoles(upTo: 3)
        let text = (0..<6).map { y in (0..<10).map { filled.values[y * 10 + $0] > 0 ? "1" : "0" }.joined() }
        #expect(
            text == [
                "1111111111",
                "1111100111",
                "1111110011",
                "1111111111",
                "1111111101",
                "1111111101",
            ])
        #expect(Mask(width: 10, height: 6, values: values).fillingHoles(upTo: 0).values == values)
    }

    @Test("an overlay tints what may change and nothing else")
    func overlay() {
        let image = pattern(40, 30)
        let left = mask(20, 15) { x, _ in x < 10 }
        let shown = image.overlaid(with: left, red: 255, green: 0, blue: 0, opacity: 1)
        #expect(Array(shown.pixels[0..<3]) == [255, 0, 0])
        let right = image.offset(x: 39, y: 29)
        #expect(shown.pixels[right...] == image.pixels[right...])
    }
}
