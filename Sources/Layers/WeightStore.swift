public import Support
public import Tensors

/// Named tensors: read from weight files, or made fresh by their initialisers.
///
/// A network asks for its tensors by name and shape as it is built; whether they come from a file or are initialised is
/// the store's business, so one constructor serves loading, training and tests.
public final class WeightStore {
    private enum Source {
        case files([SafetensorsFile], [String: StoredTensor], path: String)
        case tensors([String: Tensor])
        case overlaid(WeightStore, WeightOverlay)
        case initializing(RandomGenerator)
    }

    private let source: Source
    /// What linear layers have beside their weights, by the weights' names.
    private let adapters: [String: LowRankAdapter]
    private let dtype: DType
    private let device: Device

    /// What was asked for so far, in order; for a fresh store these are the parameters to train.
    public private(set) var parameters: [(name: String, tensor: Tensor)] = []
    private var places: [String: Int] = [:]

    /// Reads a component's folder: `NAME.safetensors`, one of its variants, or shards listed in an index.
    ///
    /// Files are mapped, not copied, wherever dtype and device already fit.
    /// - Throws: `WeightError` where no weight file can be used, `SafetensorsError` for a file that is refused.
    public init(folder: String, name: String, dtype: DType = .float32, device: Device = .cpu) throws {
        let paths = try WeightFiles(in: folder, name: name, preferring: dtype).paths
        let files = try paths.map { try SafetensorsFile(path: $0) }
        var owners: [String: StoredTensor] = [:]
        for (index, file) in files.enumerated() {
            for name in file.names {
                if owners.updateValue(StoredTensor(name, file: index), forKey: name) != nil {
                    throw WeightError.twice(name: name, folder: folder)
                }
            }
        }
        source = .files(files, owners, path: folder)
        adapters = [:]
        self.dtype = dtype
        self.device = device
    }

    /// Reads one file under other names than its own: a checkpoint that holds several networks.
    ///
    /// Whole tensors and ranges of rows are mapped, not copied, wherever dtype and device already fit.
    /// - Parameter tensors: what stands for each name that networks ask for.
    public init(
        file: SafetensorsFile, tensors: [String: StoredTensor], dtype: DType = .float32, device: Device = .cpu
    ) {
        source = .files([file], tensors, path: file.path)
        adapters = [:]
        self.dtype = dtype
        self.device = device
    }

    /// Makes every tensor that is asked for by its initialiser, with gradients recorded.
    public init(initializing seed: UInt64, dtype: DType = .float32, device: Device = .cpu) {
        source = .initializing(RandomGenerator(seed: seed))
        adapters = [:]
        self.dtype = dtype
        self.device = device
    }

    /// Serves tensors that are already in memory.
    public init(tensors: [String: Tensor], dtype: DType = .float32, device: Device = .cpu) {
        source = .tensors(tensors)
        adapters = [:]
        self.dtype = dtype
        self.device = device
    }

    /// Serves a base's tensors with changes or adapters; whoever makes it has checked that they fit.
    init(
        base: WeightStore, overlay: WeightOverlay = WeightOverlay([:]),
        adapters: [String: LowRankAdapter] = [:]
    ) {
        source = .overlaid(base, overlay)
        self.adapters = base.adapters.merging(adapters) { _, new in new }
        dtype = base.dtype
        device = base.device
    }

    /// The reader at the root of the names.
    public var weights: Weights { Weights(store: self, prefix: "") }

    /// Files above this size are held in part, see `Weights.evictPages`.
    private static let largeFile = 1 << 28
    /// How much of a large file stays in memory between passes.
    ///
    /// Pages that come back cost time (about 0.1 s a gigabyte), pages that stay cost memory: so most stay.
    private static let residentShare = 0.6
    private var residentBytes = 0

    /// What gives the pages of all tensors below a prefix back to the system, or nil where they had better stay.
    func release(below prefix: String) -> (() -> Void)? {
        if case .overlaid(let base, _) = source { return base.release(below: prefix) }
        guard case .files(let files, let owners, _) = source, device == .cpu else { return nil }
        let total = files.reduce(0) { $0 + $1.byteCount }
        guard total >= Self.largeFile else { return nil }
        var bytes = 0
        let mapped = parameters.compactMap { parameter -> (SafetensorsFile, String)? in
            guard parameter.name.hasPrefix(prefix + "."), let owner = owners[parameter.name],
                files[owner.file].entry(owner.name)?.dtype == dtype
            else { return nil }
            bytes += parameter.tensor.count * dtype.byteCount
            return (files[owner.file], owner.name)
        }
        guard residentBytes + bytes > Int(Double(total) * Self.residentShare) else {
            residentBytes += bytes
            return nil
        }
        return mapped.isEmpty ? nil : { for (file, name) in mapped { file.evictPages(name) } }
    }

    /// What a linear layer has beside the weight of this name.
    func adapter(of name: String) -> LowRankAdapter? { adapters[name] }

    /// Whether a tensor of this name can be had.
    func has(_ name: String) -> Bool { isFresh || shape(of: name) != nil }

