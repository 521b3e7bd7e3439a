import Diffusion
import Imaging
import Tensors

/// One step of an instruction on an image: what is found, lifted, laid down again, and harmonised.
struct LiftJob {
    let lift: Lift
    let context: EditContext
    let phrases: PromptPhrases
    /// The image as former steps left it.
    let canvas: LiftCanvas
    /// Where the thing is, at the working size, where the user said so.
    let mask: Mask?

    /// A thing with the pixels that are its, in the order of the step's things.
    typealias Found = ThingFinder.Found

    /// The canvas after a step.
    /// - Throws: `LiftError`, and what the session throws.
    func perform(_ step: LiftInstruction.Step) throws -> LiftCanvas {
        if case .turn(let thing, let side) = step, let phrase = try phrases.phrases(for: thing).first,
            phrases.side(of: phrase) == side
        {
            context.session.warn("the \(thing.noun) faces \(side.rawValue) already")
            return canvas
        }
        let finder = try mask == nil || step.named.count > step.things.count ? finder() : nil
        let found = try found(step, finder)
        let other = try besideWhich(step, finder)
        let others = finder?.others(than: found) ?? []
        let destinations = LiftDestinations(
            width: canvas.working.width, height: canvas.working.height,
            photo: (canvas.photo.width, canvas.photo.height))
        try destinations.check(step, found.map(\.core), other: other?.core.box())
        func placements(_ cores: [Mask]) -> [Placement] {
            destinations.placements(step, cores.compactMap { $0.box() }, other: other?.core.box())
        }
        let planned = placements(found.map(\.core))
        warnOfCovering(found, planned, others)
        if planned.allSatisfy(\.isIdentity) { return canvas }
        if context.isPreview { return canvas.previewing(found.map(\.core), planned) }

        let (ground, hole, cores) = try cleared(found, others.map(\.core))
        let layers = layers(cores, hole, ground)
        let moves = placements(layers.map { $0.small.core })
        var next = canvas.laying(
            zip(layers, moves).map { ($0.large, $1) }, over: ground.pasted(into: canvas.photo),
            hole: hole.enlarged(like: canvas.photo), keepsShade: lift.keepsShade)
        try harmonise(&next, step, zip(found, moves).map { ($0.phrase, $1) }, others)
        next.finish(
            step: found, hole: hole, layers: layers.map(\.small), ground: ground.pasted(into: canvas.working),
            like: context.clean)
        return next
    }

    // MARK: Finding

    private func finder() throws -> ThingFinder {
        guard let source = context.source else { throw EditingError.missing(.source(), method: "lift") }
        return try ThingFinder(
            context.session, levels: context.levels, image: canvas.working, clean: try latent(),
            source: source,
            threshold: lift.wordThreshold, random: context.random)
    }

    /// The latent of the image as it is now.
    private func latent() throws -> Tensor {
        canvas.isUntouched ? context.clean : try context.session.encode(canvas.working.image)
    }

    /// The things of a step, by words or by the user's mask.
    private func found(_ step: LiftInstruction.Step, _ finder: ThingFinder?) throws -> [Found] {
        if let mask { return try marked(step, mask) }
        guard let finder else { return [] }
        let found = try step.things.map { try finder.found($0) }
        guard !lift.isForced else { return found }
        let evidence = try finder.evidence(of: found)
        for (thing, value) in zip(step.things, evidence) where value < LiftError.leastEvidence {
            throw LiftError.notSeen(thing.noun, evidence: value)
        }
        return found
    }

    /// The user's mask as what was found; the two greatest parts of it where two things change places.
    private func marked(_ step: LiftInstruction.Step, _ mask: Mask) throws -> [Found] {
        let core = mask.strictly(above: 0.5)
        var cores = [core]
        if step.things.count > 1 {
            let parts = core.parts().sorted { $0.count > $1.count }.prefix(step.things.count)
            guard parts.count == step.things.count else {
                throw LiftError.fewerParts(step.things[0].noun, found: parts.count, wanted: step.things.count)
            }
            cores = parts.map { core.marking($0) }
        }
        return try zip(step.things, cores).map { thing, core in
            let fitting = try phrases.phrases(for: thing)
            return Found(
                noun: thing.noun, phrases: fitting, phrase: fitting[0], map: core, soft: core, core: core)
        }
    }

    private func besideWhich(_ step: LiftInstruction.Step, _ finder: ThingFinder?) throws -> Found? {
        guard case .beside(_, _, let thing) = step, let found = try finder?.found(thing) else { return nil }
        guard found.core.box() != nil else { throw LiftError.ground(thing.noun) }
        return found
    }

