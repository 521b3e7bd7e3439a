package import Foundation

/// A picture that is kept: what its file is, told without opening it.
package struct PictureRow: Sendable, Equatable {
    /// Where a picture came from.
    package enum Origin: String, Sendable { case upload, result, painted, mask, soft }

    /// The SHA-256 of its bytes, in hex.
    package var id: String
    /// Bytes of its file.
    package var bytes: Int
    /// Pixels in a row, upright.
    package var width: Int
    /// Rows, upright.
    package var height: Int
    /// The kind of file, as `ImageFormat` names it.
    package var format: String
    /// EXIF's orientation of the stored pixels, 1 to 8.
    package var orientation: Int
    /// Whether it has colours other than sRGB.
    package var hasProfile: Bool
    /// What its owner calls it.
    package var label: String?
    /// What was said when it was read.
    package var notices: [String]
    /// Texts of its file by key: the account and the webui's settings.
    package var texts: [String: String]
    /// Where it came from.
    package var origin: Origin
    /// When it was first kept.
    package var created: Date
    /// Whether its file was found missing.
    package var isMissing = false

    /// A picture.
    package init(
        id: String, bytes: Int, width: Int, height: Int, format: String, orientation: Int = 1,
        hasProfile: Bool = false, label: String? = nil, notices: [String] = [], texts: [String: String] = [:],
        origin: Origin, created: Date = Date()
    ) {
        self.id = id
        self.bytes = bytes
        self.width = width
        self.height = height
        self.format = format
        self.orientation = orientation
        self.hasProfile = hasProfile
        self.label = label
        self.notices = notices
        self.texts = texts
        self.origin = origin
        self.created = created
    }
}

/// A job: what is asked, and how far it came.
package struct JobRow: Sendable, Equatable {
    /// How far a job is.
    package enum State: String, Sendable, CaseIterable {
        case queued, running, done, failed, cancelled

        /// Whether nothing more will happen to it.
        package var isEnd: Bool { self == .done || self == .failed || self == .cancelled }
    }

    /// Its name.
    package var id: String
    /// What is to be made: "edit", "mask" or "generate".
    package var kind: String
    /// How far it is.
    package var state = State.queued
    /// Whose turn it takes.
    package var lane: String
    /// Higher comes first.
    package var priority: Int
    /// Order of acceptance.
    package var seq = 0
    /// The model's name.
    package var model: String
    /// What was asked, as JSON, the seed filled in.
    package var request: String
    /// How often it was begun.
    package var attempts = 0
    /// When it was accepted.
    package var created: Date
    /// When it was begun last.
    package var started: Date?
    /// When it ended.
    package var ended: Date?
    /// Why it failed, as JSON.
    package var error: String?
    /// What it warned of.
    package var warnings: [String] = []
    /// What came of it, as JSON: the name of a result, or the masks that were found.
    package var outcome: String?

    /// A job that is to be accepted.
    package init(
        kind: String, lane: String, priority: Int = 0, model: String, request: String, now: Date = Date()
    ) {
        id = Identifiers.new(.job, at: now)
        self.kind = kind
        self.lane = lane
        self.priority = priority
        self.model = model
        self.request = request
        // As rows keep it, so that a job is told of alike before and after.
        created = Column.date(Column.time(now))
    }
}

/// What came of a job that paints.
package struct ResultRow: Sendable, Equatable {
    /// Its name.
    package var id: String
    /// The job that made it, while that is kept.
    package var job: String?
    /// The finished picture.
    package var picture: String
    /// The picture that was edited; nil of a generated one.
    package var photo: String?
    /// What the model painted, at its working size.
    package var painted: String?
    /// What was allowed to change.
    package var mask: String?
    /// The map that the mask was cut from.
    package var soft: String?
    /// Pixels in a row.
    package var width: Int
    /// Rows.
    package var height: Int
    /// How it was made, as JSON.
    package var account: String
    /// When it was made.
    package var created: Date

    /// A result.
    package init(
        job: String, picture: String, photo: String?, painted: String? = nil, mask: String? = nil,
        soft: String? = nil, width: Int, height: Int, account: String, created: Date = Date()
    ) {
        id = Identifiers.new(.result, at: created)
        self.job = job
        self.picture = picture
        self.photo = photo
        self.painted = painted
        self.mask = mask
        self.soft = soft
        self.width = width
        self.height = height
        self.account = account
        self.created = created
    }
}
