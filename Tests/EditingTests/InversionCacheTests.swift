import Diffusion
import Foundation
import Imaging
import Tensors
import TestSupport
import Testing
import ToyModels

@testable import Editing

/// Inversions that are kept from one edit to the next.
@Suite struct InversionCacheTests {
    /// A folder that goes when nobody needs it any more.
    final class Place {
        let path = NSTemporaryDirectory() + "/pentimento-cache-" + UUID().uuidString
        var cache: InversionCache { InversionCache(folder: path) }
        var names: [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
        }
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    static func gaussian(_ fingerprint: String = "0") -> GaussianModel {
        let model = GaussianModel(
            side: 16,
            means: [
                "cat": GaussianModel.mean(side: 16, first: 60, value: 0.5),
                "dog": GaussianModel.mean(side: 16, first: 96, value: 0.8),
            ])
        model.facts.fingerprint = fingerprint
        return model
    }

    static func request(_ change: (inout EditRequest) -> Void = { _ in }) -> EditRequest {
        var request = EditRequest(
            image: EditTests.image(16, 16), prompt: "dog", source: "cat", method: "ddim"
        ) {
            $0.steps = 6
            $0.strength = 1
            $0.traces = true
        }
        change(&request)
        return request
    }

    static func edit(
        _ request: EditRequest, _ cache: InversionCache?, on model: any DiffusionModel = gaussian()
    ) throws -> EditResult {
        try DiffusionSession(model: model).edit(request, cache: cache)
    }

    @Test(
        "A second edit of the same photo spends nothing on its inversion and gives the same bits",
        arguments: InversionKind.allCases, ["toy", "tiny-sd1", "tiny-sd2"])
    func secondEdit(kind: InversionKind, name: String) throws {
        let place = Place()
        func model() throws -> any DiffusionModel { name == "toy" ? Self.gaussian() : try tinyModel(name) }
        let request = Self.request { $0.inversion = kind }
        let without = try Self.edit(request, nil, on: model())
        #expect(place.names.isEmpty)
        let first = try Self.edit(request, place.cache, on: model())
        let second = try Self.edit(request, place.cache, on: model())
        #expect(first.account.inversionKept == false && second.account.inversionKept == true)
        #expect(first.account.cost.forwards == without.account.cost.forwards)
        #expect(first.account.cost.forwards > 12)
        #expect(second.account.cost.forwards == 12 && second.account.cost.backwards == 0)
        #expect(first.trace == without.trace && second.trace == without.trace)
        #expect(second.painted == without.painted)
        #expect(!place.names.isEmpty && place.names.allSatisfy { $0.hasSuffix(".safetensors") })
    }

    @Test(
        "DDIM, direct, negative-prompt and null-text inversion share one climb, and so do DiffEdit and encode–decode"
    )
    func shared() throws {
        let place = Place()
        _ = try Self.edit(Self.request { $0.source = nil }, place.cache)
        #expect(place.names.count == 1)
        for (kind, files) in [(InversionKind.direct, 1), (.negativePrompt, 1), (.nullText, 2)] {
            let result = try Self.edit(
                Self.request {
                    $0.source = nil
                    $0.inversion = kind
                }, place.cache)
            #expect(result.account.inversionKept == (kind != .nullText))
            #expect(place.names.count == files)
        }
        let result = try Self.edit(
            Self.request {
                $0.source = nil
                $0.method = "diffedit"
                $0.options = ["mask": "none"]
            }, place.cache)
        #expect(result.account.inversionKept == true && result.account.cost.forwards == 12)
    }

    @Test("What an inversion depends on is in its name, and nothing else is")
    func keys() throws {
        let base = Self.request()
        func isKept(_ kind: InversionKind, _ change: (inout EditRequest) -> Void, model: String = "0") throws
            -> Bool?
        {
            let place = Place()
            var first = base
            first.inversion = kind
            _ = try Self.edit(first, place.cache)
            var second = first
            change(&second)
            return try Self.edit(second, place.cache, on: Self.gaussian(model)).account.inversionKept
        }
        // The target prompt is the edit's own affair.
        for kind in InversionKind.allCases {
            #expect(try isKept(kind, { $0.prompt = "cat" }) == true)
            #expect(try isKept(kind, { $0.source = "dog" }) == false)
            #expect(try isKept(kind, { $0.steps = 7 }) == false)
            #expect(try isKept(kind, { $0.strength = 0.5 }) == false)
            #expect(try isKept(kind, { $0.image.pixels[0] ^= 1 }) == false)
            #expect(try isKept(kind, { _ in }, model: "1") == false, "another model")
            #expect(try isKept(kind, { $0.seed = 9 }) == (kind != .editFriendly))
            #expect(try isKept(kind, { $0.guidance = 3 }) == (kind != .nullText))
        }
        #expect(try isKept(.nullText, { $0.inversionOptions = ["iterations": "2"] }) == false)
        #expect(try isKept(.fixedPoint, { $0.inversionOptions = ["tolerance": "0"] }) == false)
        #expect(try isKept(.editFriendly, { $0.inversionOptions = ["source-guidance": "2"] }) == false)
    }

