import Diffusion
import Editing
import Service
import Support
import Vault

extension JobRequest {
    /// The request with seed and model filled in, after everything that can be refused without computing.
    ///
    /// The checks are those of the command line: `EditSettings.checked`, the levels along the model's schedule, the
    /// mask's file and its shape, the networks beside the model that a method needs.
    /// - Throws: `Problem`, and the errors of the layers below.
    func checked(with models: any ModelLibrary, in store: PictureStore) async throws -> JobRequest {
        var request = self
        if !hasSeed {
            request.settings.seed = .random(in: 0..<1 << 32)
            request.hasSeed = true
        }
        var photo: PictureRow?
        if let picture { photo = try await store.vault.presentPicture(picture) }
        let name = try model ?? models.choice(for: words, photo: photo.map(store.vault.path(of:)))
        request.model = name
        let card = try models.card(of: name)
        let regions = try await readRegions(in: store)
        if let photo {
            _ = try await readMask(in: store, width: photo.width, height: photo.height) { _ in }
        }
        switch kind {
        case .edit, .mask:
            if kind == .mask { try checkMaskSearch() }
            let checked = try settings.checked(hasMask: mask != nil, regions: regions, with: card.settings)
            _ = try checked.levels(of: card.schedule)
            try checkCompanions(of: checked.description, card)
        case .generate: try checkGeneration(card)
        }
        return request
    }

    /// Refuses a method that is guided by a network that there is not.
    private func checkCompanions(of method: MethodDescription, _ card: ModelCard) throws {
        guard let path = card.path else { return }
        func lacking(_ what: String, _ role: String) -> Problem {
            Problem(
                "missing", 422,
                "\(method.name) needs \(what), and there is no \(card.name)-\(role) beside the model",
                field: "method")
        }
        if method.needs.relevance, try RelevanceSource.companion(nil, of: path) == nil {
            throw lacking("a network that tells where a picture shows a text", "clipseg")
        }
        if method.needs.clip == true, try CLIPSource.companion(nil, of: path) == nil {
            throw lacking("a pair of CLIP towers", "clip")
        }
    }

    /// Refuses a search for a mask by a method that finds none, or where there is one already.
    private func checkMaskSearch() throws {
        let name = try Registry.method(named: settings.method).description.name
        guard name == DiffEdit.description.name else {
            throw EditingError.badValue(name: "method", value: name, expected: "diffedit, which finds masks")
        }
        guard mask == nil else {
            throw Problem("bad-value", 422, "a request of kind mask takes no mask", field: "mask")
        }
    }

    private func checkGeneration(_ card: ModelCard) throws {
        guard settings.prompt.contains(where: { !$0.isWhitespace }) else { throw EditingError.emptyPrompt }
        let steps = settings.steps ?? 50
        guard Limits.steps.contains(steps) else {
            throw EditingError.badValue(
                name: "steps", value: "\(steps)", expected: "a number from 1 to 1000")
        }
        if let guidance = settings.guidance, !Limits.guidance.contains(guidance) {
            throw EditingError.badValue(
                name: "guidance", value: "\(guidance)", expected: "a number from 0 to 100")
        }
        _ = try card.schedule.levels(steps: steps)
        for (name, side) in [("width", width), ("height", height)] {
            guard let side else { continue }
            guard side % card.facts.latentFactor == 0, side <= 2048 else {
                throw EditingError.badValue(
                    name: name, value: "\(side)",
                    expected: "a multiple of \(card.facts.latentFactor), at most 2048")
            }
        }
    }
}
