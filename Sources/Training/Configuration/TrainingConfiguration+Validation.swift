import Diffusion
import Foundation
import Networks
import StillLife

extension TrainingConfiguration {
    /// Checks that every value is one that training can work with.
    /// - Throws: `TrainingError.invalidValue` with the key, the value and what it should be.
    public func validate() throws {
        try require(!output.isEmpty, "output", output, "a folder is needed")
        try require(["auto", "cpu", "cuda"].contains(device), "device", device, "auto, cpu or cuda")
        try require(threads >= 0, "threads", threads, "at least 0")
        try require(
            (0...1e7).contains(timeLimitMinutes), "timeLimitMinutes", timeLimitMinutes, "0 to ten million")
        try require(checkpointSeconds > 0, "checkpointSeconds", checkpointSeconds, "more than 0")
        try require(logSteps > 0, "logSteps", logSteps, "at least 1")
        switch kind {
        case .diffusion:
            for (key, levels) in [
                ("autoencoder", autoencoder.channels.count), ("diffusion", diffusion.channels.count),
            ] {
                try require((1...8).contains(levels), "\(key).channels", levels, "1 to 8 levels")
            }
            try validateData(multiple: autoencoder.factor << (diffusion.channels.count - 1))
            try validateAutoencoder()
            try validateDiffusion()
        case .judge:
            try validateData(multiple: data.source == .folder ? 1 : 8)
            try validateJudge()
        case .clip:
            try require(clip.patch > 0, "clip.patch", clip.patch, "at least 1")
            try validateData(multiple: clip.patch)
            try validateClip()
        case .clipseg:
            try require(clipseg.patch > 0, "clipseg.patch", clipseg.patch, "at least 1")
            try validateData(multiple: clipseg.patch)
            try validateSegmentation()
        case .pixels:
            try require(
                (1...8).contains(pixels.channels.count), "pixels.channels", pixels.channels.count,
                "1 to 8 levels")
            try validateData(multiple: 1 << (pixels.channels.count - 1))
            try validatePixels()
        }
        let mostSteps = DenoisingLoss(diffusion).schedule.mostSteps
        try require(samples.everySteps >= 0, "samples.everySteps", samples.everySteps, "at least 0")
        try require(
            (1...mostSteps).contains(samples.ddimSteps), "samples.ddimSteps", samples.ddimSteps,
            "1 to \(mostSteps)")
        try require(samples.guidance.isFinite, "samples.guidance", samples.guidance, "a number")
    }

    private func validateJudge() throws {
        try require(
            data.source == .stillLife || judge.autoencoder.isEmpty, "judge.autoencoder", judge.autoencoder,
            "empty for a judge of a folder's labels, which learns from its pictures alone")
        try require(judge.channels.count == 4, "judge.channels", judge.channels, "four numbers")
        try validateChannels(judge.channels, groups: judge.normGroups, "judge")
        try require(
            judge.latentNoise >= 0 && judge.latentNoise.isFinite, "judge.latentNoise", judge.latentNoise,
            "at least 0")
        try require(
            (0...1).contains(judge.roundTrips), "judge.roundTrips", judge.roundTrips, "0 to 1")
        try require((0...1).contains(judge.degraded), "judge.degraded", judge.degraded, "0 to 1")
        try validateLabelling()
        try validateAverage("judge", judge.averageDecay)
        try validateSteps(
            "judge", batch: judge.batch, steps: judge.steps, rate: judge.learningRate, warmup: judge.warmup,
            decay: judge.weightDecay, clip: judge.gradientClip)
    }

