import Diffusion
import Foundation
import Imaging
import Layers
import Support
import Synchronization
import Tensors
import TestSupport
import Testing

@testable import Editing

/// What a method learnt, as a file: used as if it had been learnt just now, and refused where it does not belong.
@Suite struct TunedFileTests {
    static func request(_ place: Int, _ change: (inout EditRequest) -> Void = { _ in }) -> EditRequest {
        let (method, options, _) = TuningTests.methods[place]
        var request = EditRequest(
            image: EditTests.image(40, 40), prompt: "a green pear", source: "a red apple",
            method: method.description.name
        ) {
            $0.steps = 2
            $0.options = options
        }
        change(&request)
        return request
    }

    static func session(_ model: String = "tiny-sd1") throws -> DiffusionSession {
        DiffusionSession(model: try tinyModel(model))
    }

    /// A file of a method's learning.
    static func file(_ place: Int, in folder: Folder) throws -> TunedFile {
        _ = try session().tune(request(place), program: "a test", to: folder["a.safetensors"])
        return try TunedFile(contentsOf: folder["a.safetensors"])
    }

    /// A wrong one tunes again, or reads other weights than it wrote.
    @Test(
        "An edit with the file gives what one that learns by itself gives, whatever its sampling, at no backward pass",
        arguments: 0..<4)
    func used(place: Int) throws {
        let folder = try Folder()
        let file = try Self.file(place, in: folder)
        for (seed, steps, guidance) in [(1, 2, 7.5), (2, 3, 2)] as [(UInt64, Int, Double)] {
            let plain = Self.request(place) {
                ($0.seed, $0.steps, $0.guidance) = (seed, steps, guidance)
            }
            let own = try Self.session().edit(plain)
            // The file brings the options that it was tuned with.
            var asked = plain
            asked.options = [:]
            asked.tuned = file
            let found = try Self.session().edit(asked)
            #expect(found.image == own.image && found.account.options == own.account.options)
            #expect(own.account.cost.backwards == TuningTests.methods[place].tuning)
            #expect(found.account.cost.backwards == 0 && found.account.cost.forwards == 2 * steps)
            #expect(found.account.tuned?.name == "a.safetensors" && own.account.tuned == nil)
            #expect(found.account.warnings == own.account.warnings)
        }
    }

