public import Support

/// What can go wrong when images are read or written.
public enum ImagingError: UserError, Equatable {
    /// There is no such file.
    case missingFile(path: String)
    /// The file is there but cannot be read: a folder, or no permission.
    case unreadable(path: String, reason: String)
    /// The file has no bytes.
    case emptyFile(path: String)
    /// The bytes are no image of a kind this program reads; `resembling` says what they look like, if known.
    case notAnImage(path: String, resembling: String?)
    /// The image starts well and then ends or breaks.
    case damaged(path: String, reason: String)
    /// The image is sound, but its samples or colours are of a kind that cannot be edited here.
    case unsuitable(path: String, reason: String)
    /// The header promises more pixels than the limit.
    case tooManyPixels(path: String, width: Int, height: Int, limit: Int)
    /// The image library cannot be opened or lacks what is needed.
    case codecMissing(reason: String)
    /// The image library is there but was built without this kind of file.
    case formatNotSupported(path: String, format: String)
    /// The file's ending names no kind that can be written.
    case unknownExtension(path: String)
    /// The folder that should hold the new file does not exist.
    case missingFolder(path: String)
    /// No room is left on the disk, or in the quota.
    case diskFull(path: String)
    /// The file cannot be written for another reason, such as permission.
    case cannotWrite(path: String, reason: String)
    /// The file is there already and was not to be replaced.
    case taken(path: String)
    /// Writing began and broke off: a pipe whose reader left, a disk that fails.
    case writingBroke(path: String, reason: String)
    /// The image does not fit the kind of file, such as a WebP of more than 16383 pixels a side.
    case cannotEncode(path: String, reason: String)
    /// A quality, or losslessness, was asked for where the kind of file has no such choice.
    case unfitOption(path: String, reason: String)
    /// The colour profile of an image cannot be used.
    case badProfile(reason: String)

    /// Whether the cause is a file that is not there, for which programs have an exit code of its own.
    public var isMissingFile: Bool {
        if case .missingFile = self { return true }
        return false
    }

    /// Where the cause lies: in the image, in its place, in how it was to be written, or in the machine.
    public var kind: UserErrorKind {
        switch self {
        case .missingFile, .missingFolder: .missing
        case .codecMissing, .diskFull, .writingBroke: .environment
        case .unknownExtension, .unfitOption: .request
        case .unsuitable, .formatNotSupported: .unsupported
        case .unreadable, .emptyFile, .notAnImage, .damaged, .tooManyPixels, .cannotWrite, .taken,
            .cannotEncode,
            .badProfile:
            .badInput
        }
    }

    /// What happened, where, and what to do, in one line.
    public var description: String { "\(message)" }

    /// The same with the settings that it points to.
    public var message: Message {
        switch self {
        case .missingFile(let path): "\(path): no such file"
        case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
        case .emptyFile(let path): "\(path): the file is empty (0 bytes); fetch or save it again"
        case .notAnImage(let path, let resembling):
            "\(path): not a picture this program reads (\(ImageFormat.readableNames))"
                + Message(resembling.map { "; it looks like \($0)" } ?? "")
        case .damaged(let path, let reason):
            "\(path): the picture is cut short or damaged (\(reason)); fetch or save it again"
        case .unsuitable(let path, let reason):
            "\(path): \(reason); convert the picture to an 8-bit sRGB PNG first"
        case .unfitOption(let path, let reason): "\(path): \(reason)"
        case .tooManyPixels(let path, let width, let height, let limit):
            "\(path): \(width)x\(height) are \(width.multipliedReportingOverflow(by: height).partialValue)"
                + " pixels, more than the limit of \(limit);"
                + " if the file is trusted, raise it\(.setting("pixel-limit"), before: " with ", plain: "")"
        case .codecMissing(let reason):
            "the picture library libvips cannot be used (\(reason)); install it with"
                + " 'apt-get install libvips42', or name it in PENTIMENTO_VIPS"
        case .formatNotSupported(let path, let format):
            "\(path): this libvips was built without \(format); convert the picture to PNG or JPEG"
        case .unknownExtension(let path):
            "\(path): the ending names no kind of picture that can be written;"
                + " use .png, .jpg, .webp, .tif or .ppm"
        case .missingFolder(let path): "\(path): the folder does not exist; make it first"
        case .diskFull(let path): "\(path): no space left on the disk; nothing was written"
        case .cannotWrite(let path, let reason): "\(path): cannot be written: \(reason)"
        case .taken(let path): "\(path): cannot be written: it exists already"
        case .writingBroke(let path, let reason): "\(path): cannot be written: \(reason)"
        case .cannotEncode(let path, let reason): "\(path): cannot be encoded: \(reason)"
        case .badProfile(let reason): "the colour profile cannot be used: \(reason)"
        }
    }
}
