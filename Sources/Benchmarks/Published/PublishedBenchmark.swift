import Foundation
import Support

/// Benchmarks that others published, read from a folder as they come.
public enum PublishedBenchmark: String, Sendable, Hashable, Codable, CaseIterable {
    /// TEdBench (Kawar and others, "Imagic", CVPR 2023).
    case tedbench
    /// Wild-TI2I (Tumanyan and others, "Plug-and-Play Diffusion Features", CVPR 2023).
    case wildTI2I = "wild-ti2i"
    /// ImageNet-R-TI2I, of the same paper.
    case imageNetRTI2I = "imagenet-r-ti2i"
    /// PIE-Bench (Ju and others, "PnP Inversion", ICLR 2024).
    case pieBench = "pie-bench"
    /// The queries of FlexIT, which DiffEdit measures on (Couairon and others, ICLR 2023).
    case diffEditImageNet = "diffedit-imagenet"
    /// Pairs of captions of BISON on COCO, which DiffEdit measures on.
    case diffEditCOCO = "diffedit-coco"
    /// A table of one's own.
    case csv

    /// What it is called in papers.
    public var title: String {
        switch self {
        case .tedbench: "TEdBench"
        case .wildTI2I: "Wild-TI2I"
        case .imageNetRTI2I: "ImageNet-R-TI2I"
        case .pieBench: "PIE-Bench"
        case .diffEditImageNet: "DiffEdit's ImageNet queries (FlexIT)"
        case .diffEditCOCO: "DiffEdit's COCO pairs (BISON)"
        case .csv: "a table of edits"
        }
    }

    /// What belongs where in its folder, as an error says it.
    public var layout: String {
        switch self {
        case .tedbench: "TEdBench is input_list.json beside originals/ (github.com/imagic-editing)"
        case .wildTI2I, .imageNetRTI2I:
            "\(title) is YAML lists of init_img and target_prompts beside data/ with the pictures"
        case .pieBench: "PIE-Bench is mapping_file.json beside annotation_images/"
        case .diffEditImageNet:
            "FlexIT's queries are queries.csv beside the pictures that its column path names"
        case .diffEditCOCO:
            "BISON is bison_annotations.cocoval2014.json beside val2014/ with COCO's pictures"
        case .csv: "a table is edits.csv with the columns image and target beside the pictures"
        }
    }

    /// The seed that its published results are made with; 1 where none is known.
    public var seed: UInt64 { self == .pieBench ? 1234 : 1 }

    /// The edits of a folder, in the order of their lists.
    ///
    /// Prompts stay as they are; of PIE-Bench's the brackets around changed words are left out.
    /// - Parameter checksPictures: whether every picture that is named must be there.
    /// - Throws: `BenchmarkDataError`.
    public func entries(in folder: String, checksPictures: Bool = true) throws(BenchmarkDataError)
        -> [BenchmarkEntry]
    {
        let files = BenchmarkFiles(folder: folder, layout: layout)
        let entries =
            switch self {
            case .tedbench: try files.tedbench()
            case .wildTI2I, .imageNetRTI2I: try files.ti2i(isWild: self == .wildTI2I)
            case .pieBench: try files.pieBench()
            case .diffEditImageNet: try files.flexIT()
            case .diffEditCOCO: try files.bison()
            case .csv: try files.table()
            }
        guard let first = entries.first else {
            throw .malformed(path: folder, reason: "there are no edits in its lists")
        }
        var seen: Set<String> = []
        if let twice = entries.first(where: { !seen.insert($0.id).inserted }) {
            throw .malformed(
                path: folder, reason: "two edits are called \(twice.id), the first of \(first.group)")
        }
        guard checksPictures else { return entries }
        let named = entries.flatMap { entry -> [String] in
            var paths = [entry.picture] + (entry.truth.map { [$0] } ?? [])
            if case .file(let path)? = entry.area { paths.append(path) }
            return paths
        }
        let absent = named.filter { !FileManager.default.fileExists(atPath: $0) }
        if let first = absent.first {
            throw .missingPictures(first: first, count: absent.count, of: named.count)
        }
        return entries
    }
}