    private func warnOfCovering(
        _ found: [Found], _ placements: [Placement], _ others: [ThingFinder.Other]
    ) {
        for (one, placement) in zip(found, placements) {
            let moved = one.core.placed(placement).strictly(above: 0.5)
            for other in others where other.core.area > 0 {
                guard moved.intersection(other.core).area > other.core.area / 2 else { continue }
                context.session.warn("the \(one.noun) will cover more than half of the \(other.phrase.noun)")
            }
        }
    }

    // MARK: Lifting

    /// What is around a thing and goes with it: a little more, and more of what lies below.
    private func hole(around core: Mask) -> Mask {
        let unit = canvas.working.unit
        var hole = core
        for rows in 1...max(Int((3 * unit).rounded()), 1) { hole = hole.union(core.shifted(down: rows)) }
        return hole.grown(by: max(Int((2 * unit).rounded()), 1))
    }

    /// The ground without the things, the hole that was filled, and the things' pixels after a second look.
    private func cleared(
        _ found: [Found], _ others: [Mask]
    ) throws -> (ground: LiftFill.Painted, hole: Mask, cores: [(core: Mask, hole: Mask)]) {
        let image = canvas.working
        let prompt = try context.session.prompt(
            phrases.without(found.map(\.phrase)), as: "source prompt")
        let fill = LiftFill(context: context, noise: context.freshNoise())
        let nothing = Mask(width: image.width, height: image.height, filledWith: 0)
        let kept = others.reduce(nothing) { $0.union($1) }
        var hole = found.reduce(nothing) { $0.union(self.hole(around: $1.core)) }.without(kept)
        var ground = try fill.fill(hole, of: image, without: prompt, stage: "filling the ground")
        let first = ground.pasted(into: image)
        let (small, wide) = (max(Int(image.unit.rounded()), 1), max(Int((3 * image.unit).rounded()), 1))
        for one in found {
            let seen = LiftLayer.opaque(
                image, over: first, hole: self.hole(around: one.core).without(kept), found: one.soft)
            hole = hole.union(seen.grown(by: wide)).union(seen.grown(by: small).shifted(down: wide))
        }
        hole = hole.without(kept)
        ground = try fill.fill(hole, of: image, without: prompt, stage: "filling the ground again")
        let filled = ground.pasted(into: image)
        let distances = found.map { one in one.core.distances { $0 > 0.5 } }
        let cores = found.indices.map { index in
            var own = hole
            for place in own.values.indices
            where distances.contains(where: { $0[place] < distances[index][place] }) { own.values[place] = 0 }
            let seen = LiftLayer.opaque(image, over: filled, hole: own, found: found[index].soft)
            return (core: seen.box() == nil ? found[index].core : seen, hole: own)
        }
        return (ground, hole, cores)
    }

    /// Each thing as a layer, at the working size and at the photo's.
    private func layers(
        _ cores: [(core: Mask, hole: Mask)], _ hole: Mask, _ ground: LiftFill.Painted
    ) -> [(small: LiftLayer, large: LiftLayer)] {
        func layer(_ image: FloatImage, _ core: Mask, _ hole: Mask) -> LiftLayer {
            LiftLayer(of: image, over: ground.pasted(into: image), core: core, hole: hole)
        }
        return cores.map { core, own in
            let small = layer(canvas.working, core, own)
            guard canvas.photo != canvas.working else { return (small, small) }
            return (
                small,
                layer(canvas.photo, core.enlarged(like: canvas.photo), own.enlarged(like: canvas.photo))
            )
        }
    }

    // MARK: Harmonising

    /// Inverts the collage and samples it back under what it shows, and takes of that the rim, or everything.
    private func harmonise(
        _ canvas: inout LiftCanvas, _ step: LiftInstruction.Step,
        _ moved: [(phrase: PromptPhrases.Phrase, to: Placement)], _ others: [ThingFinder.Other]
    ) throws {
        guard lift.harmonising != .none else { return }
        let (session, levels) = (context.session, context.levels)
        let top = max(levels.stepCount(strength: Lift.rimStrength), 1)
        let middle = (moved[0].to.middle + moved[0].to.right + 0.5) / Double(canvas.working.width)
        let resting = others.compactMap { other in other.middle.map { (phrase: other.phrase, middle: $0) } }
        let text = phrases.after(step, moved.map(\.phrase), middle: middle, others: resting)
        let prompt = try session.prompt(text, as: "source prompt")
        let collage = canvas.working
        let path = try session.invert(
            try session.encode(collage.image), through: levels, to: top, prompt: prompt,
            stage: "taking the rim to noise")
        let latent = try session.sample(
            path[top], from: top, of: levels, prompt: prompt, stage: "painting the rim")
        canvas.take(
            FloatImage(try session.decode(latent)), instead: collage, keepsInside: lift.harmonising == .rim)
    }
}
