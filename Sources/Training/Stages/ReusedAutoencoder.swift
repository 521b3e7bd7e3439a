import Foundation

/// What is known of how a finished autoencoder was trained, from the record beside its model's folder.
struct ReusedAutoencoder {
    /// Its settings.
    let section: AutoencoderSection
    /// Points of its loss curve; the last says how far it came.
    let lines: [TrainingProgress]

    /// Reads `training.json` of the model that an autoencoder's folder belongs to; nil where there is none that can be
    /// understood, as with autoencoders from elsewhere.
    init?(folder: String) {
        let path = ((folder as NSString).standardizingPath as NSString).deletingLastPathComponent
        guard let data = FileManager.default.contents(atPath: "\(path)/training.json"),
            let record = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
            let settings = (record["configuration"] as? [String: Any])?["autoencoder"],
            let curve = record["curve"],
            // Over the defaults, as a configuration: older records lack newer settings.
            let alone = try? JSONSerialization.data(withJSONObject: ["autoencoder": settings]),
            let configuration = try? TrainingConfiguration(json: alone, named: path),
            let points = try? JSONSerialization.data(withJSONObject: curve),
            let lines = try? JSONDecoder().decode([TrainingProgress].self, from: points)
        else { return nil }
        section = configuration.autoencoder
        self.lines = lines.filter { $0.stage == "autoencoder" }
    }
}
