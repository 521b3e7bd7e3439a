public import StillLife

/// What an image shows, in the still-life world's own words, with the judge's probabilities.
public struct ImageAttributes: Sendable, Hashable, Codable {
    /// An object that was seen.
    public struct Object: Sendable, Hashable, Codable {
        /// What it is.
        public var kind: ObjectKind
        /// Its colour.
        public var colour: ObjectColour
        /// What covers it.
        public var surface: Surface
        /// What has happened to it; one of the kind's states.
        public var state: ObjectState
        /// How sure the judge is that such an object is there, 0…1.
        public var probability: Double
        /// How sure it is of the colour, 0…1.
        public var colourProbability: Double
    }

    /// The objects seen, the surest first; never empty.
    public var objects: [Object]
    /// How many objects there are; kinds that come twice are only counted here.
    public var count: Int
    /// What they stand on.
    public var table: Table
    /// What is behind.
    public var wall: Wall
    /// How the image is made.
    public var style: Style
    /// Probabilities of `count`, `table`, `wall` and `style`.
    public var probabilities: [String: Double]

    /// The object of a kind, where one was seen.
    public func object(_ kind: ObjectKind) -> Object? { objects.first { $0.kind == kind } }
}

/// What an image is wanted to show; what is left out may be anything.
public struct WantedScene: Sendable, Hashable, Codable {
    /// An object that is wanted.
    public struct Object: Sendable, Hashable, Codable {
        /// What it should be.
        public var kind: ObjectKind
        /// Its colour, where one is wanted.
        public var colour: ObjectColour?
        /// Its state, where one is wanted.
        public var state: ObjectState?

        /// An object that is wanted.
        public init(kind: ObjectKind, colour: ObjectColour? = nil, state: ObjectState? = nil) {
            self.kind = kind
            self.colour = colour
            self.state = state
        }
    }

    /// The objects; no two of one kind.
    public var objects: [Object]
    /// What they should stand on.
    public var table: Table?
    /// What should be behind.
    public var wall: Wall?
    /// How the image should be made.
    public var style: Style?

    /// A scene that is wanted.
    public init(objects: [Object], table: Table? = nil, wall: Wall? = nil, style: Style? = nil) {
        self.objects = objects
        self.table = table
        self.wall = wall
        self.style = style
    }

    /// Everything about a true scene.
    public init(_ scene: Scene) {
        self.init(
            objects: scene.objects.map { Object(kind: $0.kind, colour: $0.colour, state: $0.state) },
            table: scene.table, wall: scene.wall, style: scene.style)
    }
}

/// How an image compares with what was wanted; nil where nothing was asked.
public struct Verdict: Sendable, Hashable, Codable {
    /// Whether every wanted kind is there (and, of one object, is the surest).
    public var kinds: Bool
    /// Whether, besides, every wanted object has its own colour.
    public var colours: Bool
    /// Whether, besides, every wanted state is right; nil where no state is told of.
    public var states: Bool?
    /// Whether nothing else is seen: as many kinds as are wanted.
    public var nothingElse: Bool
    /// Whether the number of objects is right.
    public var count: Bool
    /// Whether the table is right.
    public var table: Bool?
    /// Whether the wall is right.
    public var wall: Bool?
    /// Whether the style is right.
    public var style: Bool?

    /// Compares what was seen with what was wanted.
    ///
    /// A lone object counts where its kind is the surest of all; each of several where it is seen at all.
    public init(_ seen: ImageAttributes, wanted: WantedScene) {
        let pairs = wanted.objects.map { object in (wanted: object, seen: seen.object(object.kind)) }
        kinds =
            wanted.objects.count == 1
            ? seen.objects.first?.kind == wanted.objects[0].kind : pairs.allSatisfy { $0.seen != nil }
        colours =
            kinds && pairs.allSatisfy { $0.wanted.colour == nil || $0.seen?.colour == $0.wanted.colour }
        let told = pairs.filter { $0.wanted.state != nil && $0.wanted.kind.states.count > 1 }
        states = told.isEmpty ? nil : kinds && told.allSatisfy { $0.seen?.state == $0.wanted.state }
        nothingElse = kinds && seen.objects.count == wanted.objects.count
        count = seen.count == wanted.objects.count
        table = wanted.table.map { $0 == seen.table }
        wall = wanted.wall.map { $0 == seen.wall }
        style = wanted.style.map { $0 == seen.style }
    }
}
