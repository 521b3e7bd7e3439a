import Diffusion

/// Engines that are kept between jobs: a few, those used last.
struct EngineRack {
    /// An engine with its model.
    struct Place {
        let name: String
        let engine: Engine
        let threads: Int
    }
    private var places: [Place] = []
    private let most: Int

    init(most: Int) { self.most = max(most, 1) }

    /// The names of models that are kept, used last first.
    var names: [String] { places.map(\.name) }

    /// The engine of a model, made where none is kept; the one that was used least lately goes for it.
    /// - Returns: the place, and the name of the model that went.
    mutating func place(of name: String, in models: any ModelLibrary) throws -> (place: Place, gone: String?)
    {
        if let index = places.firstIndex(where: { $0.name == name }) {
            let place = places.remove(at: index)
            places.insert(place, at: 0)
            return (place, nil)
        }
        let (engine, threads) = try models.engine(of: name)
        let place = Place(name: name, engine: engine, threads: threads)
        let gone = places.count >= most ? places.removeLast().name : nil
        places.insert(place, at: 0)
        return (place, gone)
    }
}
