import Foundation
import Imaging
import Testing

@testable import Editing

@Suite struct RegionTests {
    static func box(_ x: Double, _ y: Double, _ width: Double, _ height: Double) -> Region {
        Region(.box(.init(x: x, y: y, width: width, height: height)), prompt: "a pear")
    }

    @Test("A box has the cells whose centres it covers, and always one")
    func boxes() {
        #expect(Self.box(0, 0, 1, 1).cells(width: 5, height: 3).area == 1)
        let left = Self.box(0, 0, 0.5, 1).cells(width: 4, height: 2)
        #expect(left.values == [1, 1, 0, 0, 1, 1, 0, 0])
        // Neighbouring boxes share no cell and leave none out, wherever the line between them runs.
        for cut in stride(from: 0.05, to: 1, by: 0.05) {
            let one = Self.box(0, 0, cut, 1).cells(width: 16, height: 1)
            let two = Self.box(cut, 0, 1 - cut, 1).cells(width: 16, height: 1)
            let both = zip(one.values, two.values).map { $0 + $1 }
            let empty = cut < 0.5 / 16 || cut > 15.5 / 16
            #expect(empty || both == Array(repeating: 1, count: 16), "cut at \(cut)")
        }
        #expect(Self.box(0.41, 0.41, 0.01, 0.01).cells(width: 4, height: 4).values.reduce(0, +) == 1)
    }

    @Test("A mask has the cells that it covers by half")
    func masks() {
        var mask = Mask(width: 8, height: 4, filledWith: 0)
        for y in 0..<4 { for x in 0..<4 { mask.values[y * 8 + x] = 1 } }
        let cells = Region(.mask(mask), prompt: "x").cells(width: 4, height: 2)
        #expect(cells.values == [1, 1, 0, 0, 1, 1, 0, 0])
    }

    @Test(
        "A region outside the picture, without size, not a number or without words is refused",
        arguments: [
            (box(0.5, 0, 0.6, 1), "stay inside"), (box(-0.1, 0, 0.5, 1), "stay inside"),
            (box(0, 0, 0, 1), "stay inside"), (box(.nan, 0, 0.5, 0.5), "nan"),
            (box(0, 0, .infinity, 0.5), "inf"), (box(10, 20, 30, 40), "not in pixels"),
            (Region(.box(.init(x: 0, y: 0, width: 1, height: 1)), prompt: " "), "some words"),
            (Region(.mask(Mask(width: 2, height: 2, filledWith: 0.2)), prompt: "x"), "dark everywhere"),
        ])
    func refused(region: Region, reason: String) {
        var request = EditRequest(image: Image(width: 2, height: 2), prompt: "x", method: "multidiffusion")
        request.regions = [Self.box(0, 0, 1, 1), region]
        let error = #expect(throws: EditingError.self) { try request.checked() }
        let text = error?.description ?? ""
        #expect(text.contains("region 2") && text.contains(reason), "\(text)")
    }

    @Test("A method that knows no regions says which one does")
    func unused() {
        let request = EditRequest(
            image: Image(width: 2, height: 2), prompt: "x", method: "sdedit", regions: [Self.box(0, 0, 1, 1)])
        #expect(throws: EditingError.unusedRegions(method: "sdedit")) { try request.checked() }
    }

    @Test("Regions survive JSON")
    func json() throws {
        let regions = [
            Region(
                .mask(Mask(width: 2, height: 1, values: [0, 1])), prompt: "a pear", negative: "an apple"),
            Self.box(0.25, 0, 0.5, 1),
        ]
        let generation = GenerationRequest(
            prompt: "x", width: 64, regions: regions, windows: WindowSettings(stride: 2, wraps: true))
        #expect(
            try JSONDecoder().decode(GenerationRequest.self, from: JSONEncoder().encode(generation))
                == generation)
        #expect(regions[1].description == "0.25,0,0.5,1: a pear")
    }

    @Test("Windows cover every cell of every canvas, and none reaches beyond it")
    func windows() {
        for (height, width) in [(16, 16), (16, 64), (17, 39), (5, 50), (9, 3), (1, 1)] {
            for (side, stride) in [(16, 2), (16, 16), (8, 3), (7, 7), (1, 1)] {
                for wraps in [false, true] {
                    let windows = Windows(
                        height: height, width: width, side: side, stride: stride, wraps: wraps)
                    var seen = Set<Int>()
                    for corner in windows.corners {
                        #expect(corner.top + windows.size.height <= height)
                        #expect(wraps || corner.left + windows.size.width <= width)
                        for y in corner.top..<(corner.top + windows.size.height) {
                            for x in corner.left..<(corner.left + windows.size.width) {
                                seen.insert(y * width + x % width)
                            }
                        }
                    }
                    #expect(seen.count == height * width)
                }
            }
        }
        // 512x2048 and 512x4096 of the paper.
        #expect(Windows(height: 64, width: 256, side: 64, stride: 8).corners.count == 25)
        #expect(Windows(height: 64, width: 512, side: 64, stride: 8).corners.count == 57)
    }

    @Test("Strides that leave gaps and sides that are none are refused")
    func badWindows() {
        for settings in [
            WindowSettings(side: 4, stride: 5), WindowSettings(stride: 0), WindowSettings(side: 0),
            WindowSettings(bootstrapping: .nan),
        ] {
            #expect(throws: EditingError.self) {
                try settings.windows(height: 8, width: 8, modelSide: 8)
            }
        }
    }
}
