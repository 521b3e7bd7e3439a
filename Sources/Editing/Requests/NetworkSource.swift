public import Perception
public import Tensors

/// Where a network is found that guides a method; opened by the job that needs it, on its own thread.
public struct NetworkSource<Network>: Sendable, Hashable {
    /// What it is called in records; sources of one name are the same.
    public let name: String
    private let make: @Sendable (Device) throws -> Network

    /// A source.
    /// - Parameter open: opens the network on a device.
    public init(_ name: String, open: @escaping @Sendable (Device) throws -> Network) {
        self.name = name
        make = open
    }

    /// The network on a device.
    public func network(on device: Device) throws -> Network { try make(device) }

    /// Whether two sources have one name.
    public static func == (left: Self, right: Self) -> Bool { left.name == right.name }

    /// The name.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// Where a network is found that tells where an image shows a text.
public typealias RelevanceSource = NetworkSource<any RelevanceNetwork>

/// Where a pair of CLIP towers is found.
public typealias CLIPSource = NetworkSource<CLIPScorer>
