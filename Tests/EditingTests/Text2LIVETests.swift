import Diffusion
import Foundation
import Imaging
import Synchronization
import Tensors
import TestSupport
import Testing

@testable import Editing

/// Text2LIVE from photo to photo, with a generator so small that steps are quick.
@Suite struct Text2LIVETests {
    static let small = ["tuning-steps": "3", "width": "4", "views": "2", "sentences": "false"]

    static func request(
        _ options: [String: String] = [:], mask: Mask? = nil,
        _ change: (inout EditSettings) -> Void = { _ in }
    ) -> EditRequest {
        var request = EditRequest(
            image: EditTests.image(24, 20), prompt: "a green apple on a table",
            source: "a red apple on a table",
            method: "text2live", mask: mask
        ) {
            $0.options = small.merging(options) { $1 }
            change(&$0)
        }
        request.clip = stillLifeCLIP
        return request
    }

    static func edit(
        _ request: EditRequest, _ kept: TuningTests.Kept? = nil, calls: Int = .max
    ) throws -> (result: EditResult, spent: Cost) {
        let asked = Mutex(0)
        let session = DiffusionSession(
            model: try tinyModel(),
            isCancelled: {
                asked.withLock {
                    $0 += 1
                    return $0 > calls
                }
            })
        let result = try withoutGradients { try session.edit(request, cache: kept?.cache) }
        return (result, session.spent)
    }

    @Test("A seed gives one layer, another seed another, and the UNet is never asked")
    func seeds() throws {
        let (one, spent) = try Self.edit(Self.request())
        #expect(spent.forwards == 0 && spent.backwards == 3)
        #expect(one.image != Self.request().image && (one.image.width, one.image.height) == (24, 20))
        #expect(try Self.edit(Self.request()).result.image == one.image)
        #expect(try Self.edit(Self.request { $0.seed = 1 }).result.image != one.image)
    }

    @Test("The result is the photo under the layer that it tells, byte by byte")
    func law() throws {
        let result = try Self.edit(Self.request()).result
        let photo = Self.request().image
        let layer = try #require(result.layer?.image(width: photo.width, height: photo.height))
        let alpha = try #require(layer.alpha)
        #expect(Set(alpha).count > 5)
        for place in photo.pixels.indices {
            let (old, new) = (Float(photo.pixels[place]), Float(layer.pixels[place]))
            let wanted = old + Float(alpha[place / 3]) / 255 * (new - old)
            #expect(result.image.pixels[place] == UInt8(wanted.rounded()))
        }
    }

    @Test("The same edit again tunes nothing, whatever the sampling; another picture, text or option does")
    func kept() throws {
        let kept = TuningTests.Kept()
        let first = try Self.edit(Self.request(), kept).result
        let again = try Self.edit(Self.request { ($0.steps, $0.guidance) = (7, 3) }, kept)
        #expect(again.spent.backwards == 0 && again.result.image == first.image)
        #expect(
            again.result.account.warnings == ["text2live makes no use of steps, guidance"])
        var other = Self.request()
        other.image.pixels[0] ^= 255
        for changed in [
            other, Self.request { $0.prompt = "a blue apple on a table" },
            Self.request(["structure-weight": "1"]),
            Self.request(mask: Mask(width: 24, height: 20, values: (0..<480).map { $0 < 240 ? 1 : 0 })),
        ] {
            #expect(try Self.edit(changed, kept).spent.backwards == 3)
        }
    }

    @Test(
        "A region of auto is what the source says and the prompt does not, and the screen's text the other way"
    )
    func words() throws {
        func layer(_ options: [String: String]) throws -> Image {
            try Self.edit(Self.request(options)).result.image
        }
        let auto = try layer(["region": "auto"])
        #expect(try layer(["region": "red apple", "screen": "green apple"]) == auto)
        #expect(try layer([:]) != auto)
        #expect(try layer(["region": "red apple", "screen": "red apple"]) != auto)
    }

    @Test("An interrupted tuning goes on to the same layer", arguments: 4...6)
    func resumed(calls: Int) throws {
        let whole = try Self.edit(Self.request()).result.image
        let kept = TuningTests.Kept()
        #expect(throws: CancellationError.self) { _ = try Self.edit(Self.request(), kept, calls: calls) }
        #expect(kept.names.contains { $0.hasPrefix("tuning/") })
        let (result, spent) = try Self.edit(Self.request(), kept)
        #expect(result.image == whole && spent.backwards < 3 + (calls == 4 ? 1 : 0))
        #expect(!kept.names.contains { $0.hasPrefix("tuning/") })
    }

    @Test(
        "Outside of a mask the photo keeps its bytes, and inside the layer is trained for what it can reach")
    func masked() throws {
        let mask = Mask(width: 24, height: 20, values: (0..<480).map { $0 % 24 < 9 ? 1 : 0 })
        let result = try Self.edit(Self.request(mask: mask)).result
        let photo = Self.request().image
        var changed = 0
        for pixel in mask.values.indices {
            let range = (pixel * 3)..<(pixel * 3 + 3)
            let same = result.image.pixels[range] == photo.pixels[range]
            if mask.values[pixel] == 0 { #expect(same) } else if !same { changed += 1 }
        }
        #expect(changed > 50)
    }

    @Test("Towers, texts and a size that the generator can take are asked for in one line")
    func refused() throws {
        var request = Self.request()
        request.clip = nil
        #expect(throws: EditingError.missing(.clip, method: "text2live")) { _ = try Self.edit(request) }
        #expect(
            "\(EditingError.missing(.clip, method: "text2live"))" == "text2live needs a pair of CLIP towers")
        let error = #expect(throws: EditingError.self) {
            _ = try Self.edit(Self.request { $0.workingSide = 200 })
        }
        #expect(
            error?.description
                == "size is 200; it must be at least 231 for this picture, whose layer is made at no less than 192 "
                + "pixels a side")
        request = Self.request { $0.source = nil }
        #expect(throws: EditingError.missing(.source(), method: "text2live")) { _ = try Self.edit(request) }
    }

    @Test(
        "A layer is made at the short side that is asked for, or at the long side of the size",
        arguments: [
            (512, nil, 614, 512), (192, nil, 230, 192), (512, 300, 300, 250),
        ] as [(Int, Int?, Int, Int)])
    func sizes(side: Int, long: Int?, width: Int, height: Int) throws {
        let size = try LayerSize(of: EditTests.image(24, 20), side: side, asked: long)
        #expect(size.width == width && size.height == height)
    }
}
