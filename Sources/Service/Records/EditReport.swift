import Diffusion
public import Editing
import Foundation
public import Imaging
package import Support

/// An edit's record with what only a program knows: which files, which version.
public struct EditReport {
    /// The record with those facts, as JSON.
    package let json: JSONValue
    private let account: EditRecord
    private let output: String
    private let size: String
    private let producer: Producer

    /// The report on one file.
    /// - Parameters:
    ///   - image: the photo, whose size is told.
    ///   - threads: how many shared the rows of a pass, which the last digits of results depend on.
    public init(
        _ account: EditRecord, photo: String, output: String, image: Image, threads: Int,
        by producer: Producer
    ) throws {
        self.account = account
        self.output = output
        self.producer = producer
        size = "\(image.width)x\(image.height)"
        let added: [String: JSONValue] = [
            "schema": .whole(1), "program": .text(producer.description), "command": .text("edit"),
            "photo": .text(lastName(of: photo)), "output": .text(lastName(of: output)),
            "threads": .whole(threads), "size": .list([.whole(image.width), .whole(image.height)]),
        ]
        json = try JSONValue(encoding: account).adding(added)
    }

    /// The record as one line of several: with the paths of photo and edit as they are known here.
    public func lineJSON(photo: String) throws -> String {
        try jsonLine(
            json.adding(["photoPath": .text(photo), "outputPath": .text(output)]), naming: producer.naming)
    }

    /// The texts for an image file.
    public func metadata() throws -> [String: String] {
        var settings: [(key: String, value: String)] = [
            ("Steps", "\(account.settings.steps)"), ("Sampler", account.sampler ?? DDIM().name),
            ("CFG scale", "\(OptionValue.number(account.settings.guidance))"), ("Seed", "\(account.seed)"),
            ("Size", size), ("Model hash", account.model.fingerprint), ("Model", account.model.name),
        ]
        settings += account.model.loraSettings
        if let strength = account.settings.strength {
            settings.append(("Denoising strength", "\(OptionValue.number(strength))"))
        }
        settings += [("Method", account.method), ("Version", producer.description)]
        let parameters = WebUIParameters(
            prompt: account.prompt, negative: account.negative ?? "", settings: settings)
        return [
            ImageMetadata.parametersKey: parameters.text, ImageMetadata.ownKey: try producer.text(of: json),
        ]
    }

    /// One line for people: file, seed, and what it took.
    public var line: String {
        var facts = ["seed \(account.seed)", String(format: "%.1f s", account.cost.seconds)]
        facts.append("\(account.cost.forwards) passes")
        if let area = account.maskArea { facts.append(String(format: "mask %.0f %%", area * 100)) }
        if let paste = account.paste, paste.asked == .auto {
            facts.append("pasted as \(paste.took == .residual ? "residual" : "replacement")")
        }
        if account.inversionKept == true { facts.append("inversion kept from before") }
        if let trip = account.roundTrip {
            func text(_ decibels: Double?) -> String {
                decibels.map { String(format: "%.1f dB", $0) } ?? "exact"
            }
            facts.append(String(format: "inversion error %.4f", trip.rms))
            facts.append("reconstruction \(text(trip.psnr)) of \(text(trip.ceiling))")
        }
        return "\(Destination.name(of: output)) (\(facts.joined(separator: ", ")))"
    }
}
