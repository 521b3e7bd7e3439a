import Diffusion
import Foundation
import Imaging
package import Support

/// The webui's account of an image: prompt, a line with the negative prompt, a line of settings.
///
/// `PROMPT\nNegative prompt: …\nSteps: 20, Sampler: DDIM, CFG scale: 7, Seed: 1, Size: 512x512, …`; values with commas
/// stand in double quotes. Written by AUTOMATIC1111/stable-diffusion-webui and read by most sites and viewers.
public struct WebUIParameters: Equatable, Sendable {
    /// The prompt.
    public var prompt: String
    /// The negative prompt; empty where there is none.
    public var negative: String
    /// Names and values in their order.
    public var settings: [(key: String, value: String)]

    /// An account.
    public init(prompt: String, negative: String = "", settings: [(key: String, value: String)]) {
        self.prompt = prompt
        self.negative = negative
        self.settings = settings
    }

    /// The prompt that an image file carries, if it carries one.
    public static func prompt(in file: String) throws -> String? {
        let parameters = try ImageMetadata(contentsOf: file).entries[ImageMetadata.parametersKey]
        let prompt = parameters.map { WebUIParameters($0).prompt } ?? ""
        return prompt.isEmpty ? nil : prompt
    }

    /// Reads a text; what does not look like settings is part of the prompt.
    public init(_ text: String) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        settings = []
        if let last = lines.last {
            let found = Self.settings(in: last)
            // One colon may be prose; the webui always writes several settings.
            if found.count >= 2, found.contains(where: { $0.key == "Steps" || $0.key == "Seed" }) {
                settings = found
                lines.removeLast()
            }
        }
        // The last such line: a prompt may have one of its own, a negative prompt hardly.
        if let start = lines.lastIndex(where: { $0.hasPrefix(Self.mark) }) {
            negative = ([String(lines[start].dropFirst(Self.mark.count))] + lines[(start + 1)...]).joined(
                separator: "\n"
            ).trimmingCharacters(in: .whitespaces)
            lines.removeSubrange(start...)
        } else {
            negative = ""
        }
        prompt = lines.joined(separator: "\n")
    }

    private static let mark = "Negative prompt:"

    /// A prompt that readers of this format take as it is meant: none of its lines, which mean no more than spaces,
    /// begins as the line of the negative prompt does.
    private static func guarded(_ prompt: String) -> String {
        let joined = prompt.split(separator: "\n" + mark, omittingEmptySubsequences: false)
            .joined(separator: " " + mark)
        return joined.hasPrefix(mark) ? " " + joined : joined
    }

    /// The text, as it stands in an image.
    public var text: String {
        let values = settings.map { setting in
            let needsQuotes = setting.value.contains { ",:\"\n".contains($0) }
            return "\(setting.key): \(needsQuotes ? Self.quoted(setting.value) : setting.value)"
        }
        return
            ([Self.guarded(prompt)] + (negative.isEmpty ? [] : [Self.mark + " " + Self.guarded(negative)])
            + [values.joined(separator: ", ")]).joined(separator: "\n")
    }

    /// For people: one setting a line.
    public var lines: String {
        var lines = ["prompt: " + prompt]
        if !negative.isEmpty { lines.append("negative prompt: " + negative) }
        return (lines + settings.map { "\($0.key): \($0.value)" }).map { "  " + $0 }.joined(separator: "\n")
    }

    /// Everything by name, the settings in the webui's own spelling.
    package var json: [String: JSONValue] {
        var values = Dictionary(settings.map { ($0.key, JSONValue.text($0.value)) }) { first, _ in first }
        values["Prompt"] = .text(prompt)
        if !negative.isEmpty { values["Negative prompt"] = .text(negative) }
        return values
    }

    /// Equal texts and settings in equal order.
    public static func == (left: WebUIParameters, right: WebUIParameters) -> Bool {
        left.prompt == right.prompt && left.negative == right.negative
            && left.settings.elementsEqual(right.settings) { $0 == $1 }
    }

    /// Reads `Key: value, Key: "value, with comma", …`.
    private static func settings(in line: String) -> [(key: String, value: String)] {
        var found: [(key: String, value: String)] = []
        var rest = Substring(line)
        while let colon = rest.range(of: ": ") {
            let key = String(rest[..<colon.lowerBound])
            rest = rest[colon.upperBound...]
            if rest.first == "\"", let (value, after) = unquoted(rest) {
                found.append((key, value))
                rest = after.hasPrefix(", ") ? after.dropFirst(2) : after
            } else {
                let end = rest.range(of: ", ")
                found.append((key, String(rest[..<(end?.lowerBound ?? rest.endIndex)])))
                rest = rest[(end?.upperBound ?? rest.endIndex)...]
            }
        }
        return found
    }

    private static func quoted(_ text: String) -> String {
        let escapes: [Character: String] = ["\"": "\\\"", "\\": "\\\\", "\n": "\\n"]
        return "\"" + text.map { escapes[$0] ?? String($0) }.joined() + "\""
    }

    private static func unquoted(_ text: Substring) -> (value: String, after: Substring)? {
        var value = ""
        var isEscaped = false
        for index in text.indices.dropFirst() {
            let character = text[index]
            if isEscaped {
                value.append(character == "n" ? "\n" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                return (value, text[text.index(after: index)...])
            } else {
                value.append(character)
            }
        }
        return nil
    }
}

extension ModelFacts {
    /// The LoRAs that changed the model, as the webui tells of them; none without any.
    var loraSettings: [(key: String, value: String)] {
        guard let loras else { return [] }
        return [("Lora hashes", loras.map { "\($0.name): \($0.hash)" }.joined(separator: ", "))]
    }
}
