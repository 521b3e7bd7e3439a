import Foundation
import Imaging

/// A folder as `Scripts/flowers` makes it, with five photos and four recolourings; it goes with the object.
final class PhotoFolder {
    let path = NSTemporaryDirectory() + "/photos-\(UUID().uuidString)"

    /// A photo of 16×16 pixels, its left half being what is recoloured.
    static func image(left: UInt8) -> Image {
        var image = Image(width: 16, height: 16, red: 100, green: 100, blue: 100)
        for y in 0..<16 {
            for index in (y * 48)..<(y * 48 + 24) { image.pixels[index] = left }
        }
        return image
    }

    init() throws {
        for part in ["held-out", "masks", "truths"] {
            try FileManager.default.createDirectory(
                atPath: "\(path)/\(part)", withIntermediateDirectories: true)
        }
        let facts = [
            ("rose-1", "red", "close"), ("rose-2", "red", "close"), ("rose-3", "pink", "mid"),
            ("sunflower-1", "yellow", "close"), ("dandelion-1", "white", "many"),
        ]
        let photos = facts.map { name, colour, scale in
            let kind = name.prefix { $0 != "-" }
            return "{\"file\": \"held-out/\(name).png\", \"kind\": \"\(kind)\", \"colour\": \"\(colour)\", "
                + "\"second\": null, \"scale\": \"\(scale)\"}\n"
        }
        try write(photos.joined(), to: "photos-held-out.jsonl")
        let mask = Mask(width: 8, height: 8, values: (0..<64).map { $0 % 8 < 4 ? 1 : 0 })
        for (name, _, _) in facts {
            try Self.image(left: 100).write(to: "\(path)/held-out/\(name).png")
            try mask.image().write(to: "\(path)/masks/\(name).png")
        }
        let edits = [
            ("rose-1", "red", "yellow"), ("rose-2", "red", "yellow"), ("rose-2", "red", "purple"),
            ("rose-3", "pink", "white"),
        ].map { name, from, to in
            "{\"file\": \"held-out/\(name).png\", \"mask\": \"masks/\(name).png\", \"kind\": \"rose\", "
                + "\"truth\": \"truths/\(name)-\(to).png\", \"source\": \"a photo of a \(from) rose\", "
                + "\"prompt\": \"a photo of a \(to) rose\", \"colour\": \"\(to)\"}\n"
        }
        try write(edits.joined(), to: "colour-edits.jsonl")
        for name in ["rose-1-yellow", "rose-2-yellow", "rose-2-purple", "rose-3-white"] {
            try Self.image(left: 200).write(to: "\(path)/truths/\(name).png")
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a text into the folder.
    func write(_ text: String, to name: String) throws {
        try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
    }
}