    @Test("The record tells base, method, prompts, options, images and the loss of every step")
    func record() throws {
        let folder = try Folder()
        let record = try Self.file(0, in: folder).record
        let base = try tinyModel().facts
        #expect(record.method == "hiper" && record.model == "tiny-sd1" && record.base == base.fingerprint)
        #expect(record.source == "a red apple" && record.prompt == nil && record.prior == nil)
        #expect(
            record.settings == [
                "tokens": "5", "tuning-steps": "4", "learning-rate": "0.005", "tuning-seed": "0",
            ])
        #expect(record.losses.keys.sorted() == ["hiper"] && record.losses["hiper"]?.count == 4)
        #expect(record.images == 1 && record.size == [64, 64] && record.program == "a test")
        #expect(record.cost.backwards == 4 && !record.isForAnyMethod)
        let imagic = try Self.file(2, in: folder).record
        // The rank of adapters has no say in tuned weights.
        #expect(imagic.settings["rank"] == nil && imagic.settings["trainable"] == "attention")
        #expect(imagic.prompt == "a green pear" && imagic.source == nil)
        #expect(imagic.losses.mapValues(\.count) == ["imagic embedding": 2, "imagic weights": 2])
    }

    @Test("An interrupted tuning goes on to the same file, and leaves no checkpoint", arguments: 0..<4)
    func resumed(place: Int) throws {
        let (folder, kept) = (try Folder(), TuningTests.Kept())
        let wanted = try Self.file(place, in: folder).record
        let whole = try SafetensorsFile(path: folder["a.safetensors"])
        let asked = Mutex(0)
        let stopping = DiffusionSession(
            model: try tinyModel(),
            isCancelled: {
                asked.withLock {
                    $0 += 1
                    // Prompts and encoding ask too.
                    return $0 > 9
                }
            })
        #expect(throws: CancellationError.self) {
            _ = try stopping.tune(Self.request(place), cache: kept.cache, to: folder["b.safetensors"])
        }
        #expect(kept.names.contains { $0.hasPrefix("tuning/") } && folder.names == ["a.safetensors"])
        let session = try Self.session()
        let record = try session.tune(
            Self.request(place), cache: kept.cache, to: folder["b.safetensors"])
        #expect(record.losses == wanted.losses)
        #expect(session.spent.backwards < TuningTests.methods[place].tuning)
        let found = try SafetensorsFile(path: folder["b.safetensors"])
        #expect(found.names == whole.names)
        for name in whole.names { #expect(try found.tensor(name).isEqual(to: whole.tensor(name))) }
        #expect(!kept.names.contains { $0.hasPrefix("tuning/") })
    }

    @Test("What is too large for the cache is in the file, without a warning, and its checkpoints go")
    func tooLarge() throws {
        let (folder, kept) = (try Folder(), TuningTests.Kept())
        let session = try Self.session()
        _ = try session.tune(
            Self.request(3), cache: InversionCache(folder: kept.cache.folder, limit: 5000),
            to: folder["a.safetensors"])
        #expect(kept.names == [] && session.warnings == [])
    }

    @Test("Other models, methods and options are refused in one line, and so is what is no such file")
    func refused() throws {
        let folder = try Folder()
        let path = folder["a.safetensors"]
        let file = try Self.file(0, in: folder)
        func said(_ model: String = "tiny-sd1", _ change: (inout EditRequest) -> Void) throws -> String {
            var request = Self.request(0, change)
            request.tuned = file
            do {
                _ = try Self.session(model).edit(request)
                return "nothing"
            } catch { return "\(error)" }
        }
        let (one, two) = (try tinyModel().facts.fingerprint, try tinyModel("tiny-sd2").facts.fingerprint)
        #expect(
            try said("tiny-sd2") { _ in }
                == "\(path) was tuned over the model tiny-sd1 (\(one)) and goes with no other; this is tiny-sd2 (\(two))"
        )
        #expect(
            try said { ($0.method, $0.options) = ("imagic", [:]) }
                == "\(path) was tuned for hiper, not for imagic; leave out the method, or name hiper")
        #expect(
            try said { $0.options["tuning-steps"] = "5" }
                == "\(path) was tuned with tuning-steps=4, not 5; leave that out, or tune another file")
        // The same number in other letters.
        #expect(try said { $0.options["learning-rate"] = "5e-3" } == "nothing")
        func reading(_ tensors: [(String, Tensor)], _ record: String?) throws -> String {
            try Safetensors.write(
                tensors, metadata: record.map { [TunedFile.key: $0] } ?? [:], to: folder["x.safetensors"])
            do {
                var request = Self.request(0)
                request.tuned = try TunedFile(contentsOf: folder["x.safetensors"])
                _ = try Self.session().edit(request)
                return "nothing"
            } catch { return "\(error)" }
        }
        let other = folder["x.safetensors"]
        #expect(try reading([("a", .ones([1]))], nil) == "\(other) was not tuned by this program")
        #expect(
            try reading([("a", .ones([1]))], "{\"version\": 2}")
                == "\(other) was tuned by a newer version of this program, which has to be used")
        #expect(
            try reading([("a", .ones([1]))], "{\"version\": 1}")
                == "\(other) is damaged: its record cannot be read; tune it again")
        let text = try #require(try SafetensorsFile(path: path).metadata[TunedFile.key])
        for tensors in [[("a", Tensor.ones([1]))], [("personal", .ones([1, 4, 16]))]] {
            #expect(
                try reading(tensors, text)
                    == "\(other) is damaged: it has no tensor personal of shape [1, 5, 16]; tune it again")
        }
    }

    @Test("Another picture, another size and another prompt are told of in a line each")
    func advice() throws {
        let folder = try Folder()
        let file = try Self.file(2, in: folder)
        func said(_ change: (inout EditRequest) -> Void) throws -> [String] {
            var request = Self.request(2, change)
            request.tuned = file
            return try Self.session().edit(request).account.warnings.filter { $0.contains("tuned") }
        }
        #expect(try said { _ in } == [])
        #expect(
            try said { $0.image = EditTests.image(48, 48) } == [
                "a.safetensors was tuned to another picture, or to this one at another size than 64x64"
            ])
        #expect(
            try said {
                $0.workingSide = 32
                $0.prompt = "a blue cup"
            } == [
                "a.safetensors was tuned to another picture, or to this one at another size than 32x32",
                "a.safetensors was tuned for the prompt \"a green pear\", and this is another",
            ])
    }

    @Test("A method that learns nothing, and one that is told to learn nothing, make no file")
    func nothing() throws {
        let folder = try Folder()
        func said(_ change: (inout EditRequest) -> Void) -> String {
            do {
                let request = Self.request(0, change)
                _ = try Self.session().tune(request, to: folder["a.safetensors"])
                return "nothing"
            } catch { return "\(error)" }
        }
        #expect(
            said { ($0.method, $0.options) = ("diffedit", [:]) }
                == "diffedit learns nothing before it edits; hiper, imagic, diffusionclip do")
        #expect(said { $0.options = ["tokens": "0"] } == "tokens is 0; it must be at least 1 to learn any")
        #expect(folder.names.isEmpty)
    }

    @Test("A lack of memory is told with what takes less, and nothing is kept")
    func noMemory() throws {
        let kept = TuningTests.Kept()
        let context = try TuningTests.context(kept)
        func said(_ lighter: Message?) -> String {
            do {
                _ = try context.tuned(
                    "test", of: [], settings: [:], shapes: [:], steps: 1, lighter: lighter
                ) { _ in (["x": Tensor.zeros([1 << 30, 1 << 24])], [0]) }
                return "nothing"
            } catch { return Naming.flags.text(of: error) }
        }
        #expect(
            said(nil)
                == "there is not enough memory to tune, for 72057594037927936 bytes more; work at a smaller --size"
        )
        #expect(
            said("tune adapters (\(.setting("trainable", "lora"), plain: "trainable=lora"))")
                == "there is not enough memory to tune, for 72057594037927936 bytes more; work at a smaller --size, or "
                + "tune adapters (--trainable lora)")
        #expect(kept.names == [])
    }
}

extension Naming {
    /// As a command line has it.
    fileprivate static let flags = Naming { control in
        guard case .setting(let name, let value) = control else { return nil }
        return "--\(name)" + (value.map { " \($0)" } ?? "")
    }
}
