import Diffusion
import Editing
import Foundation
public import ImageMetrics
public import Imaging

/// The edits of a published benchmark, from a folder of one's own.
///
/// As JSON it is the benchmark's name, a hash of what its lists hold, and the seed: a run is one benchmark's wherever its
/// pictures lie. What was read from JSON has no edits; `reading(_:)` gives them back.
public struct PublishedEdits: BenchmarkItems {
    /// Which benchmark.
    public let benchmark: PublishedBenchmark
    /// What its lists hold, as a short hash.
    public let fingerprint: String
    /// The seed of every edit, as published harnesses set it before each.
    public let seed: UInt64
    /// The edits, in the order of the lists.
    public let entries: [BenchmarkEntry]

    /// The edits of a folder.
    /// - Throws: `BenchmarkDataError`.
    public init(_ benchmark: PublishedBenchmark, folder: String, seed: UInt64? = nil)
        throws(BenchmarkDataError)
    {
        self.benchmark = benchmark
        self.seed = seed ?? benchmark.seed
        entries = try benchmark.entries(in: folder)
        fingerprint = Self.fingerprint(of: entries)
    }

    private enum CodingKeys: String, CodingKey { case benchmark, fingerprint, seed }

    /// Reads which edits they were, without the edits themselves.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        benchmark = try values.decode(PublishedBenchmark.self, forKey: .benchmark)
        fingerprint = try values.decode(String.self, forKey: .fingerprint)
        seed = try values.decode(UInt64.self, forKey: .seed)
        entries = []
    }

    /// These edits, read from a folder.
    /// - Throws: `BenchmarkDataError`, `.changed` where the lists are others now.
    public func reading(_ folder: String) throws(BenchmarkDataError) -> PublishedEdits {
        let read = try PublishedEdits(benchmark, folder: folder, seed: seed)
        guard read.fingerprint == fingerprint else { throw .changed(folder) }
        return read
    }

    /// Whether both are the same edits, wherever their pictures lie.
    public static func == (left: PublishedEdits, right: PublishedEdits) -> Bool {
        left.benchmark == right.benchmark && left.fingerprint == right.fingerprint
            && left.seed == right.seed
    }

    /// By what makes them equal.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(benchmark)
        hasher.combine(fingerprint)
        hasher.combine(seed)
    }

    /// The kinds of edits, in the order in which they first stand in the lists.
    public var kindNames: [String] {
        var seen: Set<String> = []
        return entries.map(\.kind).filter { seen.insert($0).inserted }
    }

    /// None: gains are rare, and of one size.
    public var kindApart: String? { nil }

    /// How many edits of which benchmark.
    public func introduction(count: Int) -> String {
        let part = count < entries.count ? "the first \(count) of \(entries.count)" : "all \(count)"
        return
            "\(part) edits of \(benchmark.title) (lists \(fingerprint), seed \(seed) before every edit)"
    }

    /// That there are no right answers, where there are none.
    public var answersNote: String {
        entries.contains { $0.truth != nil } ? "" : "No true result is known, and gain is not told."
    }

    /// The edit of an index.
    /// - Throws: `BenchmarkDataError`, `ImagingError`, `MaskError`.
    public func item(_ index: Int) throws -> BenchmarkItem {
        guard entries.indices.contains(index) else {
            throw BenchmarkDataError.tooFew(
                name: benchmark.title, count: entries.count, wanted: index + 1)
        }
        let entry = entries[index]
        let image = try Self.picture(entry.picture)
        let mask = try entry.area.map { try Self.mask($0, of: entry, for: image) }
        var request = EditRequest(image: image, prompt: entry.target, source: entry.source, mask: mask) {
            $0.seed = seed
        }
        request.settings.source = entry.source
        var edit = ComparedEdit(id: entry.id, request: request)
        if let path = entry.truth {
            let truth = try Self.picture(path)
            guard (truth.width, truth.height) == (image.width, image.height) else {
                throw BenchmarkDataError.badPicture(
                    path: path,
                    reason:
                        "has \(truth.width)x\(truth.height) pixels and its picture \(image.width)x\(image.height)"
                )
            }
            edit = ComparedEdit(id: entry.id, request: request, truth: truth)
        }
        edit.resultNames = entry.results
        let area = mask.map { ImageArea($0, width: image.width, height: image.height).share }
        return BenchmarkItem(
            edit: edit,
            facts: ItemFacts(
                kind: entry.kind, scene: entry.group, isDetermined: entry.truth != nil,
                area: area ?? edit.truths.first?.changed.share ?? 0))
    }

    /// What is known of the edit of an index beside its pictures, for measures.
    /// - Throws: `ImagingError`, `MaskError`.
    public func measuredFacts(_ index: Int, for image: Image) throws -> PictureMeasures.Facts {
        let entry = entries[index]
        let area = try entry.area.map {
            ImageArea(
                try Self.mask($0, of: entry, for: image), width: image.width, height: image.height)
        }
        return PictureMeasures.Facts(source: entry.source, target: entry.target, edited: area)
    }

    /// A picture as all are compared: upright, in sRGB.
    private static func picture(_ path: String) throws -> Image {
        let image = try Image(contentsOf: path)
        return Image(width: image.width, height: image.height, pixels: image.pixels)
    }

    private static func mask(
        _ area: BenchmarkEntry.Area, of entry: BenchmarkEntry, for image: Image
    ) throws -> Mask {
        let mask = try area.mask()
        guard (mask.width, mask.height) == (image.width, image.height) else {
            throw BenchmarkDataError.badPicture(
                path: entry.picture,
                reason:
                    "has \(image.width)x\(image.height) pixels and its mask \(mask.width)x\(mask.height)")
        }
        return mask
    }

    /// A hash of what the lists say; where the folder lies has no part in it.
    private static func fingerprint(of entries: [BenchmarkEntry]) -> String {
        var digest = Digest()
        for entry in entries {
            let parts = [
                entry.id, entry.group, entry.source ?? "", entry.target, entry.kind,
                entry.truth.map { ($0 as NSString).lastPathComponent } ?? "",
            ]
            digest.add(parts.joined(separator: "\u{1f}") + "\u{1e}")
            if case .runs(let runs, _)? = entry.area { digest.add("\(runs)") }
        }
        return digest.hexadecimal(bytes: 5)
    }
}
