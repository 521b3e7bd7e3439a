import Diffusion
import Foundation
import Imaging
import Layers
import Perception
import Support
import Tensors

/// Text2LIVE: trains a small generator on the one picture, under CLIP's eyes, until it makes a layer of colour and opacity
/// that turns the picture into what the prompt says.
///
/// Bar-Tal, Ofri-Amar, Fridman, Kasten and Dekel, "Text2LIVE: Text-Driven Layered Image and Video Editing", ECCV 2022,
/// arXiv 2204.02491; the part about images. No diffusion model paints: the layer is laid over the photo at its own size,
/// and where it is transparent the photo keeps its pixels to the bit. With a mask, nothing of the layer lies outside.
///
/// All randomness follows from the request's seed. Cost: M backwards through the generator and 4 times `views` passes of
/// CLIP's image tower for M tuning steps; none where the same edit was tuned before.
public struct Text2LIVE: EditingMethod {
    static let screen = TypedOption<String>(
        "screen", symbol: "T_screen",
        help: "what the layer alone shows; where empty, the words of the prompt that the source has not")
    static let region = TypedOption<String>(
        "region", presets: [.fast: autoRegion], symbol: "T_ROI",
        help:
            "what of the picture the layer should lie on at first; auto for the words of the source that the prompt "
            + "has not, empty leaves it free")
    static let regionSteps = TypedOption<Int>(
        "region-steps", in: 1...100_000, 1000, presets: [.fast: 100],
        help: "over how many steps the region's say goes to zero")
    static let tuningSteps = TypedOption<Int>(
        "tuning-steps", in: 1...100_000, 1000, presets: [.fast: 150], help: "steps of the generator")
    static let learningRate = TypedOption<Double>(
        "learning-rate", in: 0...1, 2.5e-3,
        help: "MADGRAD's first learning rate, 0.99 of it with every step")
    static let side = TypedOption<Int>(
        "side", in: LayerSize.least...4096, 512, presets: [.fast: LayerSize.least],
        help: "pixels of the picture's short side that the layer is made at")
    static let width = TypedOption<Int>(
        "width", in: 4...512, LayerGenerator.paperWidth, presets: [.fast: 32],
        help: "channels of the generator")
    static let views = TypedOption<Int>(
        "views", in: 1...64, 16, presets: [.fast: 8],
        help: "views of a picture that CLIP is shown for each loss")
    static let sentences = TypedOption<Bool>(
        "sentences", true, presets: [.fast: false],
        help: "whether texts are put into sentences such as \"a photo of …\"")
    static let distance = TypedOption<LayerLosses.Distance>(
        "distance", .cosine, presets: [.official: .spherical], symbol: "D",
        help: "how far embeddings of pictures and texts lie from each other")
    static let screenWeight = TypedOption<Double>(
        "screen-weight", in: 0...100, 1, symbol: "λ_g", help: "weight of the layer's own text")
    static let structureWeight = TypedOption<Double>(
        "structure-weight", in: 0...100, 2, symbol: "λ_s", help: "weight of the picture's structure")
    static let opacityWeight = TypedOption<Double>(
        "opacity-weight", in: 0...100, 0.1, presets: [.official: 0.06, .fast: 0.3], symbol: "λ_r·γ",
        help: "weight of the mean opacity")
    static let sparsityWeight = TypedOption<Double>(
        "sparsity-weight", in: 0...100, 0.05, presets: [.official: 0.06], symbol: "λ_r",
        help: "weight of how many pixels the layer covers")
    static let regionWeight = TypedOption<Double>(
        "region-weight", in: 0...100, 10, help: "weight of the region in the first step")

    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "text2live", title: "Text2LIVE",
        summary:
            "Makes a transparent layer over the picture that CLIP finds to show the prompt; no diffusion model paints.",
        paper:
            "Bar-Tal et al., Text2LIVE: Text-Driven Layered Image and Video Editing, ECCV 2022, arXiv 2204.02491",
        year: 2022,
        needs: .init(source: .required, tuning: true, gradients: true, clip: true, sampling: false),
        standard: .init(steps: 1, guidance: 1, strength: nil),
        conditions: [
            .init([regionSteps.setting, regionWeight.setting], when: region.isNot("")),
            .init([screen.setting], when: screenWeight.isNot(0)),
        ],
        options: [
            screen.description, region.description, regionSteps.description, tuningSteps.description,
            learningRate.description, side.description, width.description, views.description,
            sentences.description, distance.description, screenWeight.description,
            structureWeight.description, opacityWeight.description, sparsityWeight.description,
            regionWeight.description,
        ])

    /// The value of `region` that asks the prompts.
    private static let autoRegion = "auto"
    /// The whole picture is looked at besides its crop in every so many steps.
    private static let wholeEvery = 75
    /// What the learning rate is multiplied by after each step, and where it stays.
    private static let (rateDecay, leastRate) = (0.99, 1e-5)
    private static let (momentum, weightDecay) = (0.9, 0.01)

    private let options: Options

    /// The method with its options.
    public init(_ options: Options) { self.options = options }

    /// Edits.
    public func edit(_ context: EditContext) throws -> EditOutput {
        guard let place = context.clip else {
            throw EditingError.missing(.clip, method: Self.description.name)
        }
        guard let prompt = context.prompt.text, let source = context.source?.text else {
            throw EditingError.missing(.textPrompts, method: Self.description.name)
        }
        let (session, device) = (context.session, context.session.model.device)
        let photo = try context.photo ?? session.decode(context.clean)
        let size = try LayerSize(of: photo, side: options[Self.side], asked: context.workingSide)
        let image = (photo.resized(width: size.width, height: size.height).tensor(device: device) + 1) / 2
        let mask = context.imageMask.map { mask in
            let own = mask.resized(width: size.width, height: size.height)
            return Tensor(own.values, shape: [1, 1, size.height, size.width]).to(device: device)
        }
        let clip = try place.network(on: device)
        let words = DifferingWords(from: source, to: prompt)
        let asked = (screen: options[Self.screen], region: options[Self.region])
        let screen = asked.screen.isEmpty ? words?.target ?? prompt : asked.screen
        let region = asked.region == Self.autoRegion ? words?.source ?? "" : asked.region
        let tuned = try context.tuned(
            "text2live", of: [context.prompt] + [context.source].compactMap(\.self),
            settings: settings(image, mask, texts: [screen, region], clip: clip, seed: context.seed),
            shapes: ["layer": [1, 4, size.height, size.width]], steps: options[Self.tuningSteps]
        ) { checkpoints in
            let texts = LayerTexts(
                composition: prompt, source: source, screen: screen, areSentences: options[Self.sentences],
                clip: clip)
            return try tune(over: image, mask, losses(texts, clip, region: region), context, checkpoints)
        }
        let layer = EditLayer(tuned["layer"])
        let working = context.image ?? photo
        var output = EditOutput(
            try session.encode(
                Image(layer.within(mask).over(image) * 2 - 1)
                    .resized(width: working.width, height: working.height)),
            trace: [
                "layer_colour": layer.colour, "layer_alpha": layer.alpha, "layer_on_green": layer.overGreen,
                "tuning_losses": tuned["losses"],
            ])
        output.finished = layer.finished(width: photo.width, height: photo.height)
        return output
    }

    /// w_b: what the region counts at a step; it falls in a straight line.
    func regionWeight(at step: Int) -> Double {
        let steps = options[Self.regionSteps]
        return step < steps ? options[Self.regionWeight] * (1 - Double(step + 1) / Double(steps)) : 0
    }

    /// The learning rate of a step.
    func learningRate(at step: Int) -> Double {
        let first = options[Self.learningRate]
        return max(first * pow(Self.rateDecay, Double(step)), min(first, Self.leastRate))
    }

    /// Whether a step looks at the whole picture too.
    static func looksAtWhole(_ step: Int) -> Bool { step % wholeEvery == 0 }

    private func losses(_ texts: LayerTexts, _ clip: CLIPScorer, region: String) -> LayerLosses {
        LayerLosses(
            clip: clip, texts: texts, views: LayerViews(side: clip.imageSide, count: options[Self.views]),
            distance: options[Self.distance],
            weights: .init(
                screen: options[Self.screenWeight], structure: options[Self.structureWeight],
                opacity: options[Self.opacityWeight], sparsity: options[Self.sparsityWeight],
                region: regionWeight), region: region)
    }

    /// Trains a fresh generator, and renders its layer of the whole image.
    private func tune(
        over image: Tensor, _ mask: Tensor?, _ losses: LayerLosses, _ context: EditContext,
        _ checkpoints: Checkpoints?
    ) throws -> (tensors: [String: Tensor], losses: [Float]) {
        let store = WeightStore(initializing: context.seed, device: image.device)
        let generator = try LayerGenerator(store.weights, width: options[Self.width])
        let leaves = store.parameters.map(\.tensor)
        let parameters = ParameterSet(
            names: store.parameters.map(\.name), working: leaves, masters: leaves,
            optimiser: MADGRAD(
                parameters: leaves, momentum: Self.momentum, weightDecay: Self.weightDecay),
            averageDecay: nil)
        let loop = TuningLoop(
            stage: "tuning the layer", steps: options[Self.tuningSteps], learningRate: learningRate,
            checkpoints: checkpoints)
        let values = try loop.run(parameters, in: context.session) { step in
            let dice = LayerDice(seed: context.seed, step: step)
            var crops = [LayerCrop(of: image, mask: mask, dice)]
            if Self.looksAtWhole(step) { crops.append(LayerCrop(image, mask: mask)) }
            return try guardingMemory {
                let all = crops.map {
                    losses(generator($0.image).within($0.mask), over: $0, step: step, dice)
                }
                return Tensor.stacked(all).mean
            }
        }
        let layer = try guardingMemory { withoutGradients { generator(image).tensor } }
        return (["layer": layer], values)
    }

    /// Everything that the layer depends on beside the prompts.
    private func settings(
        _ image: Tensor, _ mask: Tensor?, texts: [String], clip: CLIPScorer, seed: UInt64
    ) -> [String: String] {
        var digest = Digest()
        digest.add(image)
        if let mask { digest.add(mask) }
        var settings = options.values.mapValues(\.description)
        settings["picture"] = digest.hexadecimal()
        settings["texts"] = texts.joined(separator: "\n")
        settings["clip"] = clip.fingerprint
        settings["seed"] = "\(seed)"
        return settings
    }
}

