import ArgumentParser
import Editing
import Logging
import Service

extension EditCommand {
    /// Puts in the method that suits the texts, and says why.
    mutating func takeAdvice() throws {
        let hasRegions = !regions.region.isEmpty || regions.regions != nil
        let adviser: Adviser
        do { adviser = try Adviser.ours() } catch let failure as Failure {
            throw ValidationError(failure.message)
        }
        let advice = adviser.advice(
            from: source, to: prompt ?? "", hasMask: masking.isGiven, hasRegions: hasRegions)
        method = advice.method
        speech.log.notice("\(advice.text)")
        if let warning = advice.warning { speech.log.warning("\(warning)") }
    }
}