    /// The shape a tensor has where it comes from; nil where there is none, or where it is made up on demand.
    public func shape(of name: String) -> [Int]? {
        switch source {
        case .files(let files, let owners, _): owners[name].flatMap { $0.shape(in: files[$0.file]) }
        case .tensors(let tensors): tensors[name]?.shape
        case .overlaid(let base, _): base.shape(of: name)
        case .initializing: nil
        }
    }

    /// Whether names must match a file rather than being made up on demand.
    var isFresh: Bool {
        switch source {
        case .files, .tensors: false
        case .overlaid(let base, _): base.isFresh
        case .initializing: true
        }
    }

    /// Where the tensors come from, in messages.
    var place: String {
        switch source {
        case .files(_, _, let path): path
        case .tensors: "the tensors given"
        case .overlaid(let base, _): base.place
        case .initializing: "a network that is yet to be initialised"
        }
    }

    /// The tensor of a name.
    /// - Throws: `WeightError.missing` or `.shape`, with the whole name and both shapes.
    func tensor(_ name: String, accepting shapes: [[Int]], initial: Initializer) throws -> Tensor {
        if let place = places[name] { return parameters[place].tensor }
        let tensor = try load(name, accepting: shapes, initial: initial)
        places[name] = parameters.count
        parameters.append((name, tensor))
        return tensor
    }

    private func load(_ name: String, accepting shapes: [[Int]], initial: Initializer) throws -> Tensor {
        switch source {
        case .initializing(let random):
            return initial.make(shapes[0], random).to(dtype: dtype, device: device).requiringGradient
        case .overlaid(let base, let overlay) where overlay.changes[name] == nil:
            return try base.tensor(name, accepting: shapes, initial: initial)
        case .files, .tensors, .overlaid:
            guard let found = shape(of: name) else { throw WeightError.missing(name: name, place: place) }
            guard shapes.contains(found) else {
                throw WeightError.shape(name: name, found: found, wanted: shapes[0])
            }
            let tensor = placed(try stored(name), name)
            return found == shapes[0] ? tensor : tensor.reshaped(shapes[0])
        }
    }

    /// A tensor before it is brought to the store's dtype and device: as its file has it, or as wide as a change makes it.
    private func stored(_ name: String) throws -> Tensor {
        switch source {
        case .files(let files, let owners, _):
            if let owner = owners[name] { return try owner.tensor(in: files[owner.file]) }
        case .tensors(let tensors):
            if let tensor = tensors[name] { return tensor }
        case .overlaid(let base, let overlay):
            let tensor = try base.stored(name)
            return overlay.changes[name]?.applied(to: tensor) ?? tensor
        case .initializing: break
        }
        throw WeightError.missing(name: name, place: place)
    }

    /// A tensor in the dtype and on the device in which the store serves that name; tensors given in memory keep theirs.
    private func placed(_ tensor: Tensor, _ name: String) -> Tensor {
        switch source {
        case .files, .initializing: tensor.to(dtype: dtype, device: device)
        case .tensors(let tensors): tensors[name].map(tensor.like) ?? tensor
        case .overlaid(let base, _): base.placed(tensor, name)
        }
    }
}

/// Why weights cannot be used.
public enum WeightError: UserError, Equatable {
    case noFolder(String)
    case noFile(folder: String, name: String)
    case pickle(path: String)
    case index(path: String, reason: String)
    case twice(name: String, folder: String)
    case missing(name: String, place: String)
    case shape(name: String, found: [Int], wanted: [Int])
    /// An overlay changes a tensor that its base does not have.
    case unknownChange(name: String, place: String)
    /// An overlay's tensor has another shape than the one that it changes.
    case changeShape(name: String, found: [Int], wanted: [Int], place: String)

    /// Where the cause lies: in a file that is not there, or in one that cannot be used.
    public var kind: UserErrorKind {
        switch self {
        case .noFolder, .noFile: .missing
        case .pickle: .unsupported
        case .index, .twice, .missing, .shape, .unknownChange, .changeShape: .badInput
        }
    }

    /// What happened, where, and what to do.
    public var description: String {
        switch self {
        case .noFolder(let folder): "there is no folder \(folder)"
        case .noFile(let folder, let name): "\(folder) has no \(name); is the download complete?"
        case .pickle(let path):
            "\(path) is a pickle, which can run code when it is opened and is never read here; convert it to safetensors"
        case .index(let path, let reason): "\(path) cannot be used: \(reason)"
        case .twice(let name, let folder): "two weight files in \(folder) both hold \(name)"
        case .missing(let name, let place): "there is no tensor \(name) in \(place)"
        case .shape(let name, let found, let wanted):
            "tensor \(name) has shape \(found), but its config.json asks for \(wanted)"
        case .unknownChange(let name, let place):
            "the overlay changes tensor \(name), which is not in \(place); was it made for another network?"
        case .changeShape(let name, let found, let wanted, let place):
            "the overlay's tensor \(name) has shape \(found), but that in \(place) has \(wanted); was it made for "
                + "another network?"
        }
    }
}
