/// Options of all methods that paint a source and a target by regions.
enum RegionPairOptions {
    static let attention = TypedOption<Bool>(
        "attention", true,
        help:
            "the new picture's regions take the old one's attention; without it every region is painted for itself"
    )
    static let selfTokens = TypedOption<Int>(
        "self-tokens", in: 0...65536, 256,
        help: "own maps come from the source in layers with at most so many places in the region's box")
    static let feather = TypedOption<Double>(
        "feather", in: 0...1, 0.2,
        help: "share of half its shorter side over which a region fades in, where it does not say")
    static let meanNoise = TypedOption<Bool>(
        "mean-noise", false, presets: [.official: true],
        help: "where regions overlap, the first noise is the plain mean of theirs and so too weak, as in the "
            + "published code")
    static let ridge = TypedOption<Bool>(
        "feather-ridge", false, presets: [.official: true],
        help: "the middle row and column of boxes of odd sides do not fade, as in the published code")
    static let sourceBoxes = TypedOption<Bool>(
        "source-boxes", false, presets: [.official: true],
        help:
            "where things are only added, the source is painted in their boxes too, by the prompt alone, as in the "
            + "published code")
    static let inversion = TypedOption<RegionInversion.Kind>(
        "regions-by", .nullText,
        help:
            "how a photo's regions are brought to noise and back: null-text learns an empty prompt for each; direct "
            + "holds the old picture to the photo; ddim does neither")
    static let nullSteps = TypedOption<Int>(
        "null-steps", in: 0...1000, 10, presets: [.fast: 3], symbol: "N",
        help: "Adam steps per region and level at most, with null-text")

    static let all = [
        attention.description, selfTokens.description, feather.description, meanNoise.description,
        ridge.description, sourceBoxes.description, inversion.description, nullSteps.description,
    ]

    static let conditions: [Condition] = [
        .init([selfTokens.setting], when: attention.is(true)),
        .init([nullSteps.setting], when: .all([inversion.is(.nullText), .guided])),
    ]
}