    @Test("A damaged file is computed anew and replaced", arguments: ["cut", "flipped", "empty", "other"])
    func damaged(how: String) throws {
        let place = Place()
        let request = Self.request { $0.inversion = .editFriendly }
        let first = try Self.edit(request, place.cache)
        let path = place.path + "/" + (try #require(place.names.first))
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        switch how {
        case "cut": data = data.prefix(data.count - 5)
        case "flipped": data[data.count - 100] ^= 1
        case "empty": data = Data()
        default: data = Data("not what it seems".utf8)
        }
        try data.write(to: URL(fileURLWithPath: path))
        let second = try Self.edit(request, place.cache)
        #expect(second.account.inversionKept == false)
        #expect(second.painted == first.painted && second.account.warnings.isEmpty)
        #expect(try Self.edit(request, place.cache).account.inversionKept == true)
        #expect(place.names.count == 1)
    }

    @Test("Files that were not used for longest go first, and what is larger than the limit is not kept")
    func limit() throws {
        let place = Place()
        let tensors = ["a": Tensor.zeros([1000])]
        // Each takes some 4.1 kB, and is counted with 4 kB for its header before it is written.
        let cache = InversionCache(folder: place.path, limit: 20_000)
        func age(_ key: String, _ seconds: Double) throws {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -seconds)],
                ofItemAtPath: "\(place.path)/\(key).safetensors")
        }
        for (index, key) in ["one", "two", "three"].enumerated() {
            #expect(cache.keep(tensors, as: key) == .kept)
            try age(key, 300 - 100 * Double(index))
        }
        // Used again, the oldest is the youngest.
        #expect(cache.tensors("one", shapes: ["a": [1000]], device: .cpu) != nil)
        #expect(cache.keep(tensors, as: "four") == .kept)
        #expect(place.names == ["four.safetensors", "one.safetensors", "three.safetensors"])
        #expect(cache.keep(["a": .zeros([9000])], as: "large") == .tooLarge(bytes: 40_096))
        #expect(!place.names.contains("large.safetensors"))
        // Of another shape than wanted it is no use to anybody.
        #expect(cache.tensors("three", shapes: ["a": [999]], device: .cpu) == nil)
        #expect(!place.names.contains("three.safetensors"))
        // A limit of nothing keeps nothing.
        #expect(
            InversionCache(folder: place.path, limit: 0).keep(tensors, as: "five") == .tooLarge(bytes: 8096))
        #expect(place.names.isEmpty)
    }

    @Test("A place that cannot be written is told of, and the edit goes on")
    func unwritable() throws {
        let place = Place()
        try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: place.path + "/file"))
        let cache = InversionCache(folder: place.path + "/file/below")
        let result = try Self.edit(Self.request(), cache)
        #expect(result.painted == (try Self.edit(Self.request(), nil)).painted)
        #expect(
            result.account.warnings == [
                "the inversion was not kept: \(place.path)/file/below cannot be written: \(place.path)/file is no folder"
            ])
    }

    @Test("What is kept can be read by its owner alone")
    func privacy() throws {
        let place = Place()
        let cache = InversionCache(folder: place.path + "/inversions")
        _ = try Self.edit(Self.request(), cache)
        let files = try FileManager.default.contentsOfDirectory(atPath: cache.folder)
        for path in [cache.folder] + files.map({ cache.folder + "/" + $0 }) {
            let facts = try FileManager.default.attributesOfItem(atPath: path)
            let mode = try #require(facts[.posixPermissions] as? NSNumber)
            #expect(mode.intValue & 0o077 == 0, "\(path)")
        }
        #expect(!files.isEmpty)
    }

    @Test("The usual place follows the user's cache folder, if that is an absolute path")
    func folder() {
        #expect(
            InversionCache.standardFolder(in: ["XDG_CACHE_HOME": "/x", "HOME": "/h"])
                == "/x/pentimento/inversions")
        for place in ["", "relative"] {
            #expect(
                InversionCache.standardFolder(in: ["XDG_CACHE_HOME": place, "HOME": "/h"])
                    == "/h/.cache/pentimento/inversions")
        }
    }

    @Test("Measured, a path says what comes back beside what the autoencoder alone brings")
    func measured() throws {
        let place = Place()
        let request = Self.request { $0.measuresInversion = true }
        func trip(_ kind: InversionKind) throws -> EditRecord.RoundTrip {
            var request = request
            request.inversion = kind
            return try #require(try Self.edit(request, place.cache).account.roundTrip)
        }
        let (ddim, negative, direct) = (try trip(.ddim), try trip(.negativePrompt), try trip(.direct))
        // The toy's latents are the images themselves.
        #expect(ddim.ceiling == nil && direct.psnr == nil && direct.rms == 0)
        #expect(try #require(negative.psnr) > #require(ddim.psnr))
        #expect(negative.rms < ddim.rms)
        // Its passes count: 6 levels, guided.
        let costs = try [false, true].map { measures in
            try Self.edit(
                Self.request {
                    $0.measuresInversion = measures
                }, place.cache
            ).account.cost.forwards
        }
        #expect(costs == [12, 24])
    }

    @Test("A reconstruction walks the kind it is asked for, and is kept like an edit's inversion")
    func reconstruction() throws {
        let place = Place()
        let image = EditTests.image(16, 16)
        func walk(_ kind: InversionKind, guidance: Double = 7.5) throws -> Reconstruction {
            try DiffusionSession(model: Self.gaussian()).reconstruct(
                ReconstructionRequest(
                    image: image, prompt: "cat", steps: 6, guidance: guidance, inversion: kind),
                cache: place.cache)
        }
        let direct = try walk(.direct)
        #expect(direct.image == image && direct.relativeError == 0 && direct.rms == 0)
        #expect(direct.end.values == Array(direct.levels.values.prefix(direct.end.values.count)))
        let plain = try walk(.ddim, guidance: 1)
        #expect(plain.inversionKept && plain.cost.forwards == 6 && plain.relativeError > 0)
        #expect(try Self.edit(Self.request(), place.cache).account.inversionKept == true)
        #expect(throws: EditingError.self) { try walk(.ddim, guidance: .nan) }
    }
}
