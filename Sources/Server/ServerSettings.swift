package import NIOCore

/// Where the service listens, and whom it answers.
package struct ServerSettings: Sendable {
    /// The address that it listens on.
    package var host = "127.0.0.1"
    /// The port; 0 takes one that is free.
    package var port = 7860
    /// A socket in the file system that it listens on instead.
    package var socket: String?
    /// What whoever asks must know; nil where everybody on this machine may ask.
    package var token: String?
    /// Further names that it is asked by, such as those of a proxy.
    package var allowedHosts: Set<String> = []
    /// Pages of other places that may ask, as `https://example.org`.
    package var allowedOrigins: Set<String> = []
    /// The folder of the page's files; nil where there is none.
    package var web: String?
    /// Whether the page's files are read anew for each request.
    package var rereadsWeb = false
    /// What may be sent at most, and for how long.
    package var limits = DoorLimits()
    /// How long a job goes on whose client has left, where nobody else would see what comes of it.
    package var patience = Duration.seconds(20)
    /// Whether other programs' ways of asking are understood.
    package var isCompatible = true

    /// Usual settings.
    package init() {}
}

/// What a client may send at most, and how long it may take.
package struct DoorLimits: Sendable {
    /// Connections at a time.
    package var connections = 256
    /// Time from the beginning of a connection to the end of a request's head.
    package var head = TimeAmount.seconds(10)
    /// Time that a body may take besides one second for each 50 KB.
    package var body = TimeAmount.seconds(30)
    /// Time that a connection may do nothing.
    package var idle = TimeAmount.seconds(60)
    /// Bytes of a picture.
    package var picture = 64 << 20
    /// Bytes of a body of several pictures.
    package var multipart = 128 << 20
    /// Bytes of a JSON body.
    package var json = 1 << 20

    /// Usual limits.
    package init() {}
}
