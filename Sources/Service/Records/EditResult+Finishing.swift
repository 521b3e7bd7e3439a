public import Editing
public import Imaging

extension EditResult {
    /// The edit as it is kept: in the photo's own colours, which an edit in sRGB does not know, and transparent where the
    /// photo is.
    /// - Parameter photo: the photo that was edited.
    public func finished(for photo: Photo) throws -> Image {
        guard let layer else { return try photo.suited(image) }
        return try photo.pasting(layer, plain: image)
    }
}