    private func validateLabelling() throws {
        try require(judge.layersPerLevel > 0, "judge.layersPerLevel", judge.layersPerLevel, "at least 1")
        try require(
            (0.05...1).contains(judge.smallestArea), "judge.smallestArea", judge.smallestArea, "0.05 to 1")
        try require((0...1).contains(judge.erased), "judge.erased", judge.erased, "0 to 1")
        try require(
            judge.mixing == 0 || (0.01...1).contains(judge.mixing), "judge.mixing", judge.mixing,
            "0, or 0.01 to 1")
        for (key, share) in [("smoothing", judge.smoothing), ("dropout", judge.dropout)] {
            try require(
                (0..<1).contains(share), "judge.\(key)", share, "from 0 up to but without 1")
        }
        try require(
            LabelNetworkConfiguration.possibleViews.contains(judge.views), "judge.views", judge.views,
            "1, 2 or 4")
        guard data.source == .stillLife else { return }
        let usual = JudgeSection()
        try require(
            judge.layersPerLevel == usual.layersPerLevel, "judge.layersPerLevel", judge.layersPerLevel,
            "\(usual.layersPerLevel) for a judge of still lifes")
        try require(
            judge.views == usual.views, "judge.views", judge.views,
            "\(usual.views) for a judge of still lifes")
        for (key, value, usual) in [
            ("smallestArea", judge.smallestArea, usual.smallestArea),
            ("erased", judge.erased, usual.erased), ("mixing", judge.mixing, usual.mixing),
            ("smoothing", judge.smoothing, usual.smoothing), ("dropout", judge.dropout, usual.dropout),
        ] {
            try require(
                value == usual, "judge.\(key)", value, "\(usual) for a judge of still lifes")
        }
    }

    private func validateClip() throws {
        try require(!clip.tokenizer.isEmpty, "clip.tokenizer", "\"\"", "a tokenizer's folder is needed")
        for (key, width, heads) in [
            ("visionWidth", clip.visionWidth, clip.visionHeads),
            ("textWidth", clip.textWidth, clip.textHeads),
        ] {
            try require(
                heads > 0 && width > 0 && width % heads == 0, "clip.\(key)", width,
                "a multiple of its heads, \(heads)")
        }
        try require(
            clip.visionLayers > 0 && clip.textLayers > 0, "clip.visionLayers and clip.textLayers",
            [clip.visionLayers, clip.textLayers], "at least 1")
        try require(clip.projection > 0, "clip.projection", clip.projection, "at least 1")
        try require(clip.batch > 1, "clip.batch", clip.batch, "at least 2: pairs are told from each other")
        try validateAverage("clip", clip.averageDecay)
        try validateSteps(
            "clip", batch: clip.batch, steps: clip.steps, rate: clip.learningRate, warmup: clip.warmup,
            decay: clip.weightDecay, clip: clip.gradientClip)
    }

    func validateAverage(_ section: String, _ decay: Double) throws {
        try require(decay >= 0 && decay < 1, "\(section).averageDecay", decay, "from 0 up to but without 1")
    }

    private func validateData(multiple factor: Int) throws {
        if data.source == .folder {
            try require(!data.folder.isEmpty, "data.folder", "\"\"", "a folder is needed")
        }
        // The limits keep products of them far from the largest integer.
        try require(
            (1...100_000_000).contains(data.count), "data.count", data.count, "1 to a hundred million")
        try require((1...1_000_000).contains(data.heldOut), "data.heldOut", data.heldOut, "1 to a million")
        try require(data.captions > 0, "data.captions", data.captions, "at least 1")
        try require(
            data.objectWeights.count == 3 && data.objectWeights.allSatisfy { $0 >= 0 && $0.isFinite }
                && data.objectWeights.reduce(0, +) > 0,
            "data.objectWeights", data.objectWeights,
            "three numbers from 0 on, for one, two and three objects")
        try require(
            data.styleWeights.keys.allSatisfy { Style(rawValue: $0) != nil }
                && data.styleWeights.values.allSatisfy { $0 >= 0 && $0.isFinite }
                && data.styleWeights.values.reduce(0, +) > 0,
            "data.styleWeights", data.styleWeights, "a number from 0 on for each style")
        let why = kind == .diffusion ? ", which the levels of autoencoder and UNet halve it by" : ""
        try require(
            (8...4096).contains(data.size) && data.size % factor == 0, "data.size", data.size,
            "8 to 4096, and a multiple of \(factor)\(why)")
    }

