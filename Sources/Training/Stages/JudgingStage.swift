import Layers

/// A stage that trains a network by the settings of a judge.
protocol JudgingStage: TrainingStage {
    var configuration: TrainingConfiguration { get }
}

extension JudgingStage {
    var steps: Int { configuration.judge.steps }
    var batch: Int { configuration.judge.batch }
    var pace: LearningRateSchedule {
        let section = configuration.judge
        return LearningRateSchedule(
            learningRate: section.learningRate, warmup: section.warmup, finalShare: 0.02,
            gradientClip: section.gradientClip)
    }
}

extension JudgeSection {
    /// What is trained of the networks that were built.
    func parameters(of builder: NetworkBuilder) -> ParameterSet {
        builder.parameters(weightDecay: weightDecay, averageDecay: averageDecay)
    }
}
