import Foundation
import Imaging
import Support
import Vault
import Workshop

/// Answers as OpenAI's services write them.
enum OpenAIAnswers {
    /// A list of images.
    static func images(
        _ images: [JSONValue], _ request: OpenAIRequest, size: String, now: Date = Date()
    ) -> JSONValue {
        .object([
            "created": .whole(Int(now.timeIntervalSince1970)), "data": .list(images), "size": .text(size),
            "background": .text("opaque"), "output_format": .text(request.format.rawValue),
            "quality": .text("auto"), "usage": usage,
        ])
    }

    /// An image of a list.
    static func image(_ content: String, as form: OpenAIRequest.Form) -> JSONValue {
        .object([form.rawValue: .text(content), "revised_prompt": .null])
    }

    /// The end of a stream.
    static func completed(
        _ content: String, _ request: OpenAIRequest, event: String, size: String, now: Date = Date()
    ) -> JSONValue {
        .object([
            "type": .text(event), "b64_json": .text(content),
            "created_at": .whole(Int(now.timeIntervalSince1970)), "size": .text(size),
            "quality": .text("auto"), "background": .text("opaque"),
            "output_format": .text(request.format.rawValue), "usage": usage,
        ])
    }

    /// An image on the way.
    static func partial(
        _ content: (bytes: [UInt8], size: String), _ request: OpenAIRequest, event: String, index: Int,
        now: Date = Date()
    ) -> JSONValue {
        .object([
            "type": .text(event), "b64_json": .text(Data(content.bytes).base64EncodedString()),
            "partial_image_index": .whole(index), "created_at": .whole(Int(now.timeIntervalSince1970)),
            "size": .text(content.size), "quality": .text("auto"), "background": .text("opaque"),
            "output_format": .text(request.format.rawValue),
        ])
    }

    /// Nothing is counted here.
    private static let usage = JSONValue.object([
        "input_tokens": .whole(0), "output_tokens": .whole(0), "total_tokens": .whole(0),
        "input_tokens_details": .object(["image_tokens": .whole(0), "text_tokens": .whole(0)]),
    ])
}

extension PictureStore {
    /// The image of a result as a client wants it: fitted into a box, never distorted, without its texts.
    /// - Returns: the bytes, and the size as `WxH`.
    func image(of result: ResultRow, for request: OpenAIRequest) async throws -> (
        bytes: [UInt8], size: String
    ) {
        let picture = try await photo(result.picture)
        let (box, format, quality) = (request.box, request.format, request.quality)
        return try await work {
            var image = picture.original
            if let box {
                let scale = min(
                    Double(box.width) / Double(image.width), Double(box.height) / Double(image.height))
                if scale != 1 {
                    image = picture.image.resized(
                        width: max(Int((Double(image.width) * scale).rounded()), 1),
                        height: max(Int((Double(image.height) * scale).rounded()), 1))
                }
            }
            let options = WritingOptions(quality: format == .png ? nil : quality)
            return (
                try image.encoded(as: format, options: options, name: "the image"),
                "\(image.width)x\(image.height)"
            )
        }
    }

    /// A preview in the kind of file that a client wants.
    func coded(_ preview: [UInt8], for request: OpenAIRequest) async throws -> (bytes: [UInt8], size: String)
    {
        let format = request.format
        return try await work {
            let image = try Photo(bytes: preview, name: "the preview").image
            return (try image.encoded(as: format), "\(image.width)x\(image.height)")
        }
    }

    /// A mask of our own made of one whose transparent part may change.
    /// - Returns: nil where nothing is transparent.
    func maskOfHole(in id: String) async throws -> String? {
        let picture = try await photo(id)
        guard let alpha = picture.original.alpha else { return nil }
        let (width, height) = (picture.original.width, picture.original.height)
        let row = try await place(
            Image(width: width, height: height, pixels: alpha.flatMap { [255 - $0, 255 - $0, 255 - $0] }),
            as: .upload)
        try await vault.register(row)
        return row.id
    }
}
