import ArgumentParser
import Editing
import Perception
import Service
import Support
import Tensors

/// The network that tells where a picture shows a text, for methods that are guided by one.
struct RelevanceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The network that mrgd is guided by; MODEL-clipseg beside the model where not given.",
            valueName: "folder"))
    var relevance: String?

    /// The network for a method; nil where the method needs none.
    /// - Parameter model: the model's folder.
    /// - Throws: `Failure` where one is needed and there is none.
    func source(for method: MethodDescription, model: String) throws -> RelevanceSource? {
        guard method.needs.relevance else { return nil }
        if let found = try source(model: model) { return found }
        throw Failure.missing(
            "\(method.name) needs a network that tells where a picture shows a text, and there is no "
                + "\(lastName(of: model))-clipseg beside the model; name its folder with --relevance")
    }

    /// The network that was named, or else the one beside a model; nil where there is none.
    func source(model: String) throws -> RelevanceSource? {
        try .companion(relevance, of: model)
    }
}
