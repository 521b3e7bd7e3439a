import Networks

/// Which steps and which self-attention layers of MasaCtrl's target look at the image.
///
/// Layers are counted as the 16 of Stable Diffusion (6 on the way down, 1 in the middle, 9 on the way up); in a network
/// of n layers, layer l of 16 means those from ⌈l·n/16⌉ to before ⌈(l+1)·n/16⌉. Steps are shares of the way.
struct MasaCtrlReach {
    static let startStep = TypedOption<Double>(
        "start-step", in: 0...1, 0.08, symbol: "S",
        help: "share of the steps before the target looks at the source; 1: never")
    static let startLayer = TypedOption<Int>(
        "start-layer", in: 0...16, 10, symbol: "L",
        help: "self-attention layers that are left alone, of 16; by share where there are not 16")
    static let steps = TypedOption<String>(
        "steps", "", help: "steps that look at the source instead of those from start-step on: 0.1-0.4,0.6-1")
    static let layers = TypedOption<String>(
        "layers", "",
        help: "layers, of 0 to 15, that look at the source instead of those from start-layer on: 8,10-12")

    static let options: [OptionDescription] = [
        startStep.description, startLayer.description, steps.description, layers.description,
    ]

    /// How many layers Stable Diffusion has.
    static let countedLayers = 16

    private let startStep: Double
    private let bounds: [StepBounds]
    /// The layers of 16 that are controlled.
    let layers: Set<Int>

    /// What the options say.
    /// - Throws: `EditingError.badValue` for lists that cannot be read.
    init(_ options: Options) throws(EditingError) {
        startStep = options[Self.startStep]
        let (steps, layers) = (options[Self.steps], options[Self.layers])
        var bounds: [StepBounds] = []
        for part in WordList.words(steps) {
            guard let read = StepBounds(part) else {
                throw .badValue(
                    name: "option \(Self.steps.name)", value: steps,
                    expected: "shares of the way such as 0.1-0.4,0.6-1")
            }
            bounds.append(read)
        }
        self.bounds = bounds
        self.layers =
            layers.isEmpty
            ? Set(options[Self.startLayer]..<Self.countedLayers) : try Self.layers(in: layers)
    }

    /// The layers of `8,10-12`.
    private static func layers(in text: String) throws(EditingError) -> Set<Int> {
        var layers: Set<Int> = []
        for part in WordList.words(text) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0.trimmed) }
            guard ends.count <= 2, let first = ends.first.flatMap(\.self),
                let last = ends.last.flatMap(\.self),
                first <= last, first >= 0, last < countedLayers
            else {
                throw .badValue(
                    name: "option \(Self.layers.name)", value: text,
                    expected: "numbers from 0 to 15 such as 8,10-12")
            }
            layers.formUnion(first...last)
        }
        return layers
    }

    /// Whether a step, counted from the noisiest of so many, looks at the image.
    func acts(in step: Int, of steps: Int) -> Bool {
        guard bounds.isEmpty else { return bounds.contains { $0.steps(of: steps).contains(step) } }
        return step >= Int((startStep * Double(steps)).rounded())
    }

    /// Keys and values of the controlled layers, in the order of a pass.
    func keysAndValues(among all: [Site]) -> [Site] {
        let own = all.filter { $0.attention == .selfAttention }
        let maps = own.filter(\.isSelfAttentionMap)
        func first(_ layer: Int) -> Int {
            (layer * maps.count + Self.countedLayers - 1) / Self.countedLayers
        }
        let places = Set(layers.flatMap { maps[first($0)..<first($0 + 1)].map { Place($0) } })
        return own.filter { ($0.value == .key || $0.value == .value) && places.contains(Place($0)) }
    }

    /// A layer of the network, whatever value of it is meant.
    private struct Place: Hashable {
        let stage: Site.Stage
        let layer: Int

        init(_ site: Site) { (stage, layer) = (site.stage, site.layer) }
    }
}
