import ArgumentParser
import Editing
import Service
import Support

/// The pair of CLIP towers that guides methods and chooses among results.
struct CLIPOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The pair of towers that text2live and diffusionclip are guided by and --best-of asks; MODEL-clip beside the model "
                + "where not given.", valueName: "dir"))
    var clip: String?

    /// The folder that was named, or else the one beside a model; nil where there is none.
    func folder(model: String) throws -> String? { try ModelPlaces.companion(clip, of: model, "clip") }

    /// The pair beside a model, or the one that was named; nil where there is none.
    func source(model: String) throws -> CLIPSource? {
        try .companion(clip, of: model)
    }

    /// The pair for a method that needs one; nil where it needs none.
    /// - Throws: `Failure` where one is needed and there is none.
    func source(for method: MethodDescription, model: () throws -> String) throws -> CLIPSource? {
        guard method.needs.clip == true else { return nil }
        let model = try model()
        if let found = try source(model: model) { return found }
        throw Failure.missing(
            "\(method.name) needs a pair of CLIP towers, and there is no \(lastName(of: model))-clip beside the model; "
                + "name its folder with --clip")
    }
}
