import ArgumentParser
import Benchmarks
import Editing
import Foundation
import Networks
import Perception
import Service
import Support
import Tensors

/// The networks that pictures are measured with.
struct MeasureOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The pair of CLIP towers that compares pictures and texts: a folder, or its name; by default flowers-clip, or \
            where a model is measured MODEL-clip beside it.
            """, valueName: "dir"))
    var clip: String?

    @Option(
        help: ArgumentHelp(
            """
            Which LPIPS: alex, vgg, both with a comma between, none, or a folder; by default all that are there \
            (make measures fetches them).
            """, valueName: "a,b"))
    var lpips: String?

    @Flag(help: "The pictures are of faces that fill them: compare whose they are (make measures).")
    var faces = false

    /// A network that measured, for records.
    struct Network: Codable, Equatable {
        /// What it is: `lpips.alex`, `clip`.
        var role: String
        var folder: String
        /// A short hash of its files.
        var fingerprint: String
    }

    /// Folders of networks that measure: what make measures fetched, then where models lie.
    static var folders: [String] {
        [enclosingFolder(of: InversionCache.standardFolder) + "/measures"] + Program.places.folders
    }

    /// The folder of a network of a name; nil where there is none.
    static func place(of name: String) -> String? {
        folders.map { "\($0)/\(name)" }.first {
            FileManager.default.fileExists(atPath: $0 + "/config.json")
        }
    }

    /// The folder of a network that was asked for.
    /// - Throws: `Failure` that says how to get it.
    static func needed(_ name: String) throws -> String {
        if let place = place(of: name) { return place }
        throw Failure.missing("there is no \(name) to measure with; fetch it: make measures")
    }

    /// Opens the networks.
    /// - Parameters:
    ///   - wantsTexts: whether pictures are compared with texts too.
    ///   - pair: the pair of towers where none is named.
    func measures(on device: Device, wantsTexts: Bool, pair: String? = nil) throws -> (
        PictureMeasures, [Network]
    ) {
        var (measures, networks) = (PictureMeasures(), [Network]())
        for place in try lpipsPlaces() {
            let network = try PerceptualDistance(folder: place, device: device)
            measures.distances.append(network)
            networks.append(
                Network(role: "lpips.\(network.trunk)", folder: place, fingerprint: network.fingerprint))
        }
        if wantsTexts {
            let place = try Program.places.plainFolder(of: clip ?? pair ?? "flowers-clip")
            let towers = try CLIPScorer(folder: place, device: device)
            measures.towers = towers
            networks.append(Network(role: "clip", folder: place, fingerprint: towers.fingerprint))
        }
        if faces {
            let place = try Self.needed("mobilefacenet")
            let network = try FaceIdentity(folder: place, device: device)
            measures.faces = network
            networks.append(Network(role: "face", folder: place, fingerprint: network.fingerprint))
        }
        return (measures, networks)
    }

    private func lpipsPlaces() throws -> [String] {
        let names = ["lpips-alex", "lpips-vgg"]
        guard let lpips else { return names.compactMap { Self.place(of: $0) } }
        if lpips == "none" { return [] }
        if lpips.contains("/") { return [lpips] }
        return try lpips.split(separator: ",").map { part in
            let name = "lpips-\(part.trimmingCharacters(in: .whitespaces))"
            guard names.contains(name) else {
                throw Failure.usage(
                    "--lpips is \(lpips); it must be alex, vgg, both with a comma between, none, or a folder")
            }
            return try Self.needed(name)
        }
    }
}
