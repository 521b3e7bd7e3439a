public import Diffusion
import Networks
public import Tensors

/// MRGD: a source and a target by regions that know of each other, guided by where their things are seen.
///
/// Li, Zhou, Sun and Xu, "Multi-Region Text-Driven Manipulation of Diffusion Imagery", AAAI 2024. Both pictures are
/// painted region by region as ``P2PRegions`` does. In the second half of the way a region over everything joins them, which
/// reads all prompts; and at every step a network that tells where an image shows a text guides the predicted clean latents:
/// things stay in their boxes (L_RS), regions of one picture are told from the others of the other (L_IS), and what is not
/// edited stays the same (L_IP). Words whose maps are sharp are found on the way and asked for too.
///
/// Draws, by each region's own seed, one noise of its box's size. Cost of a step: what ``P2PRegions`` costs, 2 forwards more
/// where the whole picture is painted (4 where it is led away from another prompt than the background is), and 2 backwards: through the decoder, which runs once for either picture, and the
/// network, which is asked for every region of either picture. No gradient passes the UNet, but for a photo's null-texts.
public struct MRGD: RegionPairMethod {
    /// How maps of the two pictures are paired.
    enum Matching: String, OptionChoice { case region, position }
    /// Which pictures are moved by the guidance.
    enum Moved: String, OptionChoice {
        /// The target, and the source too where something is removed.
        case auto
        case target, both
    }

