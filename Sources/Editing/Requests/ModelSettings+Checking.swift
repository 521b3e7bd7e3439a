public import Diffusion

extension MethodDescription {
    /// What a model's `editing.json` says for this method, with everything else in the file seen to make sense.
    /// - Throws: `EditingError.modelSettings` naming the file and what is wrong with it.
    public func values(of model: ModelSettings) throws(EditingError) -> ModelSettings.Values {
        do throws(EditingError) {
            try model.shared.check(against: nil)
            for (name, values) in model.methods.sorted(by: { $0.key < $1.key }) {
                // By the names of the command line alone, so that none stands there twice.
                guard let method = Registry.all.first(where: { $0.description.name == name }) else {
                    throw EditingError.unknownMethod(
                        name: name, known: Registry.all.map { $0.description.name })
                }
                try values.check(against: method.description)
            }
        } catch {
            throw .modelSettings(path: model.path, reason: error.message)
        }
        return model.values(for: name)
    }
}

extension ModelSettings.Values {
    /// Refuses what no request could ask for.
    fileprivate func check(against method: MethodDescription?) throws(EditingError) {
        if let guidance, !Limits.guidance.contains(guidance) {
            throw .badValue(
                name: "guidance", value: "\(OptionValue.number(guidance))", expected: "a number from 0 to 100"
            )
        }
        if let steps, !Limits.steps.contains(steps) {
            throw .badValue(name: "steps", value: "\(steps)", expected: "a number from 1 to 1000")
        }
        if let strength, !Limits.allows(strength: strength) {
            throw .badValue(
                name: "strength", value: "\(OptionValue.number(strength))",
                expected: "above 0 and at most 1")
        }
        if let method { _ = try Options(options, of: method) }
    }
}
