import ArgumentParser

/// Which timesteps a trajectory visits.
struct WalkOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "What every timestep is shifted by; by default the preset's or else the model's own (diffusers' steps_offset).",
            valueName: "n"))
    var stepsOffset: Int?

    func validate() throws {
        if let stepsOffset, stepsOffset < 0 {
            throw ValidationError("--steps-offset is \(stepsOffset); it must be a whole number from 0 on")
        }
    }
}
