import Diffusion
import ImageMetrics
public import Imaging
public import Perception
public import StillLife
import Tensors

/// How well a network finds what texts name in still lifes, against the renderer's truth.
public struct RelevanceAccuracy: Sendable, Hashable, Codable {
    /// How well one thing is found.
    public struct Found: Sendable, Hashable, Codable {
        /// Pixels in both over pixels in either of what is held to show it and of what does, the mean over images.
        public var overlap: Double
        /// Average precision of the relevance of pixels, the mean over images.
        public var averagePrecision: Double
        /// How many were looked for.
        public var count: Int
    }

    /// By kind of object, as "apple"; and "table" and "wall".
    public var things: [String: Found] = [:]
    /// Objects under colour and kind, as "a red apple".
    public var coloured: Found?
    /// The share of texts of what is not there for which at most a hundredth of the image was found.
    public var silence: Double?

    /// Mean overlap over kinds of object, each counting the same.
    public var overlap: Double { mean(objects.map(\.overlap)) }
    /// Mean of the average precision likewise.
    public var averagePrecision: Double { mean(objects.map(\.averagePrecision)) }

    private var objects: [Found] {
        things.filter { ObjectKind(rawValue: $0.key) != nil }.sorted { $0.key < $1.key }.map(\.value)
    }
}

/// A still life with the truth of its pixels, and its image as it is looked at.
public struct SeenScene: Sendable {
    /// The scene.
    public var scene: Scene
    /// The image: a render, or what came of one.
    public var image: Image
    /// For each pixel the object that it shows, -1 for the table, -2 for the wall.
    public var identities: [Int8]

    /// A scene from its parts.
    public init(scene: Scene, image: Image, identities: [Int8]) {
        self.scene = scene
        self.image = image
        self.identities = identities
    }
}

extension RelevanceAccuracy {
    /// Asks a network about still lifes: every object by its kind and by colour and kind, table, wall, and per scene an
    /// object and a colour that are not there.
    /// - Throws: what the network throws; `CancellationError`.
    public init(of network: any RelevanceNetwork, on scenes: some Sequence<SeenScene>) throws {
        var found: [String: [(overlap: Double, precision: Double)]] = [:]
        var (silent, absent) = (0, 0)
        for (index, seen) in scenes.enumerated() {
            try Task.checkCancellation()
            let texts = Self.texts(about: seen.scene, seed: UInt64(index))
            let image = seen.image.tensor()
            let logits = try withoutGradients {
                try network.relevance(
                    of: image.expanded([texts.count] + image.shape.dropFirst()), to: texts.map(\.asked.text)
                ).scalars(as: Double.self)
            }
            let pixels = seen.identities.count
            for (row, text) in texts.enumerated() {
                let values = Array(logits[(row * pixels)..<((row + 1) * pixels)])
                func area(_ values: [Bool]) -> ImageArea {
                    ImageArea(width: seen.image.width, height: seen.image.height, values: values)
                }
                let shown = area(values.map { $0 > 0 })
                guard let name = text.name else {
                    absent += 1
                    silent += shown.share <= 0.01 ? 1 : 0
                    continue
                }
                let truth = area(seen.identities.map(text.asked.isShown))
                guard let precision = truth.averagePrecision(of: values) else { continue }
                found[name, default: []].append(
                    (shown.agreement(with: truth).intersectionOverUnion ?? 0, precision))
            }
        }
        things = found.mapValues { values in
            Found(
                overlap: mean(values.map(\.overlap)), averagePrecision: mean(values.map(\.precision)),
                count: values.count)
        }
        coloured = things.removeValue(forKey: Self.coloured)
        silence = absent > 0 ? Double(silent) / Double(absent) : nil
    }

    private static let coloured = "colour and kind"

    /// What is asked about a scene, with the name that answers are counted under; none for what is not there.
    private static func texts(about scene: Scene, seed: UInt64) -> [(name: String?, asked: AskedText)] {
        var texts: [(String?, AskedText)] = []
        for (index, object) in scene.objects.enumerated() {
            texts.append((object.kind.rawValue, AskedText(object.kind.rawValue, objects: [index])))
            let name = "\(object.colour.rawValue) \(object.kind.rawValue)"
            texts.append((coloured, AskedText(name, objects: [index])))
        }
        texts.append(("table", AskedText("table", showsTable: true)))
        texts.append(("wall", AskedText("wall", showsWall: true)))
        var generator = SeededGenerator(seed: seed)
        let kinds = ObjectKind.allCases.filter { kind in !scene.objects.contains { $0.kind == kind } }
        texts.append((nil, AskedText(generator.pick(kinds).rawValue)))
        let colours = ObjectColour.allCases.filter { $0 != scene.objects[0].colour }
        let other = generator.pick(colours).rawValue
        texts.append((nil, AskedText("\(other) \(scene.objects[0].kind.rawValue)")))
        return texts
    }
}

extension RelevanceAccuracy: CustomStringConvertible {
    /// The numbers in one line.
    public var description: String {
        func share(_ value: Double?) -> String {
            value.map { String(($0 * 1000).rounded() / 10) } ?? "–"
        }
        let each = things.sorted { $0.key < $1.key }.map { "\($0.key) \(share($0.value.overlap))" }
        return
            "overlap \(share(overlap)) %, average precision \(share(averagePrecision)) %, by colour and kind "
            + "\(share(coloured?.overlap)) %, silent about what is not there \(share(silence)) %; "
            + each.joined(separator: ", ")
    }
}
