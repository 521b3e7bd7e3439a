/// A pattern that no caption mentions, by which one object of a kind is told from another.
public struct Detail: Sendable, Codable, Hashable {
    /// The two families of marks.
    public enum Marks: String, Sendable, Codable, Hashable, CaseIterable {
        case speckles, stripes
    }
    /// Which family of marks.
    public var marks: Marks
    /// Where each mark lies.
    public var seed: UInt32

    /// A detail from its parts.
    public init(marks: Marks, seed: UInt32) {
        self.marks = marks
        self.seed = seed
    }
}

/// One thing on the table.
public struct SceneObject: Sendable, Codable, Hashable {
    /// What it is.
    public var kind: ObjectKind
    /// Its named colour.
    public var colour: ObjectColour
    /// What covers it.
    public var surface: Surface
    /// What has happened to it; one of `kind.states`.
    public var state: ObjectState
    /// Its scale: at 1 the larger of width and height is about 1.5 table units (the image shows about 3.2).
    public var size: Float
    /// Where it stands, to the right of the middle, in table units.
    public var x: Float
    /// Where it stands, towards the viewer, in table units.
    public var z: Float
    /// How far it is turned about the vertical, anticlockwise from above, in degrees.
    public var turn: Float
    /// The marks that no caption mentions.
    public var detail: Detail

    /// An object from its parts.
    public init(
        kind: ObjectKind, colour: ObjectColour, surface: Surface = .plain, state: ObjectState? = nil,
        size: Float = 1, x: Float = 0, z: Float = 0, turn: Float = 0,
        detail: Detail = Detail(marks: .speckles, seed: 0)
    ) {
        self.kind = kind
        self.colour = colour
        self.surface = surface
        self.state = state ?? kind.states[0]
        self.size = size
        self.x = x
        self.z = z
        self.turn = turn
        self.detail = detail
    }
}

/// Where the light comes from.
public struct Light: Sendable, Codable, Hashable {
    /// From the left (-1) to the right (1).
    public var side: Float
    /// Height over the horizon, as a multiple of the distance towards the viewer.
    public var height: Float

    /// A light from its direction.
    public init(side: Float = -0.6, height: Float = 1.4) {
        self.side = side
        self.height = height
    }
}

/// How the camera departs from its usual place, in table units.
public struct CameraJitter: Sendable, Codable, Hashable {
    /// To the right.
    public var side: Float
    /// Upwards.
    public var height: Float
    /// Away from the table.
    public var distance: Float

    /// A jitter from its parts.
    public init(side: Float = 0, height: Float = 0, distance: Float = 0) {
        self.side = side
        self.height = height
        self.distance = distance
    }
}

/// A still life: one to three objects on a table before a wall.
///
/// Everything in its image follows from these fields.
public struct Scene: Sendable, Codable, Hashable {
    /// The objects; captions name them from left to right.
    public var objects: [SceneObject]
    /// What they stand on.
    public var table: Table
    /// What is behind.
    public var wall: Wall
    /// Where light comes from.
    public var light: Light
    /// How the camera departs from its usual place.
    public var camera: CameraJitter
    /// How the image is made.
    public var style: Style
    /// Where the grain of the table and the wall lies.
    public var backgroundSeed: UInt32

    /// A scene from its parts.
    public init(
        objects: [SceneObject], table: Table = .wood, wall: Wall = .cream, light: Light = Light(),
        camera: CameraJitter = CameraJitter(), style: Style = .photo, backgroundSeed: UInt32 = 0
    ) {
        self.objects = objects
        self.table = table
        self.wall = wall
        self.light = light
        self.camera = camera
        self.style = style
        self.backgroundSeed = backgroundSeed
    }
}
