import Diffusion
import Editing
import Foundation
import Imaging
import Support

/// An edit's account with what only the program knows: which files, which version.
struct EditReport {
    /// The account with those facts, as JSON.
    let json: JSONValue
    private let account: EditRecord
    private let output: String
    private let size: String

    /// - Parameter threads: how many shared the rows of a pass, which the last digits of results depend on.
    init(_ account: EditRecord, photo: String, output: String, image: Image, threads: Int) throws {
        self.account = account
        self.output = output
        size = "\(image.width)x\(image.height)"
        guard case .object(var facts) = try JSONValue(encoding: account) else {
            throw Failure.fault("an account is no JSON object")
        }
        facts["schema"] = .integer(1)
        facts["program"] = .string("Pentimento \(Program.version)")
        facts["command"] = .string("edit")
        facts["photo"] = .string(lastName(of: photo))
        facts["output"] = .string(lastName(of: output))
        facts["threads"] = .integer(Int64(threads))
        facts["size"] = .list([.integer(Int64(image.width)), .integer(Int64(image.height))])
        json = .object(facts)
    }

    /// The account as one line of several: with the paths of photo and edit as they are known here.
    func lineJSON(photo: String) throws -> String {
        guard case .object(var facts) = json else { throw Failure.fault("an account is no JSON object") }
        facts["photoPath"] = .string(photo)
        facts["outputPath"] = .string(output)
        return try jsonLine(JSONValue.object(facts))
    }

    /// The texts for an image file.
    func metadata() throws -> [String: String] {
        var settings: [(key: String, value: String)] = [
            ("Steps", "\(account.settings.steps)"), ("Sampler", account.sampler ?? DDIM().name),
            ("CFG scale", "\(OptionValue.number(account.settings.guidance))"), ("Seed", "\(account.seed)"),
            ("Size", size), ("Model hash", account.model.fingerprint), ("Model", account.model.name),
        ]
        if let strength = account.settings.strength {
            settings.append(("Denoising strength", "\(OptionValue.number(strength))"))
        }
        settings += [("Method", account.method), ("Version", "Pentimento \(Program.version)")]
        let parameters = WebUIParameters(
            prompt: account.prompt, negative: account.negative ?? "", settings: settings)
        return [ImageMetadata.parametersKey: parameters.text, ImageMetadata.ownKey: try jsonText(json)]
    }

    /// One line for people: file, seed, and what it took.
    var line: String {
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
        return "\(Outputs.name(output)) (\(facts.joined(separator: ", ")))"
    }
}
