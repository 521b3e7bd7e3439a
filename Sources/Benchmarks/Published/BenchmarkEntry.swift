import Foundation
public import Imaging

/// An edit of a published benchmark as its lists have it; pictures are read when they are asked for.
public struct BenchmarkEntry: Sendable, Hashable {
    /// Where a picture may change.
    public enum Area: Sendable, Hashable {
        /// A mask in a file, white where it may.
        case file(String)
        /// Starts and lengths of what may change in a square picture of so many pixels a side, row after row.
        case runs([Int], side: Int)
    }

    /// What it is called in rows and names of files.
    public var id: String
    /// The path of the picture.
    public var picture: String
    /// What the picture shows; nil where the benchmark does not say.
    public var source: String?
    /// What it is to show.
    public var target: String
    /// The edit as an instruction; nil where the benchmark has none.
    public var instruction: String?
    /// The kind of edit, as the benchmark has it.
    public var kind: String
    /// Where it may change; nil where the benchmark does not say.
    public var area: Area?
    /// The path of the right answer; nil where there is none.
    public var truth: String?
    /// Names under which results of others lie in their folder, the likeliest first.
    public var results: [String]

    /// An edit; kinds are `all` where there are none.
    public init(
        id: String, picture: String, source: String? = nil, target: String, instruction: String? = nil,
        kind: String = "all", area: Area? = nil, truth: String? = nil, results: [String] = []
    ) {
        (self.id, self.picture, self.source, self.target) = (id, picture, source, target)
        (self.instruction, self.kind, self.area, self.truth) = (instruction, kind, area, truth)
        self.results =
            results
            + ["png", "jpg", "jpeg", "webp"].map { "\(id).\($0)" }.filter { !results.contains($0) }
    }

    /// The name of the picture's file, which intervals are clustered by.
    public var group: String { (picture as NSString).lastPathComponent }
}

extension BenchmarkEntry.Area {
    /// The mask: 1 where the picture may change.
    ///
    /// Runs are cut at the last pixel, and the outermost pixels of every side may always change, as PIE-Bench's own code
    /// has it.
    /// - Throws: `ImagingError`, `MaskError`.
    public func mask() throws -> Mask {
        switch self {
        case .file(let path): return try Mask(contentsOf: path)
        case .runs(let runs, let side):
            var mask = Mask(width: side, height: side, filledWith: 0)
            for place in stride(from: 0, to: runs.count - 1, by: 2) {
                let end = min(runs[place] + runs[place + 1], side * side)
                for index in runs[place]..<max(end, runs[place]) { mask.values[index] = 1 }
            }
            for index in 0..<side {
                for edge in [index, (side - 1) * side + index, index * side, index * side + side - 1] {
                    mask.values[edge] = 1
                }
            }
            return mask
        }
    }
}
