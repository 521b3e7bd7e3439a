import Foundation
import Imaging
import Support
import Tensors

/// Where one result goes.
enum ResultPlace: Equatable {
    /// A path that was named; what is there is replaced.
    case named(String)
    /// The first free one of STEM.ENDING, STEM-2.ENDING, … in a folder; nothing is ever replaced.
    case series(folder: String, stem: String, ending: String)

    /// The path as things are now.
    var path: String {
        switch self {
        case .named(let path): return path
        case .series(let folder, let stem, let ending):
            let begin = folder == "." ? "" : folder.hasSuffix("/") ? folder : folder + "/"
            var number = 1
            while true {
                let path = "\(begin)\(stem)\(number == 1 ? "" : "-\(number)").\(ending)"
                var facts = stat()
                if lstat(path, &facts) != 0 { return path }
                number += 1
            }
        }
    }

    /// Writes a result, and answers where; a name that somebody else took meanwhile is passed over.
    /// - Parameter write: writes to a path, replacing what is there or not.
    @discardableResult
    func write(_ write: (_ path: String, _ replacing: Bool) throws -> Void) throws -> String {
        while true {
            let path = path
            guard case .series = self else {
                try write(path, true)
                return path
            }
            do {
                try write(path, false)
                return path
            } catch ImagingError.taken {
                continue
            } catch SafetensorsError.taken {
                continue
            }
        }
    }

    /// A name that is made of a photo's, so short that marks, numbers and an ending fit behind it.
    static func stem(_ photo: String, _ rest: String) -> String {
        let name = photo == "-" ? "photo" : lastName(of: photo)
        var stem = name
        if let dot = name.lastIndex(of: "."), dot != name.startIndex { stem = String(name[..<dot]) }
        // 255 bytes, less a number and an ending.
        while stem.utf8.count + rest.utf8.count > 210, !stem.isEmpty { stem.removeLast() }
        return "\(stem)-\(rest)"
    }
}
