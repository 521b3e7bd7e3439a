import Foundation
import Imaging

/// A folder of pictures with captions as training pictures.
struct FolderPictures: Sendable {
    let section: DataSection

    func pictures(in folder: String, control: TrainingControl) throws -> PictureSet {
        throw TrainingError.unusableData(path: section.folder, reason: "folders are read in a later step")
    }
}
