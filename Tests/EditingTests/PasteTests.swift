import Diffusion
import Imaging
import Tensors
import TestSupport
import Testing
import ToyModels

@testable import Editing

/// How an edit comes into its image.
@Suite struct PasteTests {
    static let names = EditTests.names

    static func request(_ paste: Paste, mask: Mask? = nil) -> EditRequest {
        EditRequest(
            image: EditTests.image(43, 31), prompt: "a white dog", source: "a brown dog", method: "sdedit",
            mask: mask
        ) {
            $0.steps = 10
            $0.paste = paste
        }
    }

    /// What becomes of the request's image where the method leaves its latent as it was.
    static func unedited(_ request: EditRequest) throws -> DiffusionSession.Pasted {
        let session = DiffusionSession(model: EditTests.model())
        let working = request.image.resized(width: 16, height: 16)
        let clean = try session.encode(working)
        return try session.paste(
            session.decode(clean), of: request, at: nil, opened: request.mask, working: working, clean: clean,
            found: nil,
            soft: nil, repainted: false)
    }

    @Test("An unedited latent gives the photo back to the bit as a residual, with a mask and without")
    func unedited() throws {
        let mask = Mask(width: 4, height: 4, values: (0..<16).map { $0 % 3 == 0 ? 1 : 0.4 })
        for mask in [nil, mask] {
            for paste in [Paste.residual, .auto] {
                let request = Self.request(paste, mask: mask)
                let pasted = try Self.unedited(request)
                #expect(pasted.image == request.image)
                #expect(pasted.account.took == .residual)
                #expect(pasted.account.unexplained == 0)
            }
        }
        // The same by replacing is what the small size makes of the photo.
        #expect(try Self.unedited(Self.request(.replace)).image != EditTests.image(43, 31))
    }

    @Test(
        "Every way of pasting leaves what the mask and its coverage shut out, for every method",
        arguments: names)
    func outside(method: String) throws {
        let values = (0..<(40 * 40)).map { Float($0 % 40 < 15 ? 1 : 0) }
        for paste in [Paste.residual, .replace, .auto] {
            let request = try EditingTests.request(
                image: EditTests.image(40, 40), prompt: "dog", source: "cat", method: method,
                mask: Mask(width: 40, height: 40, values: values)
            ) {
                $0.steps = 5
                $0.paste = paste
            }
            let result = try DiffusionSession(model: EditTests.model(for: method)).edit(request)
            let coverage = try #require(result.layer?.coverage)
            for pixel in values.indices where coverage.values[pixel] == 0 {
                let range = (pixel * 3)..<(pixel * 3 + 3)
                #expect(result.image.pixels[range] == request.image.pixels[range])
            }
            for pixel in values.indices where values[pixel] == 0 { #expect(coverage.values[pixel] == 0) }
            #expect(result.image != request.image)
            let account = try #require(result.account.paste)
            #expect(account.asked == paste && account.took == (paste == .auto ? .replace : paste))
            #expect((account.unexplained != nil) == (account.took == .residual))
            #expect(account.feather == 5)
        }
    }

    /// Fails where a fruit's name that is a colour too, or a thing that comes along, passes for a change of colour.
    @Test(
        "Auto adds what changed where prompts differ in colours alone, and replaces where things change",
        arguments: [
            ("a photo of a red rose", "a photo of a white rose", Paste.residual),
            ("a red apple on a wooden table", "An orange apple, on a wooden table", .residual),
            ("red and yellow tulips", "purple tulips", .residual),
            ("a dark red car", "a light blue car", .residual),
            ("a red apple on a wooden table", "a green pear on a wooden table", .replace),
            ("a red apple", "an orange", .replace), ("a red rose", "a red rose", .replace),
            ("a red rose", "a white rose in a vase", .replace), (nil, "a white rose", .replace),
        ] as [(String?, String, Paste)])
    func auto(source: String?, prompt: String, taken: Paste) {
        #expect(Paste.auto.taken(from: source, to: prompt) == taken)
        for paste in [Paste.residual, .replace, .none] {
            #expect(paste.taken(from: source, to: prompt) == paste)
        }
    }

    @Test("A found mask is pasted as its coverage says, and the result's reach is exactly that")
    func found() throws {
        let request = EditRequest(image: EditTests.image(80, 80), prompt: "dog", source: "cat") {
            $0.steps = 10
            $0.paste = .replace
        }
        let result = try DiffusionSession(model: EditTests.model()).edit(request)
        let coverage = try #require(result.layer?.coverage)
        #expect((coverage.width, coverage.height) == (80, 80))
        #expect(result.reach == coverage.mask)
        // Six of sixteen rows of cells are in: the edge lies at row 30, half a feather of 10 pixels about it.
        #expect(result.mask?.area == 0.375 && result.account.paste?.feather == 10)
        #expect(coverage.values[20 * 80 + 40] == 255 && coverage.values[40 * 80 + 40] == 0)
        var changed = 0
        for pixel in coverage.values.indices {
            let range = (pixel * 3)..<(pixel * 3 + 3)
            let same = result.image.pixels[range] == request.image.pixels[range]
            if coverage.values[pixel] == 0 { #expect(same) } else if !same { changed += 1 }
        }
        #expect(changed > 1500)
        var none = request
        none.paste = .none
        let bare = try DiffusionSession(model: EditTests.model()).edit(none)
        #expect(bare.layer == nil && bare.image == bare.painted.resized(width: 80, height: 80))
        #expect(bare.account.paste == PasteRecord(asked: .none, took: .none))
    }

    @Test("A user's mask opens whole cells of the latent, never parts of one")
    func cells() throws {
        let values = (0..<(40 * 40)).map { Float($0 % 40 < 13 ? 1 : 0) }
        let request = EditRequest(
            image: EditTests.image(40, 40), prompt: "dog", method: "inpaint",
            mask: Mask(width: 40, height: 40, values: values)
        ) {
            $0.steps = 3
            $0.traces = true
        }
        let mask = try #require(
            try DiffusionSession(model: EditTests.model()).edit(request).trace.first { $0.name == "mask" })
        // 13 of 40 pixels are 5.2 of 16 cells: the sixth is touched by a fifth and opens.
        #expect(mask.values == (0..<256).map { $0 % 16 < 6 ? 1 : 0 })
    }

    @Test("A mask that is black everywhere, or no mask at all, is refused before anything runs")
    func badMasks() {
        var request = Self.request(.auto, mask: Mask(width: 2, height: 1, values: [0, 0]))
        #expect(
            throws: EditingError.badValue(
                name: "the mask", value: "black everywhere", expected: "white where the picture may change")
        ) { try request.checked() }
        request.mask = Mask(width: 2, height: 1, values: [1, .nan])
        #expect(
            throws: EditingError.badValue(
                name: "the mask", value: "not a mask", expected: "made of values from 0 to 1")
        ) { try request.checked() }
    }
}
