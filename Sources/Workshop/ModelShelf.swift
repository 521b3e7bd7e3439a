package import Diffusion
import Editing
import Foundation
package import Service
import Support
import Synchronization
package import Tensors

/// A model that jobs can be done with, told without loading its weights.
package struct ModelCard: Sendable {
    /// What it is called.
    package var name: String
    /// Its folder; nil where it lies in none.
    package var path: String?
    /// How its network was taught to see noise.
    package var schedule: NoiseSchedule
    /// How images are best edited with it.
    package var settings: ModelSettings?
    /// Sizes, name and fingerprint.
    package var facts: ModelFacts
    /// What is said of it, a line each.
    package var notices: [String] = []

    /// A model.
    package init(
        name: String, path: String? = nil, schedule: NoiseSchedule, settings: ModelSettings? = nil,
        facts: ModelFacts
    ) {
        self.name = name
        self.path = path
        self.schedule = schedule
        self.settings = settings
        self.facts = facts
    }
}

/// Models by name, and engines that work with them.
package protocol ModelLibrary: Sendable {
    /// The names there are, in their order.
    var names: [String] { get }
    /// Where they compute, in a word.
    var device: String { get }
    /// Bytes of a model's files.
    func bytes(of name: String) -> Int
    /// A model.
    /// - Throws: `Problem` where there is no such name; why the model cannot be used.
    func card(of name: String) throws -> ModelCard
    /// The name of the model that a request means which names none.
    func choice(for prompts: [String], photo: String?) -> String
    /// A new engine for a model, and how many threads share the rows of its passes.
    func engine(of name: String) throws -> (engine: Engine, threads: Int)
    /// Sets what is the process's own before a job of a model, on the engine's thread.
    func prepare(for name: String)
}

/// The models that are found in folders when the service starts.
package final class ModelShelf: ModelLibrary {
    package let names: [String]
    private let places: ModelPlaces
    private let paths: [String: String]
    package var device: String { "\(place)" }
    private let place: Device
    private let dtype: DType
    private let threads: Int
    private let isFixed: Bool
    private let cards = Mutex<[String: ModelCard]>([:])
    private let plans = Mutex<[String: ThreadPlan]>([:])

    /// The models of some places; libtorch is open.
    /// - Parameter threads: how many one operation may use on a CPU.
    package init(in places: ModelPlaces, device: Device, dtype: DType, threads: Int? = nil) {
        self.places = places
        place = device
        self.dtype = dtype
        self.threads = threads ?? Device.threadCount
        isFixed = threads != nil
        var paths: [String: String] = [:]
        names = places.models.compactMap { name, path in
            guard paths[name] == nil else { return nil }
            paths[name] = path
            return name
        }
        self.paths = paths
    }

    private func path(of name: String) throws(Problem) -> String {
        if let path = paths[name] { return path }
        let nearest = names.nearest(to: name)
        throw Problem(
            "not-found", 404,
            "there is no model \"\(name.prefix(80))\""
                + (nearest.map { "; did you mean \($0)?" } ?? "; there are \(names.joined(separator: ", "))"),
            field: "model", nearest: nearest)
    }

    package func bytes(of name: String) -> Int {
        guard let path = paths[name], let files = FileManager.default.enumerator(atPath: path) else {
            return 0
        }
        return files.compactMap { $0 as? String }.reduce(0) { sum, file in
            var facts = stat()
            return sum
                + (stat("\(path)/\(file)", &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
                    ? Int(facts.st_size) : 0)
        }
    }

    package func card(of name: String) throws -> ModelCard {
        if let known = cards.withLock({ $0[name] }) { return known }
        let path = try path(of: name)
        let folder = try ModelFolder(path: path)
        var card = ModelCard(
            name: name, path: path, schedule: folder.schedule, settings: folder.settings,
            facts: LoadedModel(folder: folder).facts)
        card.notices = folder.notices
        cards.withLock { $0[name] = card }
        return card
    }

    package func choice(for prompts: [String], photo: String?) -> String {
        guard let choice = ModelChoice(for: prompts, photo: photo, in: places) else { return places.usual }
        return paths.first { $0.value == choice.path }?.key ?? places.usual
    }

    package func engine(of name: String) throws -> (engine: Engine, threads: Int) {
        let folder = try ModelFolder(path: try path(of: name))
        let plan = ThreadPlan(for: folder, on: place, threads: threads, isFixed: isFixed)
        plans.withLock { $0[name] = plan }
        let engine = Engine(
            folder: folder, device: place, dtype: dtype, rowThreads: plan.rows, naming: .fields)
        return (engine, plan.rows)
    }

    package func prepare(for name: String) {
        if let plan = plans.withLock({ $0[name] }) { Device.threadCount = plan.operators }
    }
}
