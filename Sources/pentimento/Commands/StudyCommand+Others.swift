import ArgumentParser
import Benchmarks
import Editing
import Support

/// `pentimento study tedbench`: the three methods that were compared on TEdBench, with the published numbers beside.
struct TEdBenchStudy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tedbench",
        abstract:
            "Runs Plug-and-Play, HiPer and Imagic on TEdBench; the page has the published numbers beside.",
        discussion: """
            pentimento study tedbench --data TEdBench/ --model MODEL -o RUN/

            The same as benchmark tedbench with these methods, which also tells of masks, parts and results made elsewhere. \
            TEdBench says nothing of the pictures before: texts for them in source_captions.json beside its list make \
            directions and methods that need a source possible.
            """)

    @Option(help: ArgumentHelp("TEdBench's folder: input_list.json and originals/.", valueName: "dir"))
    var data: String

    @Option(help: ArgumentHelp("Which methods: names with commas between.", valueName: "a,b,…"))
    var methods = "plug-and-play,hiper,imagic"

    @Option(help: "How many of the edits, from the first.")
    var items: Int?

    @Option(help: ArgumentHelp("The pair of CLIP towers that measures.", valueName: "dir"))
    var clip: String?

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The run's folder, new or of the same run.", valueName: "dir")
    )
    var output: String

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The model's folder, or its name.", valueName: "name|dir"))
    var model: String?

    func run() async throws {
        var arguments = ["tedbench", "--data", data, "--methods", methods, "-o", output]
        if let items { arguments += ["--items", "\(items)"] }
        if let clip { arguments += ["--clip", clip] }
        if let model { arguments += ["--model", model] }
        try await RunBenchmark.parse(arguments).run()
    }
}

/// `pentimento study taxonomy`: how methods differ, in a table.
struct TaxonomyStudy: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "taxonomy",
        abstract:
            "Prints a table of what each method asks for and does, as Markdown, from the methods' own descriptions."
    )

    func run() throws {
        Terminal.print(Taxonomy.table(Registry.all.map { $0.description }).markdown)
    }
}
