import Diffusion
import Editing
import Imaging
import Support
import Vault

extension Painter {
    /// The longest side of masks that are looked for, in pixels: enough to paint on.
    private static let maskSide = 1024

    /// Finds what a text would change, without painting.
    func findMask(_ request: JobRequest, of job: JobRow) async throws -> Outcome {
        var (asked, photo, _) = try await material(of: request)
        asked.isPreview = true
        let wanted = asked
        let result = try await done { try $0.edit(wanted) }
        try Task.checkCancellation()
        guard let mask = result.mask, let soft = result.softMask else {
            throw Problem("fault", 500, "\(result.account.method) told of no mask")
        }
        let shown = photo.image.fitted(within: Self.maskSide)
        func sized(_ mask: Mask) -> Image { mask.resized(width: shown.width, height: shown.height).image() }
        let pictures = [
            try await store.place(sized(mask), as: .mask), try await store.place(sized(soft), as: .soft),
        ]
        let told: JSONValue = .object([
            "mask": .text(pictures[0].id), "softMask": .text(pictures[1].id),
            "area": .number(Double(mask.area)),
            "threshold": result.account.options["threshold"]?.json ?? .null,
        ])
        return Outcome(pictures: pictures, told: told, forwards: result.account.cost.forwards)
    }
}

extension OptionValue {
    /// The value as JSON.
    fileprivate var json: JSONValue {
        switch self {
        case .integer(let value): .whole(value)
        case .number(let value): .number(value)
        case .text(let value): .text(value)
        case .flag(let value): .flag(value)
        }
    }
}
