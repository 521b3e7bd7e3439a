import Diffusion
import Imaging
import Support
import Tensors
import Testing

@testable import Editing
@testable import pentimento

/// What the libraries say in plain words, as this program says it: with flags.
@Suite struct FlagWordingTests {
    @Test("Errors name the flags that remedy them")
    func errors() {
        let errors: [(any Error, String)] = [
            (
                EditingError.unknownMethod(name: "difedit", known: ["diffedit"]),
                "there is no method \"difedit\"; did you mean diffedit? (see: pentimento methods)"
            ),
            (
                EditingError.unknownMethod(name: "nosuch", known: ["ddim", "mdp"]),
                "there is no method \"nosuch\"; there are ddim, mdp (see: pentimento methods)"
            ),
            (
                EditingError.unknownOption(name: "Seed", method: "ddim", known: []),
                "ddim has no option \"Seed\"; it is given as --seed"
            ),
            (
                EditingError.missing(.source(), method: "mdp"),
                "mdp needs a prompt that says what the picture shows now (--source)"
            ),
            (
                EditingError.missing(.source(option: "option foreground"), method: "masactrl"),
                "masactrl needs a prompt that says what the picture shows now (--source) for option foreground"
            ),
            (EditingError.missing(.mask, method: "x"), "x needs a mask of what may change (--mask)"),
            (EditingError.missing(.region, method: "x"), "x needs at least one region (--region)"),
            (
                EditingError.missing(
                    .value(option: "weights", form: "word:number", for: "edit=reweight"), method: "x"),
                "x needs --option weights=word:number for edit=reweight"
            ),
            (
                EditingError.missing(.words(from: "from", to: "to"), method: "x"),
                "x needs words to exchange: the prompts do not tell them, so give --option from=… and --option to=…"
            ),
            (
                EditingError.unusedRegions(method: "ddim"),
                "ddim has no use for regions; --method multidiffusion has"
            ),
            (
                EditingError.unusedFocus(method: "lift"),
                "lift works on the whole picture where it is given regions or moves things; leave out --focus"
            ),
            (
                EditingError.noPreview(method: "sdedit", known: ["diffedit", "inpaint", "lift"]),
                "sdedit does not tell what it would change before it paints; diffedit, inpaint, lift do, and every "
                    + "method where a --mask is given"
            ),
            (
                EditingError.wrongModel(method: "x", wanted: "y", channels: 4, latentChannels: 4),
                "x needs y; this model's UNet reads 4 channels, its latents have 4 (see: pentimento doctor)"
            ),
            (
                DiffusionError.channels(found: 4, wanted: 9),
                "the parts of the model do not fit each other: the UNet reads 9 channels, not 4: an inpainting or "
                    + "instruction model needs the method made for it (--method inpaint, instruct-pix2pix)"
            ),
            (
                DiffusionError.deviceUnavailable(name: "cuda"),
                "device cuda is not available; use --device cpu, or a libtorch built for it (see doctor)"
            ),
            (
                DiffusionError.notFinite(stage: "painting", dtype: .float16),
                "the network answered values that are not numbers while painting; try --dtype float32"
            ),
            (
                ImagingError.tooManyPixels(path: "a.png", width: 3, height: 2, limit: 5),
                "a.png: 3x2 are 6 pixels, more than the limit of 5; if the file is trusted, raise it with --pixel-limit"
            ),
        ]
        for (error, message) in errors { #expect(Failure(describing: error).message == message) }
    }

    @Test("Warnings name the flags too")
    func warnings() {
        let outliers =
            "the two prompts make no difference that stands out anywhere, so the mask is empty and the picture stays as it "
            + "is; name what is there now with --source, or give a --mask, or use --option outliers=percentile (large "
            + "edits), --option threshold=0.25 (small ones) or --option mask=none (change everything)"
        let unused = UnusedSetting(
            setting: .option("correction"),
            when: .all([.inversion([.direct]), .notGiven(.mask), .given(.source)]))
        let messages: [(Message?, String)] = [
            (DiffEditMask.emptyMaskAdvice, outliers),
            (
                MultiDiffusion.noRegion,
                "without a region multidiffusion repaints the whole picture by the prompt, as sdedit does; say what goes "
                    + "where with --region \"x,y,width,height: a prompt\""
            ),
            (
                Pix2PixZero.noDirection,
                "the two banks of sentences mean the same to the model, so the picture only comes back; name what to "
                    + "exchange with --option from=… and --option to=…"
            ),
            (
                MaskSearch.emptyMaskWarning,
                "the two prompts make no difference that stands out anywhere, so the mask that was looked for is empty and "
                    + "the picture stays as it is; give a --mask, or leave out --option mask-from=diffedit"
            ),
            (
                PromptAdvice.notation(in: "a ((red)) pear", role: "prompt"),
                "the prompt has ((red)), which other programs take as a command and this one reads as plain words; "
                    + "--method prompt-to-prompt --option weights=word:1.3 weighs words"
            ),
            (
                unused.message,
                "--option correction (which counts only with --inversion direct and without --mask and with --source)"
            ),
            (
                ImageNotice.locationLeftOut.message,
                "where the photo was taken (GPS, place names) is left out; --keep-location keeps it"
            ),
            (
                MaskNotice.mostlyWhite(path: "m.png", share: 0.96).message,
                "m.png: the mask lets 96 % of the picture change, its rim included; if the dark part is what may change, "
                    + "add --mask-invert"
            ),
        ]
        for (message, text) in messages { #expect(message?.text(.flags) == text) }
    }

    @Test("The settings of methods are written to JSON as flags")
    func json() throws {
        let condition = Condition([.source, .option("clamp")], when: .notGiven(.mask))
        #expect(
            try jsonLine(condition)
                == #"{"counts":"without --mask","settings":["--source","--option clamp"]}"#)
    }
}
