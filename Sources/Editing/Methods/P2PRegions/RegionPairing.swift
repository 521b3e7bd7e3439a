import Diffusion
import Tensors

/// The regions of a request, ready to be painted in two pictures side by side.
struct RegionPairing {
    /// What is asked.
    let context: EditContext
    /// Options of the method.
    let options: Options
    /// Whether the source is a photo, whose own noise is found by inversion.
    let isPhoto: Bool
    /// The regions as they were asked for; the first is a background that says nothing where none was listed.
    let listed: [(region: Region, index: Int?)]
    /// What both pictures are said to show as a whole.
    let prompts: Sides<String>
    private let negative: String

    /// - Throws: `EditingError.missing` for prompts that are no texts.
    init(_ context: EditContext, _ options: Options, isPhoto: Bool, method: String) throws(EditingError) {
        guard let target = context.prompt.text, let source = (context.source ?? context.prompt).text,
            let negative = context.negative.text
        else { throw .missing(.textPrompts, method: method) }
        self.context = context
        self.options = options
        self.isPhoto = isPhoto
        self.negative = negative
        prompts = Sides(source, target)
        var listed = context.layout.enumerated().map { (region: $1, index: Optional($0)) }
        if !listed.contains(where: { $0.region.effectiveRole == .background }) {
            var background = Region(Region.everywhere, prompt: "")
            background.role = .background
            listed.insert((background, nil), at: 0)
        }
        self.listed = listed
    }

    /// Size of the latent.
    var grid: (height: Int, width: Int) { (context.clean.shape[2], context.clean.shape[3]) }

    /// The steps that are walked (T).
    var steps: Int { context.startStep }

    private var roles: [Region.Role] { listed.map(\.region.effectiveRole) }

    /// Whether something is taken away.
    var removes: Bool { roles.contains(.removed) }

    /// Whether something comes or goes, which needs longer to settle.
    var addsOrRemoves: Bool { removes || roles.contains(.added) }

    /// Whether the source is painted in boxes of things that are added.
    private var paintsSourceBoxes: Bool {
        options[RegionPairOptions.sourceBoxes] && !isPhoto && !removes && !roles.contains(.edited)
    }

    /// Texts with commas between, those that say nothing left out.
    static func joined(_ texts: [String]) -> String { texts.filter(\.hasWords).joined(separator: ", ") }

    /// What a picture reads in a region; nil where it is not painted there.
    private func text(of region: Region, _ side: PairSide) -> String? {
        switch (region.effectiveRole, side) {
        case (.added, .source): paintsSourceBoxes ? prompts.source : nil
        case (.removed, .target): nil
        case (.edited, .target): Self.joined([prompts.target, region.target ?? ""])
        default: Self.joined([prompts[side], region.prompt])
        }
    }

    /// The regions, ready to be painted.
    func regions() throws -> [PairedRegion] {
        try listed.map { region, index in
            let role = region.effectiveRole
            let texts = Sides { text(of: region, $0) }
            let number = index.map { " of region \($0 + 1)" } ?? ""
            let negative = try context.session.longPrompt(
                Self.joined([negative, region.negative ?? ""]), as: "negative prompt\(number)"
            ).prompt
            let tile = Tile(of: region.place, height: grid.height, width: grid.width)
            let feather = region.feather ?? options[RegionPairOptions.feather]
            return try paired(
                texts, negatives: Sides(negative, negative), role: role, index: index, tile: tile,
                weights: tile.feather(feather, ridge: options[RegionPairOptions.ridge]),
                attention: RegionAttention.of(role), as: "prompt\(number)")
        }
    }

    /// The region over everything: the prompts of all regions of each picture behind its own.
    /// - Parameter feather: as of a region.
    func whole(_ assembled: Sides<WholePrompt>, feather: Double) throws -> PairedRegion {
        let tile = Tile(of: Region.everywhere, height: grid.height, width: grid.width)
        let lists = Sides(context.layout.ofSource, context.layout.ofTarget)
        let negatives = try lists.map { regions in
            try context.session.longPrompt(
                Self.joined([negative] + regions.compactMap(\.negative)), as: "negative prompt"
            ).prompt
        }
        return try paired(
            assembled.map { $0.text }, negatives: negatives, role: .inherent, index: nil, tile: tile,
            weights: tile.feather(feather, ridge: options[RegionPairOptions.ridge]),
            attention: RegionAttention.whole, as: "prompt of the whole picture")
    }

    private func paired(
        _ texts: Sides<String?>, negatives: Sides<Conditioning>, role: Region.Role, index: Int?, tile: Tile,
        weights: Tensor, attention: RegionAttention?, as name: String
    ) throws -> PairedRegion {
        let session = context.session
        // Both rows' maps must have as many columns.
        let parts = try texts.map { try $0.map { try session.longPrompt($0, as: name).parts.count } ?? 1 }
        let count = max(parts.source, parts.target)
        let rows = try Sides { side in
            try texts[side].map {
                PairedRegion.Row(
                    prompt: try session.longPrompt($0, as: name, parts: count), negative: negatives[side])
            }
        }
        var controller: AttentionController?
        if options[RegionPairOptions.attention], let attention, let source = rows.source,
            let target = rows.target
        {
            controller = attention.controller(
                from: source.prompt, to: target.prompt, in: tile, steps: steps,
                sites: try session.model.sites, tokens: options[RegionPairOptions.selfTokens])
        }
        return PairedRegion(
            index: index, role: role, tile: tile, weights: weights.like(context.clean), source: rows.source,
            target: rows.target, controller: controller)
    }

    /// The noise that both pictures begin with: every region's own, those of backgrounds first, then the others' over them.
    ///
    /// Draws [1, C, h, w] from each region's seed at its box's size. Where several regions meet, their sum is divided by
    /// the square root of their number, which keeps the variance.
    func firstNoise() -> Tensor {
        let noises = listed.enumerated().map { place, entry in
            let tile = Tile(of: entry.region.place, height: grid.height, width: grid.width)
            let random = RandomGenerator(seed: entry.region.seed ?? context.seed &+ UInt64(place))
            let noise = random.normal([1, context.clean.shape[1], tile.height, tile.width])
            return (role: entry.region.effectiveRole, tile: tile, noise: noise.like(context.clean))
        }
        func mean(_ noises: [(role: Region.Role, tile: Tile, noise: Tensor)]) -> (Tensor, covered: Tensor)? {
            guard let first = noises.first else { return nil }
            func sum(_ part: (Tile, Tensor) -> Tensor) -> Tensor {
                noises.dropFirst().reduce(part(first.tile, first.noise)) { $0 + part($1.tile, $1.noise) }
            }
            let total = sum { $0.place($1 * $0.cells.like($1)) }
            let count = sum { $0.box.like($1) }
            let painters = count.clamped(1, nil)
            let isPlain = options[RegionPairOptions.meanNoise]
            return (total / (isPlain ? painters : painters.squareRoot), (count > 0).like(total))
        }
        guard let behind = mean(noises.filter { $0.role == .background })?.0 else { return context.clean }
        guard let front = mean(noises.filter { $0.role != .background }) else { return behind }
        return EditContext.blend(front.0, over: behind, mask: front.covered)
    }
}
