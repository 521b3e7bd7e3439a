import Editing
import Foundation
import Imaging
import Tensors

/// Where results go: checked before the work begins, not after it.
enum Outputs {
    /// Refuses a picture file that could not be written for its name or its folder.
    static func check(picture path: String) throws {
        guard PictureFormat(writing: path) != nil else { throw ImagingError.unknownExtension(path: path) }
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            throw Failure.badInput("\(path) is a folder; name a file in it")
        }
        try checkFolder(of: path)
    }

    /// Refuses a file or folder whose own folder is not there or may not be written to.
    static func checkFolder(of path: String) throws {
        guard !path.isEmpty else { throw Failure.usage("the name of the output is empty") }
        let folder = enclosingFolder(of: path)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue
        else {
            throw Failure.missing("\(path) cannot be written: there is no folder \(folder); make it first")
        }
        guard FileManager.default.isWritableFile(atPath: folder) else {
            throw Failure.badInput("\(path) cannot be written: no permission to write in \(folder)")
        }
    }

    /// A name that no file has yet: the name itself, or it with -2, -3, … before the ending.
    static func unused(_ path: String) -> String {
        guard FileManager.default.fileExists(atPath: path) else { return path }
        let (stem, ending) = ((path as NSString).deletingPathExtension, (path as NSString).pathExtension)
        var number = 2
        while FileManager.default.fileExists(atPath: "\(stem)-\(number).\(ending)") { number += 1 }
        return "\(stem)-\(number).\(ending)"
    }

    /// A text, by renaming it into place.
    static func write(text: String, to path: String) throws {
        let partial = "\(path).partial-\(getpid())"
        try Data(text.utf8).write(to: URL(fileURLWithPath: partial))
        guard rename(partial, path) == 0 else {
            let reason = String(cString: strerror(errno))
            unlink(partial)
            throw Failure.badInput("\(path) cannot be written: \(reason)")
        }
    }

    /// Arrays as a safetensors file.
    static func write(_ arrays: [NamedArray], to path: String) throws {
        try Safetensors.write(arrays.map { ($0.name, Tensor($0.values, shape: $0.shape)) }, to: path)
    }
}
