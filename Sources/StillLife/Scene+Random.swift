/// What a random scene may be made of; every field starts as "anything".
public struct SceneChoices: Sendable, Hashable, Codable {
    /// How many objects.
    public var objects: ClosedRange<Int>
    /// What they may be.
    public var kinds: [ObjectKind]
    /// Which colours they may have.
    public var colours: [ObjectColour]
    /// What may cover them; `plain` is drawn in two of three cases where it is allowed.
    public var surfaces: [Surface]
    /// What they may stand on.
    public var tables: [Table]
    /// What may be behind.
    public var walls: [Wall]
    /// How the image may be made; `photo` is drawn in three of five cases where it is allowed.
    public var styles: [Style]

    /// Choices among the named values.
    public init(
        objects: ClosedRange<Int> = 1...3, kinds: [ObjectKind] = ObjectKind.allCases,
        colours: [ObjectColour] = ObjectColour.allCases, surfaces: [Surface] = Surface.allCases,
        tables: [Table] = Table.allCases, walls: [Wall] = Wall.allCases, styles: [Style] = Style.allCases
    ) {
        self.objects = objects
        self.kinds = kinds
        self.colours = colours
        self.surfaces = surfaces
        self.tables = tables
        self.walls = walls
        self.styles = styles
    }
}

extension Scene {
    /// A random scene: everything follows from the seed.
    public static func random(seed: UInt64, objects: ClosedRange<Int> = 1...3) -> Scene {
        random(seed: seed, from: SceneChoices(objects: objects))
    }

    /// A random scene made of the given choices.
    ///
    /// Kinds and colours differ between the objects of a scene.
    /// - Precondition: the choices hold at least as many kinds and colours as objects, and one of everything else.
    public static func random(seed: UInt64, from choices: SceneChoices) -> Scene {
        let most = min(choices.kinds.count, choices.colours.count)
        precondition(
            choices.objects.lowerBound >= 1 && choices.objects.upperBound <= 3
                && choices.objects.upperBound <= most,
            "\(choices.objects) objects cannot be drawn from \(most) kinds and colours (a scene holds 1 to 3)"
        )
        var generator = SeededGenerator(seed: seed)
        let count = choices.objects.lowerBound + generator.below(choices.objects.count)
        var scene = Scene(
            objects: [], table: generator.pick(choices.tables), wall: generator.pick(choices.walls),
            light: Light(
                side: generator.between(0.25, 0.9) * (generator.chance(0.5) ? 1 : -1),
                height: generator.between(1.1, 2)),
            camera: CameraJitter(
                side: generator.between(-0.2, 0.2), height: generator.between(-0.2, 0.25),
                distance: generator.between(-0.1, 0.25)),
            style: favouring(.photo, in: choices.styles, probability: 0.6, with: &generator),
            backgroundSeed: UInt32(truncatingIfNeeded: generator.next()))
        var kinds = choices.kinds
        var colours = choices.colours
        var objects: [SceneObject] = []
        for _ in 0..<count {
            let kind = kinds.remove(at: generator.below(kinds.count))
            let colour = colours.remove(at: generator.below(colours.count))
            objects.append(
                SceneObject(
                    kind: kind, colour: colour,
                    surface: favouring(.plain, in: choices.surfaces, probability: 0.67, with: &generator),
                    state: generator.pick(kind.states), turn: usualTurn(of: kind, with: &generator),
                    detail: Detail(
                        marks: generator.pick(Detail.Marks.allCases),
                        seed: UInt32(truncatingIfNeeded: generator.next()))))
        }
        scene.objects = objects
        scene.arrange(with: &generator)
        return scene
    }

    /// Draws a favourite with the given probability and the others evenly otherwise.
    static func favouring<Choice: Equatable>(
        _ favourite: Choice, in choices: [Choice], probability: Float, with generator: inout SeededGenerator
    ) -> Choice {
        let others = choices.filter { $0 != favourite }
        let favours = generator.chance(probability)
        if choices.contains(favourite), favours || others.isEmpty { return favourite }
        return generator.pick(others)
    }

    /// A turn that shows what the kind is, in degrees.
    static func usualTurn(of kind: ObjectKind, with generator: inout SeededGenerator) -> Float {
        switch kind {
        case .mug, .teapot, .duck: generator.between(-35, 35) + (generator.chance(0.5) ? 180 : 0)
        case .book: generator.between(-30, 30)
        case .ring: generator.between(-40, 40)
        case .cube: generator.between(15, 75)
        default: generator.between(-30, 30)
        }
    }

    /// Puts the objects side by side, sized so that all fit, trying again until they do.
    mutating func arrange(with generator: inout SeededGenerator) {
        let usual: Float = [1.05, 0.92, 0.8][objects.count - 1]
        for attempt in 0..<60 {
            let shrink = 1 - 0.008 * Float(attempt)
            let widths = objects.map { Solid.halfWidth(of: $0.kind, state: $0.state, turn: $0.turn) * 2 }
            for index in objects.indices {
                objects[index].size = usual * shrink * generator.between(0.92, 1.08)
            }
            let room: Float = 2.84
            var total = zip(widths, objects).reduce(Float(0)) { $0 + $1.0 * $1.1.size }
            // Three in a row stand alternately nearer and farther, so that they may hide a little of each
            // other.
            let lap: Float = objects.count == 3 ? 0.05 * total * (1 - Float(attempt) / 30) : 0.02
            let fit = min(1, (room + lap * Float(objects.count - 1)) / total)
            for index in objects.indices { objects[index].size *= fit }
            total *= fit
            let gap = max(-lap, min(0.3, (room - total) / Float(objects.count + 1)))
            var left = -(total + gap * Float(objects.count - 1)) / 2 + camera.side * 0.3
            let slack = max(0, room - total - gap * Float(objects.count - 1)) / 2
            left += generator.between(-0.5, 0.5) * slack
            for index in objects.indices {
                let width = widths[index] * objects[index].size
                objects[index].x = left + width / 2
                objects[index].z =
                    objects.count < 3
                    ? generator.between(-0.4, 0.2)
                    : (index == 1 ? -0.5 : 0.15) + generator.between(-0.1, 0.1)
                left += width + gap
            }
            if isComposed { return }
        }
    }
}
