/// What an object is.
public enum ObjectKind: String, Sendable, Codable, Hashable, CaseIterable {
    case apple, pear, lemon, ball, cube, mug, bottle, bowl, candle, mushroom, cone, ring, book, vase, teapot,
        duck

    /// The states an object of this kind can be in, the ordinary (unmentioned) one first.
    public var states: [ObjectState] {
        switch self {
        case .apple: [.whole, .bitten]
        case .candle: [.unlit, .lit]
        case .book: [.shut, .open]
        default: [.whole]
        }
    }

    /// How captions say which side the object shows, before "left" or "right"; nil where no side is told.
    public var sideWords: String? {
        switch self {
        case .duck: "facing"
        case .mug: "with its handle on the"
        case .teapot: "with its spout on the"
        default: nil
        }
    }
}

/// The named colours, chosen to be told apart at a glance.
public enum ObjectColour: String, Sendable, Codable, Hashable, CaseIterable {
    case red, orange, yellow, green, blue, purple, pink, brown, white, black
}

/// What covers an object.
public enum Surface: String, Sendable, Codable, Hashable, CaseIterable {
    /// The ordinary finish, which captions do not mention.
    case plain
    /// Polished metal tinted with the object's colour.
    case metallic
    /// Bands of a neutral second colour.
    case striped
    /// Dots of a neutral second colour.
    case dotted
}

/// What has happened to an object.
public enum ObjectState: String, Sendable, Codable, Hashable, CaseIterable {
    case whole, bitten, unlit, lit, shut, open

    /// The adjective in a caption.
    public var word: String { self == .shut ? "closed" : rawValue }

    /// Whether captions leave the state out unless asked.
    public var isOrdinary: Bool { self == .whole || self == .unlit || self == .shut }
}

/// What the objects stand on.
public enum Table: String, Sendable, Codable, Hashable, CaseIterable {
    case wood, marble, cloth, slate

    /// The phrases of captions, the common one first.
    public var phrases: [String] {
        switch self {
        case .wood: ["a wooden table", "a wood table"]
        case .marble: ["a marble table", "a marble slab"]
        case .cloth: ["a checkered cloth", "a checkered tablecloth"]
        case .slate: ["a slate table", "a slate slab"]
        }
    }
}

/// What is behind the table.
public enum Wall: String, Sendable, Codable, Hashable, CaseIterable {
    case cream, blue, brick, wallpaper

    /// The phrases of captions, the common one first.
    public var phrases: [String] {
        switch self {
        case .cream: ["a cream wall", "a cream coloured wall"]
        case .blue: ["a blue wall", "a light blue wall"]
        case .brick: ["a brick wall", "a wall of bricks"]
        case .wallpaper: ["striped wallpaper", "green striped wallpaper"]
        }
    }
}

/// How the image is made.
public enum Style: String, Sendable, Codable, Hashable, CaseIterable {
    case photo, pencil, painting, pixelArt

    /// What stands before "of" in a caption.
    public var phrase: String {
        switch self {
        case .photo: "a photo"
        case .pencil: "a pencil sketch"
        case .painting: "a painting"
        case .pixelArt: "pixel art"
        }
    }
}
