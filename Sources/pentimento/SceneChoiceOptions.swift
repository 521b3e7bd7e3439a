public import ArgumentParser
public import StillLife

/// What the scenes of a still-life set are made of; an option that is given may be given again.
struct SceneChoiceOptions: ParsableArguments {
    @Option(help: "Objects of a scene; 1 to 3 by default.")
    var objects: Int?

    @Option(help: ArgumentHelp("Only this kind of object; repeat for more.", valueName: "kind"))
    var kind: [ObjectKind] = []

    @Option(help: ArgumentHelp("Only this colour; repeat for more.", valueName: "colour"))
    var colour: [ObjectColour] = []

    @Option(help: ArgumentHelp("Only this surface; repeat for more.", valueName: "surface"))
    var surface: [Surface] = []

    @Option(help: ArgumentHelp("Only this table; repeat for more.", valueName: "table"))
    var table: [Table] = []

    @Option(help: ArgumentHelp("Only this wall; repeat for more.", valueName: "wall"))
    var wall: [Wall] = []

    @Option(help: ArgumentHelp("Only this style; repeat for more.", valueName: "style"))
    var style: [Style] = []

    @Option(help: ArgumentHelp("Only this kind of edit; repeat for more.", valueName: "kind"))
    var edit: [EditKind] = []

    func validate() throws {
        if let objects, !(1...3).contains(objects) {
            throw ValidationError("--objects is \(objects); it must lie in 1...3")
        }
        if let objects, objects > most {
            throw ValidationError(
                "\(objects) objects differ in kind and colour; \(most) can be made of what --kind and --colour name"
            )
        }
    }

    /// Whether nothing was chosen.
    var isEmpty: Bool {
        objects == nil && kind.isEmpty && colour.isEmpty && surface.isEmpty && table.isEmpty && wall.isEmpty
            && style.isEmpty && edit.isEmpty
    }

    /// The kinds of edits that take turns.
    var edits: [EditKind] { edit.isEmpty ? EditKind.usual : edit.distinct }

    /// The choices that scenes are drawn from.
    var choices: SceneChoices {
        var choices = SceneChoices(objects: objects.map { $0...$0 } ?? 1...most)
        if !kind.isEmpty { choices.kinds = kind.distinct }
        if !colour.isEmpty { choices.colours = colour.distinct }
        if !surface.isEmpty { choices.surfaces = surface.distinct }
        if !table.isEmpty { choices.tables = table.distinct }
        if !wall.isEmpty { choices.walls = wall.distinct }
        if !style.isEmpty { choices.styles = style.distinct }
        return choices
    }

    /// The largest scene: no two objects of it have a kind or a colour in common.
    private var most: Int {
        [kind.distinct.count, colour.distinct.count].filter { $0 > 0 }.reduce(3, min)
    }
}

extension Array where Element: Hashable {
    /// Each element once, in the order of its first place.
    fileprivate var distinct: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

extension ObjectKind: ExpressibleByArgument {}
extension ObjectColour: ExpressibleByArgument {}
extension Surface: ExpressibleByArgument {}
extension Table: ExpressibleByArgument {}
extension Wall: ExpressibleByArgument {}
extension Style: ExpressibleByArgument {}
extension EditKind: ExpressibleByArgument {}
