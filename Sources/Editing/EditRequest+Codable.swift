import Foundation
import Imaging

extension EditRequest: Codable {
    private enum Keys: String, CodingKey {
        case image, prompt, source, negative, mask, regions, method, preset, options, seed, steps, guidance,
            strength, offset, inversion, inversionOptions
        case paste, pastes, feather, workingSide, traces, measuresInversion
    }

    /// Pixels as base 64 text.
    private struct Pixels: Codable {
        var width: Int
        var height: Int
        var bytes: Data
    }

    /// Reads a request; everything but image and prompt may be left out.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        func bad(_ key: Keys, _ reason: String) -> DecodingError {
            .dataCorruptedError(forKey: key, in: container, debugDescription: reason)
        }
        func fits(_ width: Int, _ height: Int, _ count: Int, _ channels: Int) -> Bool {
            let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
            return width > 0 && height > 0 && !overflow && count % channels == 0 && pixels == count / channels
        }
        let pixels = try container.decode(Pixels.self, forKey: .image)
        guard fits(pixels.width, pixels.height, pixels.bytes.count, 3) else {
            throw bad(.image, "a picture needs width * height * 3 bytes")
        }
        self.init(
            image: Image(width: pixels.width, height: pixels.height, pixels: Array(pixels.bytes)),
            prompt: try container.decode(String.self, forKey: .prompt),
            source: try container.decodeIfPresent(String.self, forKey: .source),
            negative: try container.decodeIfPresent(String.self, forKey: .negative),
            mask: try container.decodeIfPresent(MaskValues.self, forKey: .mask)?.mask,
            regions: try container.decodeIfPresent([Region].self, forKey: .regions) ?? [],
            method: try container.decodeIfPresent(String.self, forKey: .method) ?? Registry.standard,
            preset: try container.decodeIfPresent(Preset.self, forKey: .preset) ?? .paper,
            options: try container.decodeIfPresent([String: String].self, forKey: .options) ?? [:],
            seed: try container.decodeIfPresent(UInt64.self, forKey: .seed) ?? 0,
            steps: try container.decodeIfPresent(Int.self, forKey: .steps),
            guidance: try container.decodeIfPresent(Double.self, forKey: .guidance),
            strength: try container.decodeIfPresent(Double.self, forKey: .strength),
            offset: try container.decodeIfPresent(Int.self, forKey: .offset),
            inversion: try container.decodeIfPresent(InversionKind.self, forKey: .inversion),
            inversionOptions: try container.decodeIfPresent([String: String].self, forKey: .inversionOptions)
                ?? [:],
            pastes: try container.decodeIfPresent(Bool.self, forKey: .pastes),
            paste: try container.decodeIfPresent(Paste.self, forKey: .paste) ?? .auto,
            feather: try container.decodeIfPresent(Double.self, forKey: .feather),
            workingSide: try container.decodeIfPresent(Int.self, forKey: .workingSide),
            traces: try container.decodeIfPresent(Bool.self, forKey: .traces) ?? false,
            measuresInversion: try container.decodeIfPresent(Bool.self, forKey: .measuresInversion) ?? false)
    }

    /// Writes the request, pixels included.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(
            Pixels(width: image.width, height: image.height, bytes: Data(image.pixels)),
            forKey: .image)
        try container.encodeIfPresent(mask.map { MaskValues($0) }, forKey: .mask)
        if !regions.isEmpty { try container.encode(regions, forKey: .regions) }
        try container.encode(prompt, forKey: .prompt)
        try container.encodeIfPresent(source, forKey: .source)
        try container.encodeIfPresent(negative, forKey: .negative)
        try container.encode(method, forKey: .method)
        try container.encode(preset, forKey: .preset)
        try container.encode(options, forKey: .options)
        try container.encode(seed, forKey: .seed)
        try container.encodeIfPresent(steps, forKey: .steps)
        try container.encodeIfPresent(guidance, forKey: .guidance)
        try container.encodeIfPresent(strength, forKey: .strength)
        try container.encodeIfPresent(offset, forKey: .offset)
        try container.encodeIfPresent(inversion, forKey: .inversion)
        try container.encode(inversionOptions, forKey: .inversionOptions)
        try container.encode(paste, forKey: .paste)
        try container.encodeIfPresent(feather, forKey: .feather)
        try container.encodeIfPresent(workingSide, forKey: .workingSide)
        try container.encode(traces, forKey: .traces)
        try container.encode(measuresInversion, forKey: .measuresInversion)
    }
}
