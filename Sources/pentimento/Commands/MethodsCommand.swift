import ArgumentParser
import Diffusion
import Editing
import Service

/// `pentimento methods`: what each method is, needs and can be told.
struct MethodsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "methods",
        abstract: "Lists the editing methods: what each needs, its options with defaults, its paper.",
        discussion: """
            pentimento methods diffedit
            pentimento methods --inversions null-text
            pentimento methods diffedit --model flowers

            --json is a list of objects: name, title, aliases, summary, paper, year; needs (source, mask and regions: \
            unused, optional or required; inversion, tuning, gradients, imageChannels, relevance: true or false); standard and \
            presets, an object by preset's name (steps, guidance, strength, inversion); options, a list with name, \
            symbol, help, standard, presets and kind: {"type": "integer" or "number", "minimum": …, "maximum": …}, \
            {"type": "choice", "values": […]}, {"type": "text"} or {"type": "flag"}; conditions, a list with settings and \
            when they count; with --model also model (guidance, steps, strength, options), where its folder says \
            something. For example: pentimento methods sdedit --json | jq '.[0].presets.fast.steps'
            """)

    @Argument(help: "One method, or with --inversions one inversion; all of them where none is named.")
    var name: String?

    @Flag(help: "The ways to bring a photo to noise instead (for --inversion).")
    var inversions = false

    @Option(
        name: [.short, .customLong("model")],
        help: ArgumentHelp(
            "Also what the folder of a model says of good settings for it.", valueName: "name|dir"))
    var model: String?

    @Flag(help: "As JSON.")
    var json = false

    func run() throws {
        if inversions { return try listInversions() }
        let known = try name.map { [try Registry.method(named: $0)] } ?? Registry.all
        let folder = try model.map { try ModelFolder(path: try Program.places.folder(of: $0)) }
        let methods = try known.map { method in
            let description = method.description
            return Listed(description, with: try folder?.settings.map { try description.values(of: $0) })
        }
        if json {
            Terminal.print(try jsonText(methods))
        } else {
            let name = folder?.name ?? ""
            Terminal.print(
                methods.map { method in
                    let own = method.model?.flags.map { "\n  with the model \(name): \($0)" } ?? ""
                    return Self.text(method.description) + own
                }.joined(separator: "\n\n"))
        }
    }

    /// A method, and what the model that was named says of good settings.
    private struct Listed: Encodable {
        let description: MethodDescription
        let model: ModelSettings.Values?

        init(_ description: MethodDescription, with model: ModelSettings.Values?) {
            self.description = description
            self.model = model
        }

        private enum Keys: String, CodingKey { case model }

        /// The method's own keys, and one more.
        func encode(to encoder: any Encoder) throws {
            try description.encode(to: encoder)
            var container = encoder.container(keyedBy: Keys.self)
            try container.encodeIfPresent(model, forKey: .model)
        }
    }

    private func listInversions() throws {
        let known = try name.map { [try InversionKind.named($0).description] } ?? InversionDescription.all
        if json {
            Terminal.print(try jsonText(known))
        } else {
            Terminal.print(known.map(Self.text).joined(separator: "\n\n"))
        }
    }

    /// An inversion for people.
    private static func text(_ inversion: InversionDescription) -> String {
        let exact = inversion.isExact ? "; the source comes back exactly" : ""
        let lines = [
            "\(inversion.kind.rawValue): \(inversion.title)", "  \(inversion.summary)",
            "  \(inversion.paper)", "  costs \(inversion.cost) for K levels\(exact)",
        ]
        return (lines + inversion.options.flatMap { text($0, flag: "--inversion-option") })
            .joined(separator: "\n")
    }

    /// An option for people.
    private static func text(_ option: OptionDescription, flag: String) -> [String] {
        let others = option.presets.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { ", \($0.key.rawValue): \($0.value)" }.joined()
        let symbol = option.symbol.map { " [\($0)]" } ?? ""
        return [
            "  \(flag) \(option.name)=\(option.standard)\(symbol)  \(option.help)",
            "      \(option.expectation)\(others)",
        ]
    }

    /// A method for people.
    private static func text(_ method: MethodDescription) -> String {
        let mark = method.name == Registry.standard ? " (the default)" : ""
        var lines = [
            "\(method.name)\(mark): \(method.title)", "  \(method.summary)", "  \(method.paper)",
        ]
        if !method.aliases.isEmpty { lines.append("  also called \(method.aliases.joined(separator: ", "))") }
        let samples = method.needs.sampling != false
        let needs = [
            needed("--source", method.needs.source), needed("--mask", method.needs.mask),
            needed("--region", method.needs.regions),
            method.needs.inversion ? "inverts the photo" : nil,
            method.needs.tuning
                ? "tunes \(samples ? "the model" : "a network of its own") to the photo" : nil,
            method.needs.gradients ? "computes gradients" : nil,
            method.needs.imageChannels ? "needs a model trained for it" : nil,
            method.needs.relevance ? "is guided by --relevance" : nil,
            method.needs.clip == true ? "is guided by --clip" : nil,
        ].compactMap(\.self)
        if !needs.isEmpty { lines.append("  " + needs.joined(separator: "; ")) }
        for preset in method.presetNames where samples {
            let settings = method.settings(preset)
            guard preset == .paper || settings != method.standard else { continue }
            lines.append("  --preset \(preset.rawValue): \(text(settings))")
        }
        for (_, settings) in method.inversions.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            lines.append("  as its own paper: \(text(settings))")
        }
        lines += method.options.flatMap { text($0, flag: "--option") }
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
            + (settings.offset.map { " --steps-offset \($0)" } ?? "")
    }
}