    private func validateAutoencoder() throws {
        let section = autoencoder
        try validateChannels(section.channels, groups: section.normGroups, "autoencoder")
        try require(
            section.latentChannels > 0, "autoencoder.latentChannels", section.latentChannels, "at least 1")
        try require(
            section.layersPerBlock > 0, "autoencoder.layersPerBlock", section.layersPerBlock, "at least 1")
        try require(
            section.cropSize >= 8 && section.cropSize % section.factor == 0 && section.cropSize <= data.size,
            "autoencoder.cropSize", section.cropSize,
            "a multiple of \(section.factor), at least 8, at most data.size = \(data.size)")
        try validateSteps(
            "autoencoder", batch: section.batch, steps: section.steps, rate: section.learningRate,
            warmup: section.warmup, decay: section.weightDecay, clip: section.gradientClip)
        for (key, weight) in [
            ("klWeight", section.klWeight), ("gradientWeight", section.gradientWeight),
            ("multiScaleWeight", section.multiScaleWeight), ("teacherWeight", section.teacherWeight),
        ] {
            try require(weight >= 0 && weight.isFinite, "autoencoder.\(key)", weight, "at least 0")
        }
    }

    private func validateDiffusion() throws {
        let section = diffusion
        try validateChannels(section.channels, groups: section.normGroups, "diffusion")
        let levels = section.channels.count
        try require(
            section.attention.count == levels, "diffusion.attention", section.attention, "\(levels) values")
        try require(
            section.heads.count == levels
                && zip(section.channels, section.heads).allSatisfy { $1 > 0 && $0 % $1 == 0 },
            "diffusion.heads", section.heads, "\(levels) numbers that divide the channels")
        try require(
            section.layersPerBlock > 0, "diffusion.layersPerBlock", section.layersPerBlock, "at least 1")
        try require(section.textLayers > 0, "diffusion.textLayers", section.textLayers, "at least 1")
        try require(
            section.textHeads > 0 && section.textWidth > 0 && section.textWidth % section.textHeads == 0,
            "diffusion.textWidth", section.textWidth, "a multiple of textHeads = \(section.textHeads)")
        try require(
            section.contextLength >= 3, "diffusion.contextLength", section.contextLength, "at least 3")
        try require(
            section.vocabulary >= 514, "diffusion.vocabulary", section.vocabulary,
            "at least 514: every byte, with and without a word's end, start and end")
        try validateDenoising("diffusion", section)
        try require(
            section.betaEnd > DenoisingLoss.betaStart && section.betaEnd < 1, "diffusion.betaEnd",
            section.betaEnd, "above \(DenoisingLoss.betaStart), where they begin, and below 1")
        try require(
            section.start.isEmpty || section.frozenText.isEmpty, "diffusion.frozenText", section.frozenText,
            "empty where diffusion.start brings a text encoder")
        try require(
            (0...1).contains(section.emptyCaptions), "diffusion.emptyCaptions", section.emptyCaptions,
            "0 to 1")
    }

    func validateChannels(_ channels: [Int], groups: Int, _ section: String) throws {
        try require(
            channels.allSatisfy { (1...65536).contains($0) && groups > 0 && $0 % groups == 0 },
            "\(section).channels", channels, "each a multiple of normGroups = \(groups)")
    }

    func validateSteps(
        _ section: String, batch: Int, steps: Int, rate: Double, warmup: Int, decay: Double, clip: Double
    ) throws {
        try require((1...1_000_000).contains(batch), "\(section).batch", batch, "1 to a million")
        try require((0...1_000_000_000).contains(steps), "\(section).steps", steps, "0 to a thousand million")
        try require(rate > 0 && rate.isFinite, "\(section).learningRate", rate, "more than 0")
        try require(warmup >= 0, "\(section).warmup", warmup, "at least 0")
        try require(decay >= 0 && decay.isFinite, "\(section).weightDecay", decay, "at least 0")
        try require(clip > 0, "\(section).gradientClip", clip, "more than 0")
    }

    func require<Value>(_ holds: Bool, _ key: String, _ value: Value, _ reason: String) throws {
        guard holds else { throw TrainingError.invalidValue(key: key, value: "\(value)", reason: reason) }
    }
}