    static let leakage = TypedOption<Double>(
        "leakage", in: 0...1e6, 1000, symbol: "λ_RS", help: "how strongly things are kept in their boxes")
    static let contrast = TypedOption<Double>(
        "contrast", in: 0...1e6, 2000, symbol: "λ_IS",
        help: "how strongly each region is told from the others of the other picture")
    static let preservation = TypedOption<Double>(
        "preservation", in: 0...1e6, 300, symbol: "λ_IP",
        help:
            "how strongly what is not edited is held where no photo is; half of it in the second half of the way"
    )
    static let photoPreservation = TypedOption<Double>(
        "photo-preservation", in: 0...1e6, 100, help: "the same where a photo is edited, all the way")
    static let contrastShare = TypedOption<Double>(
        "contrast-share", in: 0...1, 0.7, help: "share of the way, its end, in which regions are contrasted")
    static let preservationShare = TypedOption<Double>(
        "preservation-share", in: 0...1, 0.8, help: "share of the way, its end, in which the rest is held")
    static let moved = TypedOption<Moved>(
        "moved", .auto,
        help: "which picture is guided: the target, and with auto the source where things are removed")
    static let wholeShare = TypedOption<String>(
        "whole-share", "auto", symbol: "T_total",
        help:
            "share of the way, its end, in which the whole picture is painted too: a number, never, or auto: 0.6 where "
            + "things come or go, else 0.5")
    static let wholeFeather = TypedOption<Double>(
        "whole-feather", in: 0...1, 0.2, help: "feather of the whole picture over the background")
    static let lastFeather = TypedOption<Bool>(
        "last-feather", false, presets: [.official: true],
        help: "the whole picture has the last region's feather, as in the published code")
    static let keyTokens = TypedOption<Int>(
        "key-tokens", in: 0...1000, 15,
        help: "the sharpest tokens of a region that are taken for key words at most, at every fifth step")
    static let boost = TypedOption<Double>(
        "boost", in: 0...10, 1.5, help: "how much more places count that key words point to; 1 for no more")
    static let boosted = TypedOption<AttentionBoost.Rows>(
        "boosted", .target, presets: [.official: .both],
        help: "in which picture; both, as in the published code, changes the source too")
    static let matching = TypedOption<Matching>(
        "matching", .region, presets: [.official: .position],
        help:
            "which maps of the two pictures belong together: the same region's, or those at one place of the lists, as "
            + "in the published code")
    static let listOrder = TypedOption<Bool>(
        "list-order", false, presets: [.official: true],
        help: "an inherent thing listed after an edited one holds what they share, as in the published code")
    static let raw = TypedOption<Bool>(
        "raw-pictures", false, presets: [.official: true],
        help: "the guiding network sees pictures that are not normalised, as in the published code")

    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "mrgd", title: "MRGD", aliases: ["multi-region guided diffusion"],
        summary: "Paints two pictures region by region, guided by where their things are seen.",
        paper: "Li et al., Multi-Region Text-Driven Manipulation of Diffusion Imagery, AAAI 2024",
        year: 2024,
        needs: .init(
            source: .optional, regions: .required, inversion: true, gradients: true, relevance: true),
        standard: .init(steps: 20, guidance: 7, strength: 1), presets: [:],
        conditions: RegionPairOptions.conditions + [
            .init([wholeFeather.setting], when: .all([wholeShare.isNot("never"), lastFeather.is(false)])),
            .init([lastFeather.setting], when: wholeShare.isNot("never")),
            .init(
                [keyTokens.setting],
                when: .all([wholeShare.isNot("never"), RegionPairOptions.attention.is(true)])),
            .init(
                [boost.setting, boosted.setting],
                when: .all([
                    wholeShare.isNot("never"), RegionPairOptions.attention.is(true), keyTokens.isNot(0),
                ])),
        ],
        options: RegionPairOptions.all + [
            leakage.description, contrast.description, preservation.description,
            photoPreservation.description, contrastShare.description, preservationShare.description,
            moved.description, wholeShare.description, wholeFeather.description, lastFeather.description,
            keyTokens.description, boost.description, boosted.description, matching.description,
            listOrder.description, raw.description,
        ])

    private let options: Options

    /// The method with its options.
    public init(_ options: Options) { self.options = options }

    /// Edits a photo.
    public func edit(_ context: EditContext) throws -> EditOutput {
        let run = try run(context, isPhoto: true)
        return try run.pairing.edited(run.painting, guiding: run.guide)
    }

    /// Both pictures from noise alone.
    public func generate(_ context: EditContext) throws -> (source: Tensor, target: Tensor) {
        let run = try run(context, isPhoto: false)
        let both = try run.pairing.generated(run.painting, guiding: run.guide)
        return (both.source, both.target)
    }

    /// Everything that a walk is painted and guided by.
    func run(_ context: EditContext, isPhoto: Bool) throws -> MRGDRun {
        let name = Self.description.name
        guard let source = context.relevance else { throw EditingError.missing(.relevance, method: name) }
        let pairing = try RegionPairing(context, options, isPhoto: isPhoto, method: name)
        let levels = try wholeLevels(pairing)
        let network = try source.network(on: context.session.model.device)
        let prompts = pairing.wholePrompts
        let whole = try levels.map { levels in
            (region: try pairing.whole(prompts, feather: wholeFeather(context.layout)), levels: levels)
        }
        let painting = RegionPainting(
            context.session, regions: try pairing.regions(), whole: whole, guidance: context.guidance)
        return try MRGDRun(
            pairing, painting, RegionGuide(pairing, network, settings(pairing)),
            boost: AttentionBoost(
                factor: options[Self.boost], rows: options[Self.boosted],
                sites: try context.session.model.sites),
            keyTokens: options[Self.keyTokens], prompts)
    }

    private func settings(_ pairing: RegionPairing) -> RegionGuide.Settings {
        let moved = options[Self.moved]
        return RegionGuide.Settings(
            leakage: options[Self.leakage], contrast: options[Self.contrast],
            preservation: options[Self.preservation], photoPreservation: options[Self.photoPreservation],
            contrastShare: options[Self.contrastShare], preservationShare: options[Self.preservationShare],
            byPosition: options[Self.matching] == .position, inListOrder: options[Self.listOrder],
            seesRaw: options[Self.raw],
            movesSource: moved == .both || moved == .auto && pairing.removes)
    }

    private func wholeFeather(_ regions: [Region]) -> Double {
        guard options[Self.lastFeather], let last = regions.last else { return options[Self.wholeFeather] }
        return last.feather ?? options[RegionPairOptions.feather]
    }

    /// The levels at which the whole picture is painted; nil for none.
    private func wholeLevels(_ pairing: RegionPairing) throws(EditingError) -> ClosedRange<Int>? {
        let text = options[Self.wholeShare]
        let share: Double
        switch text {
        case "never": return nil
        case "auto": share = pairing.addsOrRemoves ? 0.6 : 0.5
        default:
            guard let number = Double(text), (0...1).contains(number) else {
                throw .badValue(
                    name: "option \(Self.wholeShare.name)", value: text,
                    expected: "auto, never, or a number from 0 to 1")
            }
            share = number
        }
        return 1...max(min(Trajectory.stepCount(strength: share, of: pairing.steps) + 1, pairing.steps), 1)
    }
}
