import Foundation
import Service
import Support
import TestSupport
import Testing

/// Where models are found by name, and what is said where none is.
@Suite struct ModelPlacesTests {
    /// Two folders of models: `a` in both, `b` in the second, and what is no model.
    private func places() throws -> (ModelPlaces, Folder) {
        let folder = try Folder()
        for file in [
            "one/a/model_index.json", "two/a/model_index.json", "two/b/model_index.json",
            "two/b-clip/config.json",
            "two/.b.partial-1/model_index.json", "two/hub/snapshots/0a/x", "two/b/unet/config.json",
        ] {
            try folder.file(file, file.hasSuffix("clip/config.json") ? "{\"model_type\": \"clip\"}" : "{}")
        }
        return (ModelPlaces(folders: [folder["one"], folder["two"], folder["one"]]), folder)
    }

    @Test(
        "The first folder with a name counts, companions lie beside their model, and half-written models are none"
    )
    func found() throws {
        let (places, folder) = try places()
        #expect(places.folders == [folder["one"], folder["two"]])
        #expect(places.models.map(\.path) == [folder["one/a"], folder["two/a"], folder["two/b"]])
        #expect(places.usual == "still-life")
        #expect(try places.folder(of: "a") == folder["one/a"])
        #expect(try places.folder(of: "b///") == folder["two/b"])
        #expect(try places.folder(of: folder["two/b/"]) == folder["two/b"])
        #expect(try places.plainFolder(of: "b-clip") == folder["two/b-clip"])
        #expect(try ModelPlaces.companion(nil, of: folder["two/b/"], "clip") == folder["two/b-clip"])
        #expect(try ModelPlaces.companion(nil, of: folder["two/b"], "judge") == nil)
    }

    @Test("What is no model is called by what it is, in words without flags")
    func refused() throws {
        let (places, folder) = try places()
        func said(_ name: String) -> (String, UserErrorKind?) {
            do { return (try places.folder(of: name), nil) } catch {
                return ("\(error)", (error as? any UserError)?.kind)
            }
        }
        #expect(said("") == ("the model needs the name or the folder of a model", .request))
        #expect(said("x/y") == ("x/y: there is no such model folder", .missing))
        #expect(
            said("b-clip") == ("\(folder["two/b-clip"]) is a CLIP pair, not a diffusion model", .badInput))
        #expect(
            said("hub") == (
                "\(folder["two/hub"]) is the top of a Hub cache; the model itself is in "
                    + "\(folder["two/hub/snapshots/0a"]): name that folder", .badInput
            ))
        #expect(
            said(folder["two/b/unet"]) == (
                "\(folder["two/b/unet"]) is one network, not a diffusion model; name the folder \(folder["two/b"]) that "
                    + "it is a part of", .badInput
            ))
        #expect(
            said("far-off") == (
                "there is no model \"far-off\" in \(folder["one"]), \(folder["two"]) (there are a, b); name a diffusers "
                    + "folder, or set PENTIMENTO_MODELS to the folder that holds yours", .missing
            ))
    }

    @Test("Sizes of photo and work are told where they are far from each other or from the model's")
    func sizes() {
        func lines(_ photo: (Int, Int), _ working: (Int, Int)) -> [String] {
            SizeAdvice(photo: photo, working: working, own: 64).lines
        }
        #expect(lines((128, 96), (64, 48)).isEmpty && lines((20, 10), (64, 32)).isEmpty)
        #expect(
            lines((500, 400), (64, 48)) == [
                "the photo is 500x400 and is worked on at 64x48; what is painted is enlarged 7.8 times and softer than the "
                    + "photo"
            ])
        #expect(
            lines((96, 96), (96, 96)) == [
                "the photo is worked on at 96x96 by a model of 64x64 pictures; things may come out twice"
            ])
    }
}
