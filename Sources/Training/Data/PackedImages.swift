import Foundation
import Imaging
import Tensors

/// The images of a folder at one size in one file, for machines that cannot decode image files.
///
/// `pictures-256.safetensors` holds a tensor `pictures`, uint8 [images, 256, 256, 3], in the order in which captions.jsonl
/// first names them; the files that it names need not be there then.
struct PackedImages: Sendable {
    /// Where the images lie.
    let path: String
    /// How many there are.
    let count: Int
    private let size: Int
    private let file: SafetensorsFile

    /// The images of a folder at a size; nil where it has no such file.
    /// - Throws: `TrainingError.unusableData` where the file holds something else.
    init?(folder: String, size: Int) throws {
        let path = "\(folder)/pictures-\(size).safetensors"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        file = try SafetensorsFile(path: path)
        guard let (dtype, shape) = file.entry(Self.name), dtype == .uint8, shape.count == 4,
            Array(shape.dropFirst()) == [size, size, 3]
        else {
            throw TrainingError.unusableData(
                path: path, reason: "it has no tensor \"\(Self.name)\" of uint8 [images, \(size), \(size), 3]"
            )
        }
        (self.path, self.size, count) = (path, size, shape[0])
    }

    /// An image by its place in the list.
    func image(_ row: Int) throws -> Image {
        let pixels = try file.tensor(Self.name).narrowed(0, from: row, count: 1)
        return Image(width: size, height: size, pixels: pixels.contiguous.scalars(as: UInt8.self))
    }

    /// The pixels of an image's middle line, to know it by.
    func middleLine(_ row: Int) throws -> [UInt8] {
        let line = try file.tensor(Self.name).narrowed(0, from: row, count: 1)
            .narrowed(1, from: size / 2, count: 1)
        return line.contiguous.scalars(as: UInt8.self)
    }

    private static let name = "pictures"
}
