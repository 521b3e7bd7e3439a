import Layers

extension Checkpoints {
    /// Takes up the newest checkpoint of a stage.
    /// - Returns: where it stands; nil without one.
    /// - Throws: `TrainingError.otherSettings` where it was made with settings that change the values.
    func resume(_ parameters: ParameterSet, settings: [String: String]) throws -> Position? {
        do { return try restore(parameters, settings: settings) } catch let error as CheckpointError {
            throw TrainingError.otherSettings(
                path: error.path, key: error.key, found: error.found, wanted: error.wanted)
        }
    }
}
