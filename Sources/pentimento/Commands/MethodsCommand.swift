import ArgumentParser
import Editing

/// `pentimento methods`: what each method is, needs and can be told.
struct MethodsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "methods",
        abstract: "Lists the editing methods: what each needs, its options with defaults, its paper.",
        discussion: """
            pentimento methods diffedit
            """)

    @Argument(help: "One method; all of them where none is named.")
    var name: String?

    @Flag(help: "As JSON.")
    var json = false

    func run() throws {
        let known = try name.map { [try Registry.method(named: $0)] } ?? Registry.all
        let methods = known.map { $0.description }
        if json {
            Terminal.print(try jsonText(methods))
        } else {
            Terminal.print(methods.map(Self.text).joined(separator: "\n\n"))
        }
    }

    /// A method for people.
    private static func text(_ method: MethodDescription) -> String {
        let mark = method.name == Registry.standard ? " (the default)" : ""
        var lines = [
            "\(method.name)\(mark): \(method.title)", "  \(method.summary)",
            "  \(method.paper), \(method.year)",
        ]
        let needs = [
            needed("--source", method.needs.source), needed("--mask", method.needs.mask),
            needed("--region", method.needs.regions),
            method.needs.inversion ? "inverts the photo" : nil,
            method.needs.tuning ? "tunes the model to the photo" : nil,
            method.needs.gradients ? "computes gradients" : nil,
            method.needs.pictureChannels ? "needs a model trained for it" : nil,
        ].compactMap(\.self)
        if !needs.isEmpty { lines.append("  " + needs.joined(separator: "; ")) }
        for preset in Preset.allCases {
            let settings = method.settings(preset)
            guard preset == .paper || settings != method.standard else { continue }
            lines.append("  --preset \(preset.rawValue): \(text(settings))")
        }
        for option in method.options {
            let others = option.presets.sorted { $0.key.rawValue < $1.key.rawValue }
                .map { ", \($0.key.rawValue): \($0.value)" }.joined()
            let symbol = option.symbol.map { " [\($0)]" } ?? ""
            lines.append("  --option \(option.name)=\(option.standard)\(symbol)  \(option.help)")
            lines.append("      \(option.expectation)\(others)")
        }
        return lines.joined(separator: "\n")
    }

    private static func needed(_ flag: String, _ need: MethodDescription.Need) -> String? {
        switch need {
        case .unused: nil
        case .optional: "\(flag) if you like"
        case .required: "needs \(flag)"
        }
    }

    private static func text(_ settings: MethodDescription.Settings) -> String {
        "--steps \(settings.steps) --guidance \(OptionValue.number(settings.guidance))"
            + (settings.strength.map { " --strength \(OptionValue.number($0))" } ?? "")
            + (settings.inversion.map { " --inversion \($0.rawValue)" } ?? "")
    }
}
