import Editing
import Foundation
import Imaging
import Service
import Support

/// One edit at several strengths, side by side.
struct StrengthCurve {
    /// The strengths, in their order.
    let strengths: [Double]
    private let settings: EditSettings

    /// Reads strengths as `0.3,0.5,0.7`, and checks the settings with each by `check`.
    init(
        _ text: String, of settings: EditSettings, check: (EditSettings) throws -> CheckedRequest
    ) throws {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        strengths = parts.compactMap { Double($0.trimmingCharacters(in: .whitespaces)) }
        self.settings = settings
        guard strengths.count == parts.count, (1...64).contains(parts.count) else {
            throw Failure.usage(
                "--strengths is \"\(text)\"; it must be numbers with commas between them, as 0.3,0.5,0.7")
        }
        guard try check(settings).settings.strength != nil else {
            throw Failure.usage("\(settings.method) has no strength; --strengths needs a method that has")
        }
        for strength in strengths { _ = try check(self.settings(strength)) }
    }

    /// The settings at one strength.
    func settings(_ strength: Double) -> EditSettings {
        var settings = settings
        settings.strength = strength
        return settings
    }

    /// What the panel says of the edits in it.
    func account(
        _ results: [EditResult], photo: String, image: Image, output: String, threads: Int
    ) throws -> SheetRecord {
        var record = SheetRecord(
            command: "edit", output: lastName(of: output), seed: settings.seed,
            model: results.first?.account.model,
            pictures: try zip(strengths, results).map { strength, result in
                let report = try EditReport(
                    result.account, photo: photo, output: output, image: image, threads: threads,
                    by: Program.producer)
                return .init(label: Self.label(strength), account: report.json)
            }, by: Program.producer)
        record.photo = lastName(of: photo)
        record.prompt = settings.prompt
        record.source = settings.source
        record.negative = settings.negative
        return record
    }

    private static func label(_ strength: Double) -> String { "strength \(OptionValue.number(strength))" }

    /// Photo and edits with their strengths below.
    func panel(_ photo: Image, _ results: [EditResult]) -> Image {
        let side = min(max(photo.height, 256), 768)
        let width = max(photo.width * side / photo.height, 1)
        func cell(_ image: Image, _ caption: String) -> ContactSheet.Cell {
            var plain = image
            plain.profile = nil
            return .init(plain.resized(width: width, height: side), caption: caption)
        }
        return Image.panel(
            [cell(photo, "photo")]
                + zip(strengths, results).map { cell($1.image, Self.label($0)) })
    }
}
