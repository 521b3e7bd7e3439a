import Foundation
import Imaging

/// Writes a picture as a portable pixmap and tells the listener.
func writeSheet(_ picture: Picture, to path: String, control: TrainingControl) throws {
    var data = Data("P6\n\(picture.width) \(picture.height)\n255\n".utf8)
    data.append(contentsOf: picture.pixels)
    try writeWhole(data, to: path + ".ppm")
    control.report(.samples(path: path + ".ppm"))
}
