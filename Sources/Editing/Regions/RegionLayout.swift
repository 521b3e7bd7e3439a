import Imaging

/// Regions of one image or of a pair of images, with what is said of all of them: the contents of a region file.
///
/// Written like the region lists of multi-region papers (R_S and R_T): `regions.ofSource` are those that the source shows,
/// `regions.ofTarget` those of the target.
public struct RegionLayout: Sendable, Hashable {
    /// What is said of the whole image, before the prompt of every region; nil where the request says it.
    public var prompt: String?
    /// What no region should show; nil where the request says it.
    public var negative: String?
    /// Pixels of the image to be generated; the request's or the model's own where nil.
    public var canvas: Canvas?
    /// The regions.
    public var regions: [Region]

    /// A size in pixels.
    public struct Canvas: Sendable, Hashable, Codable {
        /// Pixels in a row.
        public var width: Int
        /// Rows.
        public var height: Int

        /// A size.
        public init(width: Int, height: Int) {
            self.width = width
            self.height = height
        }
    }

    /// A layout of regions.
    public init(
        prompt: String? = nil, negative: String? = nil, canvas: Canvas? = nil, regions: [Region] = []
    ) {
        self.prompt = prompt
        self.negative = negative
        self.canvas = canvas
        self.regions = regions
    }

    /// Refuses regions that make no sense, alone or together.
    /// - Throws: `EditingError.badValue`, `.unknownWord`.
    public func check() throws(EditingError) { try regions.check() }

    /// What may not be meant: regions that overlap, in a line each.
    public var notices: [String] {
        regions.indices.flatMap { index in
            regions[..<index].enumerated().compactMap { earlier, other in
                Self.notice(other, earlier + 1, regions[index], index + 1)
            }
        }
    }

    private static func notice(_ one: Region, _ first: Int, _ other: Region, _ second: Int) -> String? {
        let things = [one, other].filter { $0.effectiveRole != .background }
        // Where a thing goes and another comes, one place is what is meant.
        let isExchange = Set([one, other].map(\.effectiveRole)) == [.added, .removed]
        guard things.count == 2, !isExchange else { return nil }
        let share = one.overlap(with: other)
        guard share > 0.001 else { return nil }
        let names = "regions \(one.name(number: first)) and \(other.name(number: second))"
        return
            "\(names) share \(Int((share * 100).rounded(.up))) % of the smaller one; their mean is painted there"
    }
}

extension [Region] {
    /// Those that the source shows (R_S).
    public var ofSource: [Region] { filter { $0.effectiveRole != .added } }

    /// Those that the target shows (R_T), edited ones with what they show there.
    public var ofTarget: [Region] {
        filter { $0.effectiveRole != .removed }.map { region in
            var region = region
            region.prompt = region.target ?? region.prompt
            return region
        }
    }

    /// Those that one image of what comes after an edit is painted by, without backgrounds.
    var painted: [Region] { ofTarget.filter { $0.effectiveRole != .background } }

    /// A prompt with what the backgrounds say behind it.
    func background(of prompt: String) -> String {
        let own = filter { $0.effectiveRole == .background }.map(\.prompt)
        return ([prompt] + own).filter(\.hasWords).joined(separator: ", ")
    }

    /// Refuses regions that make no sense, alone or together.
    func check() throws(EditingError) {
        var names: Set<String> = []
        for (index, region) in enumerated() {
            try region.check(number: index + 1)
            guard let id = region.id else { continue }
            guard names.insert(id).inserted else {
                throw .badValue(
                    name: "the id of region \(index + 1)", value: "\"\(id)\" again",
                    expected: "another than every other region's")
            }
        }
    }
}

extension Region {
    /// The share of the smaller of two regions that belongs to both, on a grid of 128 by 128.
    func overlap(with other: Region) -> Double {
        let (one, two) = (cells(width: 128, height: 128), other.cells(width: 128, height: 128))
        let both = zip(one.values, two.values).count { $0 > 0 && $1 > 0 }
        let smaller = [one, two].map { $0.values.count { $0 > 0 } }.min() ?? 0
        return smaller == 0 ? 0 : Double(both) / Double(smaller)
    }
}
