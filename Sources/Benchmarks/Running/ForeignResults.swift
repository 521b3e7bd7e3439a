import Editing
import Foundation
import Imaging

extension ComparedEdit {
    /// The result of the edit in a folder of results that were made elsewhere, and what is to be told of it.
    ///
    /// A strip of four squares, as PIE-Bench's results come, counts by its last one. Of another size than the picture it is
    /// resized (bicubic), which is told.
    /// - Throws: `BenchmarkDataError`, `ImagingError`.
    func result(in folder: String) throws -> (image: Image, warning: String?) {
        let paths = resultNames.map { "\(folder)/\($0)" }
        guard let path = paths.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
            throw BenchmarkDataError.badPicture(
                path: folder,
                reason: "has no result of \(id), which may be called \(resultNames.joined(separator: ", "))"
            )
        }
        var image = try Image(contentsOf: path)
        image = Image(width: image.width, height: image.height, pixels: image.pixels)
        let (width, height) = (request.image.width, request.image.height)
        if image.height > 0, image.width == 4 * image.height { image = image.lastSquare }
        guard (image.width, image.height) != (width, height) else { return (image, nil) }
        return (
            image.resized(width: width, height: height, by: .bicubic),
            "\(path) is \(image.width)x\(image.height) and was resized to \(width)x\(height)"
        )
    }
}

extension Image {
    /// The square at the right end of a strip.
    fileprivate var lastSquare: Image {
        let start = width - height
        var square: [UInt8] = []
        square.reserveCapacity(height * height * 3)
        for row in 0..<height {
            square += pixels[((row * width + start) * 3)..<((row + 1) * width * 3)]
        }
        return Image(width: height, height: height, pixels: square)
    }
}
