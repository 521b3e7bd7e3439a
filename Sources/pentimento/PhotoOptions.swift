import ArgumentParser
import Editing
import Networks
import Perception
import PhotoStudy
import Tensors

/// Held-out photos that edits are measured on, in place of still lifes.
struct PhotoOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Measure on held-out photos: a folder that Scripts/flowers made; \(Self.usual) where the model's judge is one \
            of labels.
            """, valueName: "dir"))
    var photos: String?

    @Flag(
        help: "Take the photos that are set aside to choose settings on, in place of those that are measured."
    )
    var tuning = false

    /// The folder where none is named.
    static let usual = "build/flowers"

    /// Which photos.
    var part: PhotoSet.Part { tuning ? .tuning : .measured }

    /// The photos; nil where still lifes are meant.
    /// - Parameter judge: the judge's folder.
    func set(judge: String?) throws -> PhotoSet? {
        let isLabelling = try judge.map { try LabelNetworkConfiguration.describes($0 + "/config.json") }
        guard photos != nil || isLabelling == true else {
            if tuning {
                throw Failure.usage("--tuning chooses among photos; name their folder with --photos")
            }
            return nil
        }
        if isLabelling == false, let judge {
            throw Failure.badInput("\(judge) is no judge of labels, which photos need")
        }
        return try PhotoSet(folder: photos ?? Self.usual)
    }
}

/// How many photos an evaluation looks at, and how it asks for edits of them.
struct PhotoEvaluationOptions: ParsableArguments {
    @Option(help: "Generated pictures of photos' kinds and colours.")
    var pictures = PhotoEvaluationSettings().pictures

    @Option(help: "The most photos that the judge looks at.")
    var judged = PhotoEvaluationSettings().judged

    @Option(help: "Edits of colour, whose true results are known.")
    var colourEdits = PhotoEvaluationSettings().colourEdits

    @Option(help: "Edits of kind.")
    var kindEdits = PhotoEvaluationSettings().kindEdits

    @Option(help: "The method that edits photos (see methods).")
    var method = PhotoEvaluationSettings.Edit().method

    @Option(help: ArgumentHelp(stringLiteral: Preset.help))
    var preset: Preset?

    @Option(help: "How strongly prompts of edits count; by default the method's own.")
    var editGuidance: Double?

    @Option(help: "Steps of edits; by default the method's own.")
    var editSteps: Int?

    @Option(parsing: .unconditional, help: "How much of the trajectory is redone, above 0 to 1.")
    var strength: Double?

    @Option(
        help: ArgumentHelp("An option of the method; may be given several times.", valueName: "key=value"))
    var option: [String] = []

    func validate() throws {
        for (name, count) in [
            ("pictures", pictures), ("judged", judged), ("colour-edits", colourEdits),
            ("kind-edits", kindEdits),
        ] where !(0...1_000_000).contains(count) {
            throw ValidationError("--\(name) is \(count); it must lie in 0...1000000")
        }
    }

    /// What is measured, but for what other options say; checked.
    func settings() throws -> PhotoEvaluationSettings {
        var settings = PhotoEvaluationSettings()
        (settings.pictures, settings.judged) = (pictures, judged)
        (settings.colourEdits, settings.kindEdits) = (colourEdits, kindEdits)
        (settings.edit.method, settings.edit.preset) = (method, preset)
        settings.edit.options = try Options.parse(option)
        (settings.edit.steps, settings.edit.guidance) = (editSteps, editGuidance)
        settings.edit.strength = strength
        _ = try settings.edit.settings(prompt: "a photo", source: "a photo", seed: 0).checked()
        return settings
    }
}

extension LabelJudge {
    /// A judge that a command needs.
    static func needed(_ folder: String, device: Device) throws -> LabelJudge {
        guard let judge = try LabelJudge(ifLabelling: folder, device: device) else {
            throw Failure.badInput("\(folder) is no judge of labels, which photos need")
        }
        return judge
    }
}
