public import Editing

/// All methods beside each other, by what their descriptions say.
public enum Taxonomy {
    /// A line for each method, the oldest first.
    public static func table(_ methods: [MethodDescription]) -> TextTable {
        TextTable(
            header: [
                "method", "year", "source text", "mask", "regions", "inverts by", "learns from the picture",
                "gradients", "guided by", "steps", "guidance", "strength",
            ],
            rows: methods.sorted { ($0.year, $0.title) < ($1.year, $1.title) }.map(row))
    }

    private static func row(_ method: MethodDescription) -> [String] {
        let needs = method.needs
        func need(_ need: MethodDescription.Need) -> String {
            switch need {
            case .unused: "–"
            case .optional: "may"
            case .required: "must"
            }
        }
        let guides = [
            needs.relevance ? "where a text is seen" : nil, needs.clip == true ? "CLIP" : nil,
            needs.imageChannels ? "the picture's latent" : nil,
            needs.spatial == true ? "an instruction" : nil,
        ].compactMap(\.self)
        let samples = needs.sampling != false
        return [
            "\(method.title) (`\(method.name)`)", "\(method.year)", need(needs.source), need(needs.mask),
            need(needs.regions), needs.inversion ? method.standard.inversion?.rawValue ?? "its own way" : "–",
            needs.tuning ? "yes" : "–", needs.gradients ? "yes" : "–",
            guides.isEmpty ? "–" : guides.joined(separator: ", "),
            samples ? "\(method.standard.steps)" : "–", samples ? "\(method.standard.guidance)" : "–",
            method.standard.strength.map { "\($0)" } ?? "–",
        ]
    }
}
