import Diffusion
import Imaging
import Tensors
import TestSupport
import Testing
import ToyModels

@testable import Editing

/// Edits that show the model a mask's surroundings alone.
@Suite struct FocusTests {
    /// A mask of 6×6 pixels of a photo of 64×48.
    private static let mask = mask(64, 48) { (30..<36).contains($0) && (20..<26).contains($1) }

    private static func mask(_ width: Int, _ height: Int, _ isOpen: (Int, Int) -> Bool) -> Mask {
        Mask(
            width: width, height: height,
            values: (0..<(width * height)).map { isOpen($0 % width, $0 / width) ? 1 : 0 })
    }

    private static func request(method: String = "sdedit", paste: Paste = .auto, focus: Double? = 0.5)
        -> EditRequest
    {
        EditRequest(
            image: EditTests.image(64, 48), prompt: "dog", source: "cat", method: method, mask: mask
        ) {
            ($0.steps, $0.seed, $0.paste, $0.focus) = (10, 3, paste, focus)
        }
    }

    private static func edited(_ request: EditRequest) throws -> EditResult {
        try DiffusionSession(model: EditTests.model(for: request.method)).edit(request)
    }

    /// Fails where the part is cut a pixel beside, where it is enlarged, and where the mask is not cut with it.
    @Test(
        "The model is shown the part alone, and the photo takes it back in its place",
        arguments: ["sdedit", "diffedit", "inpaint", "prompt-to-prompt"], [Paste.replace, .residual, .none])
    func part(method: String, paste: Paste) throws {
        let request = Self.request(method: method, paste: paste)
        let result = try Self.edited(request)
        // Sixteen pixels, which is what the model works at, about a box that is six wide.
        #expect(result.account.focus == [25, 15, 16, 16])
        #expect(result.account.workingSize == [16, 16])
        let window = PixelBox(left: 25, top: 15, right: 40, bottom: 30)
        var alone = EditRequest(
            request.settings, image: request.image.part(window), mask: Self.mask.part(window))
        alone.focus = nil
        let part = try Self.edited(alone)
        #expect(result.painted == part.painted)
        #expect(result.image.part(window) == part.image)
        for pixel in 0..<(64 * 48) where !(25...40).contains(pixel % 64) || !(15...30).contains(pixel / 64) {
            let range = (pixel * 3)..<(pixel * 3 + 3)
            #expect(result.image.pixels[range] == request.image.pixels[range])
        }
        #expect(result.image != request.image)
        if paste == .replace {
            #expect(result.layer?.image(width: 64, height: 48)?.part(window).pixels == part.painted.pixels)
        }
    }

    @Test("A mask of another size than the photo's keeps everything outside it, to the bit")
    func outside() throws {
        var request = Self.request(paste: .replace)
        request.mask = Self.mask(20, 15) { $0 == 9 && (6...7).contains($1) }
        let result = try Self.edited(request)
        #expect(result.account.focus == [22, 14, 16, 16])
        for y in 0..<48 {
            for x in 0..<64 where !((2 * x + 1) * 20 / 128 == 9 && (6...7).contains((2 * y + 1) * 15 / 96)) {
                let from = result.image.offset(x: x, y: y)
                #expect(result.image.pixels[from..<(from + 3)] == request.image.pixels[from..<(from + 3)])
            }
        }
        #expect(result.image != request.image)
    }

    @Test("A mask whose surroundings are all of the photo is edited as ever")
    func all() throws {
        var request = Self.request(focus: 10)
        let result = try Self.edited(request)
        #expect(result.account.focus == nil)
        request.focus = nil
        #expect(try Self.edited(request).image == result.image)
    }

