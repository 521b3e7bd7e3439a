import Imaging

/// What is true of a scene's image, for judges and reports.
public struct SceneFacts: Sendable, Codable, Hashable {
    /// What is true of one object.
    public struct ObjectFacts: Sendable, Codable, Hashable {
        /// What it is.
        public var kind: ObjectKind
        /// Its named colour.
        public var colour: ObjectColour
        /// What covers it.
        public var surface: Surface
        /// What has happened to it.
        public var state: ObjectState
        /// The side it shows, "left" or "right"; nil for kinds without.
        public var side: String?
        /// Its place in the row from the left, from 0.
        public var placeFromLeft: Int
        /// The box around its visible pixels; nil where it cannot be seen.
        public var box: Box?
        /// How many pixels show it.
        public var visiblePixels: Int
    }

    /// The objects, in the scene's order.
    public var objects: [ObjectFacts]
    /// What they stand on.
    public var table: Table
    /// What is behind.
    public var wall: Wall
    /// How the image is made.
    public var style: Style
    /// "left" or "right": where the light comes from.
    public var lightFrom: String
    /// Pixels in a row of the image that boxes and counts refer to.
    public var size: Int
}

extension Scene {
    /// What is true of the scene in a rendering of it.
    /// - Precondition: the rendering is of a scene with as many objects.
    public func facts(in rendering: Rendering) -> SceneFacts {
        precondition(
            rendering.coverage.count == objects.count,
            "a rendering with \(rendering.coverage.count) objects is not of a scene with \(objects.count)")
        let row = objects.indices.sorted { objects[$0].x < objects[$1].x }
        return SceneFacts(
            objects: objects.enumerated().map { index, object in
                SceneFacts.ObjectFacts(
                    kind: object.kind, colour: object.colour, surface: object.surface, state: object.state,
                    side: object.side, placeFromLeft: row.firstIndex(of: index) ?? 0,
                    box: rendering.box(of: index),
                    visiblePixels: rendering.coverage[index].reduce(0) { $0 + ($1 >= 2 ? 1 : 0) })
            },
            table: table, wall: wall, style: style, lightFrom: light.side < 0 ? "left" : "right",
            size: rendering.image.width)
    }
}
