public import Tensors

/// Where a tensor that a network asks for lies in a file: under which name, and which part of what is stored there.
public struct StoredTensor: Sendable, Hashable {
    /// Which file of several; 0 where there is one.
    let file: Int
    /// Its name in the file.
    public let name: String
    /// The rows that are meant; nil for all of them.
    public let rows: Range<Int>?
    /// Whether the file holds the matrix with rows and columns swapped.
    public let isTransposed: Bool

    /// A tensor of a file, or a part of one.
    public init(_ name: String, rows: Range<Int>? = nil, isTransposed: Bool = false) {
        self.init(name, file: 0, rows: rows, isTransposed: isTransposed)
    }

    init(_ name: String, file: Int, rows: Range<Int>? = nil, isTransposed: Bool = false) {
        self.file = file
        self.name = name
        self.rows = rows
        self.isTransposed = isTransposed
    }

    /// Its shape; nil where the file has no tensor of this name.
    func shape(in file: SafetensorsFile) -> [Int]? {
        guard let stored = file.shape(of: name) else { return nil }
        let cut = rows.map { [$0.count] + stored.dropFirst() } ?? stored
        return isTransposed ? cut.reversed() : cut
    }

    /// The tensor: over the file's own pages, but for one that is transposed.
    func tensor(in file: SafetensorsFile) throws -> Tensor {
        let stored = try file.tensor(name)
        let cut = rows.map { stored.narrowed(0, from: $0.lowerBound, count: $0.count) } ?? stored
        return isTransposed ? cut.transposed(0, 1).contiguous : cut
    }
}
