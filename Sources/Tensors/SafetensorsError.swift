import Foundation
public import Support

/// Why a safetensors file was refused or could not be written.
public enum SafetensorsError: UserError, Equatable {
    // What is not a safetensors file at all
    /// The file cannot be opened or mapped.
    case cannotRead(path: String, reason: String)
    /// A folder, a pipe or a device where a file is needed.
    case notAFile(path: String)
    /// A web page was saved instead of the weights.
    case webPage(path: String)
    /// A small text file that git-LFS leaves where the weights were not fetched.
    case gitLFSPointer(path: String)
    /// A Python pickle, which is a program and is never run.
    case pickle(path: String)
    /// A zip archive, as PyTorch's own weight files are.
    case zipArchive(path: String)
    /// Quantised weights in llama.cpp's format.
    case gguf(path: String)
    /// A JSON file, the index of a sharded model perhaps.
    case jsonFile(path: String)

    // What is wrong with its header
    /// The file ends before the length of its header.
    case truncated(path: String, byteCount: Int)
    /// The header claims to be longer than any header is.
    case headerTooLong(path: String, length: UInt64, limit: Int)
    /// The header claims to be longer than the file.
    case headerBeyondFile(path: String, length: Int, fileByteCount: Int)
    /// The header is not text.
    case headerNotUTF8(path: String)
    /// The header is not the JSON that the format asks for.
    case headerNotJSON(path: String, offset: Int, expected: String)
    /// The header names more tensors than any model has.
    case tooManyTensors(path: String, limit: Int)
    /// A key stands twice in one object of the header.
    case duplicateKey(path: String, key: String)

    // What is wrong with one of its tensors
    /// A field is missing, unknown or of the wrong kind.
    case malformedEntry(path: String, tensor: String, problem: String)
    /// An element type that is not read here.
    case unsupportedDType(path: String, tensor: String, dtype: String)
    /// A size below zero.
    case negativeSize(path: String, tensor: String, size: String)
    /// Sizes whose product no integer holds.
    case shapeOverflows(path: String, tensor: String, shape: String)
    /// The offsets span more or fewer bytes than the shape needs.
    case wrongByteCount(
        path: String, tensor: String, dtype: String, shape: [Int], needed: Int, found: Int)
    /// The offsets are reversed or leave the file.
    case offsetsOutOfRange(path: String, tensor: String, begin: String, end: String, dataByteCount: Int)
    /// Two tensors share bytes.
    case overlap(path: String, first: String, second: String)
    /// Bytes that belong to no tensor.
    case hole(path: String, begin: Int, end: Int)
    /// A truth value that is neither 0 nor 1.
    case invalidBool(path: String, tensor: String, byte: UInt8)
    /// The file is sound but holds no tensor of this name.
    case noSuchTensor(path: String, tensor: String)

    // What went wrong in writing
    /// Two tensors of one name were to be written.
    case nameTaken(path: String, tensor: String)
    /// A tensor was to be written under the name that the format keeps for itself.
    case nameReserved(path: String, tensor: String)
    /// The folder of the file to be written does not exist.
    case folderMissing(path: String, folder: String)
    /// The disk is full.
    case diskFull(path: String, byteCount: Int)
    /// The file cannot be written for another reason.
    case cannotWrite(path: String, reason: String)
    /// The file is there already and was not to be replaced.
    case taken(path: String)
    /// Writing began and broke off: a pipe whose reader left, a disk that fails.
    case writingBroke(path: String, reason: String)
}

extension SafetensorsError {
    /// Where the cause lies: in a file that is not there, in what one holds, or in the machine.
    public var kind: UserErrorKind {
        switch self {
        case .cannotRead(let path, _): FileManager.default.fileExists(atPath: path) ? .badInput : .missing
        case .folderMissing: .missing
        case .diskFull, .writingBroke: .environment
        case .pickle, .zipArchive, .gguf, .unsupportedDType: .unsupported
        case .notAFile, .webPage, .gitLFSPointer, .jsonFile, .truncated, .headerTooLong, .headerBeyondFile,
            .headerNotUTF8, .headerNotJSON, .tooManyTensors, .duplicateKey, .malformedEntry, .negativeSize,
            .shapeOverflows,
            .wrongByteCount, .offsetsOutOfRange, .overlap, .hole, .invalidBool, .noSuchTensor, .nameTaken,
            .nameReserved, .cannotWrite, .taken:
            .badInput
        }
    }

