import Foundation
import Testing

@testable import Imaging

@Suite("Bad pictures")
struct BadInputTests {
    /// A valid PNG header for an image of this size, with next to no data behind it.
    private func bomb(_ width: UInt32, _ height: UInt32) throws -> [UInt8] {
        let size = PNGChunks.bigEndian(width) + PNGChunks.bigEndian(height)
        return Array(try bytes(of: fixture("plain.png")).prefix(8))
            + PNGChunks.chunk("IHDR", size + [8, 2, 0, 0, 0])
            + PNGChunks.chunk("IDAT", [0x78, 0x9C, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01])
            + PNGChunks.chunk("IEND", [])
    }

    @Test("a missing file is told apart, for its own exit code")
    func missing() throws {
        let error = #expect(throws: ImagingError.self) { try Image(contentsOf: "/no/such/picture.png") }
        #expect(error == .missingFile(path: "/no/such/picture.png"))
        #expect(error?.isMissingFile == true)
        #expect(throws: ImagingError.missingFile(path: "")) { try Image(contentsOf: "") }
    }

    @Test("a folder, an empty file, and files that are no pictures")
    func notImages() throws {
        try withFolder { folder in
            #expect(throws: ImagingError.unreadable(path: folder, reason: "it is a folder")) {
                try Image(contentsOf: folder)
            }
            func reading(_ content: String) throws -> ImagingError? {
                let path = folder + "/x.png"
                try Data(content.utf8).write(to: URL(fileURLWithPath: path))
                let error = #expect(throws: ImagingError.self) { try Image(contentsOf: path) }
                #expect(error?.description.hasPrefix(path) == true)
                return error
            }
            let path = folder + "/x.png"
            #expect(try reading("") == .emptyFile(path: path))
            #expect(try reading("hello") == .notAnImage(path: path, resembling: nil))
            #expect(try reading("a") == .notAnImage(path: path, resembling: nil))
            #expect(try reading("\n<!DOCTYPE html><p>") == .notAnImage(path: path, resembling: "a web page"))
            let pointer = try reading("version https://git-lfs.github.com/spec/v1\noid sha256:1")
            #expect(pointer?.description.contains("git lfs pull") == true)
        }
    }

    @Test(
        "a file cut anywhere is damaged, never a half-grey picture",
        arguments: [
            "plain.png", "plain.jpg", "plain.webp", "plain.tif", "sixteen-rgb.png", "profile-srgb.png",
        ])
    func truncated(name: String) throws {
        let whole = try bytes(of: fixture(name))
        // The last bytes of a PNG are a closing chunk, without which every pixel is still there.
        for share in [0.15, 0.4, 0.6, 0.8, 0.9] {
            let cut = Array(whole.prefix(Int(Double(whole.count) * share)))
            let error = #expect(throws: ImagingError.self, "\(name) cut to \(cut.count) of \(whole.count)") {
                try Photo(bytes: cut, name: name)
            }
            guard case .damaged(let path, let reason)? = error else {
                Issue.record("\(name) cut to \(cut.count): \(String(describing: error))")
                continue
            }
            #expect(path == name)
            #expect(!reason.isEmpty && !reason.contains("\n"))
        }
    }

    @Test(
        "nothing but a signature is damaged",
        arguments: ["plain.png", "plain.jpg", "plain.webp", "plain.avif"])
    func signatureOnly(name: String) throws {
        let head = Array(try bytes(of: fixture(name)).prefix(16))
        let error = #expect(throws: ImagingError.self) { try Photo(bytes: head, name: name) }
        guard case .damaged? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("changed bytes inside a PNG are noticed")
    func flippedByte() throws {
        var whole = try bytes(of: fixture("plain.png"))
        whole[whole.count / 2] ^= 0x55
        #expect(throws: ImagingError.self) { try Photo(bytes: whole) }
    }

    @Test("a header of too many pixels is refused before decoding, and names the flag")
    func decompressionBomb() throws {
        for (width, height) in [(10_000, 10_000), (60_000, 60_000), (2_000_000, 2)] as [(UInt32, UInt32)] {
            let bytes = try bomb(width, height)
            let limit = width == 2_000_000 ? 1_000_000 : Image.defaultPixelLimit
            let error = #expect(throws: ImagingError.self) {
                try Photo(bytes: bytes, name: "bomb.png", pixelLimit: limit)
            }
            #expect(
                error
                    == .tooManyPixels(path: "bomb.png", width: Int(width), height: Int(height), limit: limit))
            #expect(error?.description.hasSuffix("; if the file is trusted, raise it") == true)
        }
        let pixmap = Array("P6 9000000 9000000 255\n".utf8)
        #expect(
            throws: ImagingError.tooManyPixels(
                path: "picture", width: 9_000_000, height: 9_000_000, limit: Image.defaultPixelLimit)
        ) { try Photo(bytes: pixmap) }
    }

    @Test("the pixel limit is met exactly, and can be raised")
    func limit() throws {
        let path = try fixture("plain.png")
        #expect(try Image(contentsOf: path, pixelLimit: 13 * 9) == pattern(13, 9))
        #expect(throws: ImagingError.tooManyPixels(path: path, width: 13, height: 9, limit: 116)) {
            try Image(contentsOf: path, pixelLimit: 116)
        }
        // Raised, the bomb gets as far as its missing data.
        let error = #expect(throws: ImagingError.self) {
            try Photo(bytes: bomb(300, 200), name: "bomb.png", pixelLimit: 60_000)
        }
        guard case .damaged? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(
        "broken pixmaps are damaged",
        arguments: ["P6", "P6 x", "P6 2 2 255\nabc", "P6 2 0 255\n", "P5 1 1 0\n1"])
    func brokenPixmap(text: String) throws {
        let bytes = Array(text.utf8) + (text.count < 3 ? [10] : [])
        let error = #expect(throws: ImagingError.self) { try Photo(bytes: bytes) }
        guard case .damaged? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("a missing picture library says what to install, in one line, and PPM still works")
    func missingLibrary() async {
        await #expect(processExitsWith: .success) {
            setenv("PENTIMENTO_VIPS", "/no/such/libvips.so", 1)
            let error = #expect(throws: ImagingError.self) { try pattern(3, 2).encoded(as: .png) }
            guard case .codecMissing? = error else { exit(1) }
            let text = error?.description ?? ""
            #expect(text.contains("apt-get install libvips42") && text.contains("/no/such/libvips.so"))
            #expect(!text.contains("\n"))
            let pixmap = try pattern(3, 2).encoded(as: .ppm)
            #expect(try Photo(bytes: pixmap).image == pattern(3, 2))
        }
    }

    @Test("a library that is not libvips is told as such")
    func wrongLibrary() async {
        await #expect(processExitsWith: .success) {
            setenv("PENTIMENTO_VIPS", "libc.so.6", 1)
            let error = #expect(throws: ImagingError.self) { try pattern(3, 2).encoded(as: .png) }
            #expect(error?.description.contains("it has no function") == true)
        }
    }

    @Test("reading many pictures at once, broken ones among them, mixes nothing up")
    func manyAtOnce() async throws {
        let good = try bytes(of: fixture("plain.png"))
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<64 {
                group.addTask {
                    if index % 2 == 0 {
                        #expect(throws: Never.self) {
                            let image = try Photo(bytes: good).image
                            #expect(distance(image, pattern(13, 9)) == 0)
                        }
                    } else {
                        #expect(throws: ImagingError.self) {
                            try Photo(bytes: Array(good.prefix(200 + index)))
                        }
                    }
                }
            }
        }
    }
}
