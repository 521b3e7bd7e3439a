import Diffusion
import Support
import Tensors

/// Where a method's mask comes from when the user draws none; any method may offer it as an option.
enum MaskSearch: String, OptionChoice {
    /// Nowhere: everything may change.
    case none
    /// DiffEdit's first step, with that method's own defaults.
    case diffedit

    /// The option that methods declare.
    static let option = TypedOption<MaskSearch>(
        "mask-from", MaskSearch.none,
        help: "diffedit: find a mask as DiffEdit does, and edit only inside it; a given mask counts first")

    static let emptyMaskWarning: Message =
        "the two prompts make no difference that stands out anywhere, so the mask that was looked for is empty and "
        + "the picture stays as it is; give a \(.setting("mask"), plain: "mask"), or leave out "
        + "\(Setting.message("mask-from", "diffedit"))"

    /// The user's mask, or else the one that is found, and the map it was cut from.
    ///
    /// Draws DiffEdit's noises and costs its 2n forwards where a mask is looked for.
    func mask(on context: EditContext) throws -> (mask: Tensor?, soft: Tensor?) {
        guard context.mask == nil, self == .diffedit else { return (context.mask, nil) }
        let found = try DiffEditMask(try Options([:], of: DiffEdit.description)).find(on: context)
        if found.isEmpty { context.session.warn(Self.emptyMaskWarning) }
        return (found.mask, found.soft)
    }
}
