extension TrainingConfiguration {
    /// Checks the settings of text-prompted segmentation.
    /// - Throws: `TrainingError.invalidValue`.
    func validateSegmentation() throws {
        let section = clipseg
        try require(
            data.source == .stillLife, "data.source", data.source.rawValue,
            "stillLife for the kind clipseg, whose true masks are the renderer's")
        try require(!section.pair.isEmpty, "clipseg.pair", "\"\"", "the folder of a pair of towers is needed")
        for (key, share) in [("roundTrips", section.roundTrips), ("degraded", section.degraded)] {
            try require((0...1).contains(share), "clipseg.\(key)", share, "0 to 1")
        }
        for (key, value) in [
            ("latentNoise", section.latentNoise), ("diceWeight", section.diceWeight),
            ("kindWeight", section.kindWeight),
        ] {
            try require(value >= 0 && value.isFinite, "clipseg.\(key)", value, "at least 0")
        }
        try require(
            !section.extractLayers.isEmpty && section.extractLayers.allSatisfy { $0 >= 0 },
            "clipseg.extractLayers", section.extractLayers, "numbers of layers, from 0")
        try require(
            section.decoderHeads > 0 && section.decoderWidth > 0
                && section.decoderWidth % section.decoderHeads == 0, "clipseg.decoderWidth",
            section.decoderWidth, "a multiple of decoderHeads = \(section.decoderHeads)")
        try require(section.decoderInner > 0, "clipseg.decoderInner", section.decoderInner, "at least 1")
        try require((1...1000).contains(section.texts), "clipseg.texts", section.texts, "1 to a thousand")
        try validateAverage("clipseg", section.averageDecay)
        try validateSteps(
            "clipseg", batch: section.batch, steps: section.steps, rate: section.learningRate,
            warmup: section.warmup, decay: section.weightDecay, clip: section.gradientClip)
    }
}
