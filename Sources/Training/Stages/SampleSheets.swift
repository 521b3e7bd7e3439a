import Imaging

/// Writes a sheet as PNG, or as a portable pixmap where there is no image library, and tells the listener.
/// - Parameter write: how an image is written to a path.
func writeSheet(
    _ sheet: ContactSheet, to path: String, control: TrainingControl,
    write: (Image, String) throws -> Void = { try $0.write(to: $1) }
) throws {
    let image = sheet.image()
    var written = path + ".png"
    do {
        try write(image, written)
    } catch ImagingError.codecMissing, ImagingError.formatNotSupported {
        written = path + ".ppm"
        try write(image, written)
    }
    control.report(.samples(path: written))
}
