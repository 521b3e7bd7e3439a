import Imaging

/// Writes a sheet as PNG, or as a portable pixmap where there is no picture library, and tells the listener.
/// - Parameter write: how a picture is written to a path.
func writeSheet(
    _ sheet: ContactSheet, to path: String, control: TrainingControl,
    write: (Picture, String) throws -> Void = { try $0.write(to: $1) }
) throws {
    let picture = sheet.picture()
    var written = path + ".png"
    do {
        try write(picture, written)
    } catch ImagingError.codecMissing, ImagingError.formatNotSupported {
        written = path + ".ppm"
        try write(picture, written)
    }
    control.report(.samples(path: written))
}