    /// What happened, in which file, and what to do about it.
    public var description: String {
        switch self {
        case .cannotRead(let path, let reason): "\(path) cannot be read: \(reason)"
        case .notAFile(let path): "\(path) is not a file; name a .safetensors file"
        case .webPage(let path):
            "\(path) is a web page, not weights: a download was answered by a page; fetch the file itself again"
        case .gitLFSPointer(let path):
            "\(path) is a git-LFS pointer, not the weights themselves; run `git lfs pull` where it came from"
        case .pickle(let path): "\(path) is a Python pickle. \(Self.onlyData)"
        case .zipArchive(let path):
            "\(path) is a zip archive, as PyTorch's .bin, .pt and .ckpt files are (with a pickle inside). "
                + Self.onlyData
        case .gguf(let path):
            "\(path) is a GGUF file, whose weights are quantised; they are not read here: use the .safetensors file"
        case .jsonFile(let path): "\(path) is a JSON file, not weights; name the .safetensors file beside it"
        case .truncated(let path, let byteCount):
            "\(path) is cut short: it has \(byteCount) bytes and a safetensors file begins with 8; fetch it again"
        case .headerTooLong(let path, let length, let limit):
            "\(path) is not a safetensors file: its header claims \(length) bytes, more than the \(limit) allowed"
        case .headerBeyondFile(let path, let length, let fileByteCount):
            "\(path) is cut short: its header claims \(length) bytes and the whole file has \(fileByteCount); "
                + "fetch it again"
        case .headerNotUTF8(let path): "\(path) is damaged: its header is not UTF-8 text"
        case .headerNotJSON(let path, let offset, let expected):
            "\(path) is damaged: its header is not valid at byte \(offset), where \(expected) was expected"
        case .tooManyTensors(let path, let limit):
            "\(path) is refused: its header names more than \(limit) tensors, more than any model has that runs here"
        case .duplicateKey(let path, let key):
            "\(path) is refused: its header has the key \"\(key)\" twice, so what it means is unclear"
        case .malformedEntry(let path, let tensor, let problem):
            "\(path) is refused: the header of tensor \"\(tensor)\" has \(problem)"
        case .unsupportedDType(let path, let tensor, let dtype):
            "\(path) cannot be used: tensor \"\(tensor)\" has elements of type \(dtype); read here are "
                + SafetensorsHeader.dtypeNames.map(\.name).joined(separator: ", ")
        case .negativeSize(let path, let tensor, let size):
            "\(path) is refused: tensor \"\(tensor)\" has the negative size \(size)"
        case .shapeOverflows(let path, let tensor, let shape):
            "\(path) is refused: tensor \"\(tensor)\" has the impossible shape \(shape)"
        case .wrongByteCount(let path, let tensor, let dtype, let shape, let needed, let found):
            "\(path) is refused: tensor \"\(tensor)\" of \(dtype) \(shape) needs \(needed) bytes but has \(found)"
        case .offsetsOutOfRange(let path, let tensor, let begin, let end, let dataByteCount):
            "\(path) is cut short or damaged: tensor \"\(tensor)\" lies at bytes \(begin) to \(end) of the "
                + "\(dataByteCount) that follow the header; fetch it again"
        case .overlap(let path, let first, let second):
            "\(path) is refused: tensors \"\(first)\" and \"\(second)\" overlap"
        case .hole(let path, let begin, let end):
            "\(path) is refused: bytes \(begin) to \(end) after its header belong to no tensor"
        case .invalidBool(let path, let tensor, let byte):
            "\(path) is refused: tensor \"\(tensor)\" of truth values holds the byte \(byte), neither 0 nor 1"
        case .noSuchTensor(let path, let tensor): "\(path) holds no tensor \"\(tensor)\""
        case .nameTaken(let path, let tensor):
            "\(path) was not written: two of its tensors are called \"\(tensor)\""
        case .nameReserved(let path, let tensor):
            "\(path) was not written: a tensor cannot be called \"\(tensor)\", the format keeps that name"
        case .folderMissing(let path, let folder):
            "\(path) was not written: there is no folder \(folder); make it first"
        case .diskFull(let path, let byteCount):
            "\(path) was not written: the disk has no room for its \(byteCount) bytes; make room or choose another"
        case .cannotWrite(let path, let reason), .writingBroke(let path, let reason):
            "\(path) was not written: \(reason)"
        case .taken(let path): "\(path) was not written: it exists already"
        }
    }

    private static let onlyData =
        "Weights are only ever data here and no pickle is run: use the model's .safetensors file, or convert it "
        + "in Python with safetensors.torch.save_file"
}