    @Test("Surroundings are square where there is room, and never leave the frame")
    func surroundings() {
        func found(_ box: PixelBox, _ margin: Double, _ least: Int) -> [Int] {
            let found = box.surroundings(margin: margin, least: least, width: 64, height: 48)
            return [found.left, found.top, found.right, found.bottom]
        }
        let middle = PixelBox(left: 10, top: 20, right: 15, bottom: 25)
        #expect(found(middle, 0.5, 4) == [7, 17, 18, 28])
        #expect(found(middle, 0, 4) == [10, 20, 15, 25])
        #expect(found(middle, 0, 16) == [5, 15, 20, 30])
        let corner = PixelBox(left: 0, top: 40, right: 3, bottom: 47)
        #expect(found(corner, 0.5, 4) == [0, 32, 15, 47])
        let wide = PixelBox(left: 2, top: 30, right: 61, bottom: 31)
        #expect(found(wide, 0, 4) == [2, 0, 61, 47])
    }

    @Test("What cannot keep to a part is refused before anything is computed")
    func refused() throws {
        var request = Self.request()
        request.mask = nil
        #expect(throws: EditingError.missing(.mask, method: "focus")) { try request.checked() }
        #expect(
            throws: EditingError.badValue(name: "focus", value: "-1.0", expected: "a number from 0 to 10")
        ) {
            try Self.request(focus: -1).checked()
        }
        #expect(throws: EditingError.unusedFocus(method: "lift")) {
            var moved = Self.request(method: "lift")
            moved.prompt = "move the cat to the left"
            _ = try moved.checked()
        }
        #expect(throws: EditingError.unusedFocus(method: "multidiffusion")) {
            var regions = Self.request(method: "multidiffusion")
            regions.regions = [Region(.box(.init(x: 0, y: 0, width: 0.5, height: 0.5)), prompt: "dog")]
            _ = try regions.checked()
        }
    }
}

/// What would be changed, told before anything is painted.
@Suite struct EditPreviewTests {
    private static func request(_ method: String, mask: Mask? = nil) -> EditRequest {
        var request = EditRequest(
            image: EditTests.image(40, 40), prompt: "dog", source: "cat", method: method, mask: mask
        ) {
            ($0.steps, $0.seed) = (10, 3)
        }
        request.isPreview = true
        return request
    }

    /// Fails where the preview draws other noises than the edit, and where the edit is painted after all.
    @Test(
        "The mask is the one that the edit finds, at the cost of finding it",
        arguments: ["diffedit", "inpaint"])
    func found(method: String) throws {
        var request = Self.request(method)
        let shown = try DiffusionSession(model: EditTests.model()).edit(request)
        request.isPreview = false
        let edited = try DiffusionSession(model: EditTests.model()).edit(request)
        #expect(shown.mask == edited.mask && shown.softMask == edited.softMask)
        #expect(shown.account.maskArea == edited.account.maskArea)
        #expect(shown.account.cost.forwards == 20 && edited.account.cost.forwards > 20)
        #expect(shown.account.isPreview == true && edited.account.isPreview == nil)
        #expect(shown.layer == nil && shown.image != request.image)
        let coverage = try #require(edited.layer?.coverage)
        // Tinted where the mask is surely on, untouched where the edit leaves the photo as it is.
        for pixel in coverage.values.indices where coverage.values[pixel] == 0 {
            let range = (pixel * 3)..<(pixel * 3 + 3)
            #expect(shown.image.pixels[range] == request.image.pixels[range])
        }
    }

    @Test("A mask that is given is shown as it will be used, by every method, without a pass")
    func given() throws {
        let mask = Mask(width: 40, height: 40, values: (0..<1600).map { $0 % 40 < 15 ? 1 : 0 })
        let shown = try DiffusionSession(model: EditTests.model()).edit(Self.request("sdedit", mask: mask))
        #expect(shown.account.cost.forwards == 0)
        #expect(shown.image == EditTests.image(40, 40).overlaid(with: mask))
        #expect(shown.account.maskArea == 0.375)
    }

    @Test("A method that finds its mask only while it paints refuses")
    func refused() {
        #expect(throws: EditingError.noPreview(method: "sdedit", known: ["diffedit", "inpaint", "lift"])) {
            _ = try Self.request("sdedit").checked()
        }
    }
}
