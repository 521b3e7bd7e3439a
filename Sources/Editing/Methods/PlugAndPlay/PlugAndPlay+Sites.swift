import Networks

extension PlugAndPlay {
    /// Where the source is put in: the paper's layers in Stable Diffusion, and their like in networks of other shapes.
    ///
    /// Features are those of the second layer of the first decoder stage that has self-attention (the residual branch,
    /// before the skip is added); attention is that of the same layer and of all later ones. In Stable Diffusion these
    /// are `up1.1`, and `up1.1`…`up3.2`: blocks 4 and 4…11 of the paper.
    static func sites(among all: [Site]) -> (features: [Site], attention: [Site]) {
        let decoder = decoder(of: all)
        guard
            let stage = decoder.first(where: \.isSelfAttentionMap)?.stage,
            let feature = decoder.first(where: {
                $0.stage == stage && $0.layer == 1 && $0.value == .features
            }),
            let place = decoder.firstIndex(of: feature)
        else { return ([], []) }
        return ([feature], decoder[place...].filter(isAsked))
    }

    /// The same, with layers that the user chose in place of the paper's where there are any.
    /// - Parameters:
    ///   - features: names as `up1.1` with commas between; empty for the paper's.
    ///   - attention: likewise.
    /// - Throws: `EditingError.badValue` with the layers that there are.
    static func sites(
        among all: [Site], features: String, attention: String
    ) throws(EditingError) -> (features: [Site], attention: [Site]) {
        var sites = sites(among: all)
        let decoder = decoder(of: all)
        if let chosen = try chosen(features, featureLayers.name, decoder.filter { $0.value == .features }) {
            sites.features = chosen
        }
        if let chosen = try chosen(attention, attentionLayers.name, decoder.filter(isAsked)) {
            sites.attention = chosen
        }
        return sites
    }

    private static func decoder(of all: [Site]) -> [Site] {
        all.filter { if case .up = $0.stage { true } else { false } }
    }

    private static func isAsked(_ site: Site) -> Bool {
        site.attention == .selfAttention && (site.value == .query || site.value == .key)
    }

    /// A site's layer as people write it: `up1.1`.
    private static func layer(_ site: Site) -> String {
        "\(site.stage.description).\(site.layer)"
    }

    /// Those of the sites whose layers a list names; nil of an empty list.
    private static func chosen(
        _ list: String, _ option: String, _ sites: [Site]
    ) throws(EditingError) -> [Site]? {
        let names = list.split(separator: ",").map { $0.filter { !$0.isWhitespace } }
        guard !names.isEmpty else { return nil }
        let known = sites.map(layer).reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }
        guard names.allSatisfy(known.contains) else {
            throw .badValue(
                name: "option \(option)", value: list,
                expected: known.isEmpty
                    ? "empty: this model's decoder has no such layer"
                    : "some of \(known.joined(separator: ", ")), with commas between")
        }
        return sites.filter { names.contains(layer($0)) }
    }
}
