import Editing
import Imaging
import Support
import Vault

extension JobRequest {
    /// The mask as it will be used on a photo: read, exchanged, grown, then softened.
    /// - Parameters:
    ///   - width: pixels of the photo in a row.
    ///   - height: rows of the photo.
    ///   - notify: gets what should be known of it.
    /// - Throws: `MaskError` where the picture cannot be meant as a mask of the photo.
    func readMask(
        in store: PictureStore, width: Int, height: Int, notify: @Sendable (String) -> Void
    ) async throws -> Mask? {
        guard let choice = mask, let id = choice.picture else { return nil }
        let (mask, notices) = try await store.mask(id)
        let changes = choice.changes
        for notice in notices where changes.leaves(notice) {
            notify(Naming.fields.text(of: notice).replacing(notice.path, with: "the mask"))
        }
        if let advice = try mask.advice(on: (width, height), path: "the mask") { notify(advice) }
        return try await store.work { try changes.applied(to: mask, path: "the mask") }
    }

    /// The regions with their masks.
    func readRegions(in store: PictureStore) async throws -> [Region] {
        var read: [Region] = []
        for choice in regions {
            let place: Region.Place
            if let mask = choice.mask {
                place = .mask(try await store.mask(mask).mask)
            } else {
                let box = choice.box ?? [0, 0, 1, 1]
                place = .box(Region.Box(x: box[0], y: box[1], width: box[2], height: box[3]))
            }
            read.append(Region(place, prompt: choice.prompt, negative: choice.negative))
        }
        return read
    }

    /// Everything that is said in words, by which a model is chosen.
    var words: [String] {
        let isSpatial = (try? Registry.method(named: settings.method).description.isSpatial) ?? false
        return
            ([isSpatial && kind == .edit ? nil : settings.prompt, settings.source, settings.negative]
            + regions.map(\.prompt)).compactMap(\.self)
    }
}

extension JobRequest.MaskChoice {
    /// What is done to the picture before it is used.
    var changes: MaskChanges { MaskChanges(isInverted: invert, growth: grow, blur: blur) }

    /// The mask that is asked for in words, if one is.
    var maskWords: MaskWords? {
        words.map { MaskWords($0, isInverted: invert, growth: grow, blur: blur) }
    }
}

extension Naming {
    /// What a notice says.
    func text(of notice: MaskNotice) -> String { notice.message.text(self) }
}
