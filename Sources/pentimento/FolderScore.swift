import Benchmarks
import Foundation
import Imaging
import Perception
import Support
import Tensors

/// How unlike two folders of pictures are.
struct FolderScore {
    private let first: String
    private let second: String
    private let json: Bool
    private let compute: ComputeOptions

    /// Two folders; the second is what the first is compared with.
    init(_ first: String, _ second: String, json: Bool, _ compute: ComputeOptions) {
        (self.first, self.second, self.json, self.compute) = (first, second, json, compute)
    }

    /// What `--json` tells of two folders.
    private struct Record: Encodable {
        var before: String
        var after: String
        var images: [Int]
        var kid: Double?
        var fid: Double?
        var csfid: Double?
        var classes: Int?
        var notes: [String]
        var network: MeasureOptions.Network
    }

    /// Measures and prints.
    func run() throws {
        let sets = try [first, second].map(Self.pictures)
        for (place, set) in zip([first, second], sets) where set.values.joined().count < 2 {
            throw Failure.badInput("\(place) has fewer than two pictures; a set needs two at least")
        }
        let place = try MeasureOptions.needed("inception-2015")
        let (device, _) = try compute.start()
        let network = try InceptionFeatures(folder: place, device: device)
        let features = try sets.map { set in
            try set.mapValues { files in network(try files.map { try Image(contentsOf: $0) }) }
        }
        let whole = features.map { set in
            Tensor.concatenated(set.sorted { $0.key < $1.key }.map(\.value))
        }
        var record = Record(
            before: first, after: second, images: whole.map { $0.shape[0] },
            kid: FeatureDistances.kernel(whole[0], whole[1]),
            fid: FeatureDistances.frechet(whole[0], whole[1]), notes: [],
            network: .init(role: "inception", folder: place, fingerprint: network.fingerprint))
        let names = features.map { Set($0.keys) }
        if names[0] == names[1], names[0] != [""] {
            record.classes = names[0].count
            record.csfid = FeatureDistances.classMeans(
                names[0].sorted().compactMap { name in
                    guard let one = features[0][name], let other = features[1][name] else { return nil }
                    return (one, other)
                })
        }
        if whole.contains(where: { $0.shape[0] < 2048 }) {
            record.notes.append(
                "FID grows as images get fewer (2048 and more are usual); compare it at equal numbers alone, or take KID"
            )
        }
        try tell(record)
    }

    private func tell(_ record: Record) throws {
        if json { return Terminal.print(try jsonText(record)) }
        let values = [("kid", record.kid), ("fid", record.fid), ("csfid", record.csfid)]
        Terminal.print(
            TextTable(
                header: ["measure", "value", "images"],
                rows: values.compactMap { name, value in
                    value.map {
                        let count = record.images.map(String.init).joined(separator: " and ")
                        let classes = name == "csfid" ? record.classes.map { ", \($0) classes" } ?? "" : ""
                        return [name, String(format: "%.6g", $0), count + classes]
                    }
                }
            ).plain)
        for note in record.notes { Terminal.note("pentimento: \(note)") }
    }

    /// The pictures of a folder, by the subfolders that they lie in; "" for its own.
    private static func pictures(in folder: String) throws -> [String: [String]] {
        let inside = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        var found: [String: [String]] = [:]
        for name in inside where !name.hasPrefix(".") {
            let path = "\(folder)/\(name)"
            if Destination.isFolder(path) {
                found[name] = try PhotoList.images(at: path)
            } else if PhotoList.endings.contains((name as NSString).pathExtension.lowercased()) {
                found["", default: []].append(path)
            }
        }
        return found
    }
}