/// The size at which a layer is made.
struct LayerSize {
    /// The shortest side whose smallest crop the generator can take.
    static let least = 192

    let width: Int
    let height: Int

    /// A size of a photo's shape.
    /// - Parameters:
    ///   - side: of the short side.
    ///   - long: of the long side, which counts instead where it is given.
    /// - Throws: `EditingError.badValue` for a long side that is too short for this shape.
    init(of photo: Image, side: Int, asked long: Int?) throws(EditingError) {
        let (short, longest) = (min(photo.width, photo.height), max(photo.width, photo.height))
        let scale = long.map { Double($0) / Double(longest) } ?? Double(side) / Double(short)
        func pixels(_ length: Int) -> Int { Int((Double(length) * scale).rounded()) }
        (width, height) = (pixels(photo.width), pixels(photo.height))
        guard min(width, height) >= Self.least else {
            let least = (Double(Self.least) * Double(longest) / Double(short)).rounded(.up)
            throw .badValue(
                name: "size", value: "\(long ?? side)",
                expected: "at least \(Int(least)) for this picture, whose layer is made at no less than "
                    + "\(Self.least) pixels a side")
        }
    }
}

extension EditLayer {
    /// The layer at a photo's size, in steps of 255.
    func finished(width: Int, height: Int) -> EditOutput.Finished {
        let (_, _, rows, columns) = colour.shape4
        func resized(_ x: Tensor) -> Tensor {
            if rows == height && columns == width { return x }
            let isSmaller = height < rows || width < columns
            let y =
                isSmaller
                ? x.resampledSmoothly(height: height, width: width)
                : x.resampledBicubic(height: height, width: width)
            return y.clamped(0, 1)
        }
        return .init(image: Image(resized(colour) * 2 - 1), reach: Mask(resized(alpha)))
    }
}
