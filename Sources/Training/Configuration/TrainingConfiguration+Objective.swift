import Diffusion

extension DenoisingLoss {
    /// The objective of a configuration.
    init(_ section: DiffusionSection) {
        self.init(
            schedule: Self.schedule(section.prediction, betaEnd: section.betaEnd), gamma: section.snrGamma,
            floor: section.snrFloor)
    }
}
