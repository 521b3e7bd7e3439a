import Diffusion
import Imaging
import Networks
import Tensors

/// Lift: moves, enlarges, exchanges and mirrors things by a sentence, with the thing's own pixels.
///
/// The prompt is an instruction ("move the red apple to the left by a quarter") about things that the source prompt
/// names. The thing is found by its noun's cross-attention and cut out by colours; the ground below it is painted by the
/// model, whose self-attention may not look at the hole; what differs from that ground is lifted off as a layer with
/// opacity and shade and laid down at its new place. The model then repaints the layer's rim alone, so that the thing
/// keeps its pixels. A given mask says where the thing is.
///
/// The core that DesignEdit (Jia et al. 2024) and PixelMan (Jiang et al., AAAI 2025) have in common: layers, a hole whose
/// keys are hidden, a collage; forwards only.
///
/// Draws, for each step of the instruction, 6 noises of the latent's shape for the words and 4 for the evidence (neither
/// with a mask), then one for the ground. Cost: 4·(1 + things) + 6 + 2·K + 2·⌊0.3·N⌋ forwards, K = ⌊strength·N⌋: 84 for
/// one thing with N = 50 and strength 0.4, 70 with a mask.
public struct Lift: EditingMethod {
    /// What the model repaints of the collage.
    enum Harmonising: String, OptionChoice { case rim, none, all }

    static let harmonise = TypedOption<Harmonising>(
        "harmonise", .rim,
        help: "what the model repaints at the end: the thing's rim and its ground, none, or all")
    static let wordThreshold = TypedOption<Double>(
        "word-threshold", in: 0...1, 0.15,
        help: "where a word's scaled map is below this its thing is not looked for")
    static let keepShadow = TypedOption<Bool>(
        "keep-shadow", false, help: "the shadow stays where it was instead of going along")
    static let force = TypedOption<Bool>(
        "force", false, help: "go on where the picture does not seem to show the thing")

    /// How far the collage is taken to noise to repaint its rim, as a share of the trajectory.
    static let rimStrength = 0.3

    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "lift", title: "Lift",
        summary: "Moves, enlarges, swaps or mirrors a thing as a sentence says, with its own pixels.",
        paper:
            "layers as in Jia et al., DesignEdit: Multi-Layered Latent Decomposition and Fusion for Unified & Accurate "
            + "Image Editing, 2024, arXiv 2403.14487, and Jiang et al., PixelMan, AAAI 2025, arXiv 2412.14283",
        year: 2024, needs: .init(source: .required, spatial: true),
        standard: .init(steps: 50, guidance: 1, strength: 0.4),
        presets: [.fast: .init(steps: 20, guidance: 1, strength: 0.4)],
        conditions: [.init([wordThreshold.setting, force.setting], when: .notGiven(.mask))],
        options: [
            harmonise.description, wordThreshold.description, keepShadow.description, force.description,
        ])

    let harmonising: Harmonising
    let wordThreshold: Float
    let keepsShade: Bool
    let isForced: Bool

    /// The method with its options.
    public init(_ options: Options) {
        harmonising = options[Self.harmonise]
        wordThreshold = Float(options[Self.wordThreshold])
        keepsShade = options[Self.keepShadow]
        isForced = options[Self.force]
    }

    /// Refuses an instruction that is not understood, or is about things that the source prompt does not name.
    public static func check(_ settings: EditSettings) throws {
        try PromptPhrases(settings.source ?? "").check(try LiftInstruction(settings.prompt))
    }

    /// Edits.
    public func edit(_ context: EditContext) throws -> EditOutput {
        guard let source = context.source?.text, let text = context.instruction else {
            throw EditingError.missing(.textPrompts, method: Self.description.name)
        }
        let (instruction, phrases) = (try LiftInstruction(text), PromptPhrases(source))
        try phrases.check(instruction)
        let working = try context.image ?? context.session.decode(context.clean)
        var canvas = LiftCanvas(photo: FloatImage(context.photo ?? working), working: FloatImage(working))
        for (index, step) in instruction.steps.enumerated() {
            canvas = try LiftJob(
                lift: self, context: context, phrases: phrases, canvas: canvas,
                mask: index == 0 ? context.imageMask : nil
            ).perform(step)
        }
        let latent = canvas.isUntouched ? context.clean : try context.session.encode(canvas.working.image)
        var output = EditOutput(latent, softMask: canvas.map, trace: canvas.trace)
        output.finished = EditOutput.Finished(image: canvas.photo.image, reach: canvas.reach)
        return output
    }
}
