import Foundation
import Imaging

/// A folder of images with captions as training images: cropped to their middle square and brought to one size.
///
/// An image's captions are the lines of a NAME.txt beside it, or a line of the folder's captions.jsonl: `{"file":
/// "a/b.jpg", "captions": ["…", "…"]}`; `file_name`, `caption` and `text` are understood too. Such a line may say
/// `"repeats": 3`, how often an epoch shows the image, and `"split": "held-out"`: where any line does, the images to
/// measure on are taken from those alone, and none of them is learned from. `"labels": {"kind": "tulip"}` is what a
/// judge learns. All images at one size may also lie in one file, see `PackedImages`.
struct FolderImages: Sendable {
    let section: DataSection
    /// Whether images without a caption are passed over.
    var needsCaptions = true

    /// An image that can be learned from.
    struct Entry: Sendable, Equatable {
        /// Relative to the folder.
        let path: String
        let captions: [String]
        /// How often an epoch shows it.
        var repeats = 1
        /// What it shows, by what is told: `["kind": "tulip"]`.
        var labels: [String: String] = [:]
        /// Whether the folder itself keeps it out of training.
        var isHeldOut = false
        /// Its place among `PackedImages`, where there are such.
        var row = 0
    }

    /// The images to learn from and, behind them, those held out.
    func images(in work: String, control: TrainingControl) throws -> ImageSet {
        try read(in: work, control: control).images
    }

    /// Likewise, with their labels.
    func labelled(in work: String, control: TrainingControl) throws -> LabelledImages {
        let (images, entries) = try read(in: work, control: control)
        return try LabelledImages(images, labels: entries.map(\.labels), folder: section.folder)
    }

    private func read(
        in work: String, control: TrainingControl
    ) throws -> (images: ImageSet, entries: [Entry]) {
        let (folder, size) = (section.folder, section.size)
        let pack = try PackedImages(folder: folder, size: size)
        let (chosen, count) = try chosen(of: try entries(of: pack, control: control))
        var images = try ImageSet.cached(
            in: work, fingerprint: try fingerprint(chosen, of: pack), count: count, heldOut: section.heldOut,
            size: size,
            image: {
                try pack?.image(chosen[$0].row)
                    ?? Image(contentsOf: "\(folder)/\(chosen[$0].path)").middleSquare(side: size)
            },
            captions: { chosen[$0].captions }, control: control)
        images.repeats = chosen.prefix(count).map(\.repeats)
        return (images, chosen)
    }

    /// The images to learn from, whose number comes with them, and then those to measure on.
    private func chosen(of entries: [Entry]) throws -> ([Entry], count: Int) {
        let keepsOut = entries.contains(where: \.isHeldOut)
        let keptOut = entries.count(where: \.isHeldOut)
        let most = keepsOut ? entries.count - keptOut : entries.count - section.heldOut
        let count = min(section.count, most)
        guard count > 0, !keepsOut || section.heldOut <= keptOut else {
            throw TrainingError.unusableData(
                path: section.folder,
                reason: keepsOut && count > 0
                    ? "\(keptOut) held-out pictures are fewer than data.heldOut = \(section.heldOut); lower that"
                    : "\(entries.count) pictures with captions leave none to learn from beside "
                        + "data.heldOut = \(section.heldOut); lower that")
        }
        // Those held out come from all over the folder, whatever its order.
        var draws = Randomness(seed: section.seed).draws(.order, 0)
        let shuffled = entries.shuffled(using: &draws)
        guard keepsOut else { return (Array(shuffled.prefix(count + section.heldOut)), count) }
        return (
            Array(shuffled.filter { !$0.isHeldOut }.prefix(count))
                + shuffled.filter(\.isHeldOut).prefix(section.heldOut),
            count
        )
    }

    /// All images with captions, in the order of their paths.
    func entries(of pack: PackedImages? = nil, control: TrainingControl) throws -> [Entry] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: section.folder, isDirectory: &isFolder) else {
            throw TrainingError.missing(path: section.folder)
        }
        guard isFolder.boolValue else {
            throw TrainingError.unusableData(path: section.folder, reason: "it is not a folder")
        }
        let listed = try listedCaptions()
        if let pack {
            guard listed.count == pack.count else {
                throw TrainingError.unusableData(
                    path: pack.path,
                    reason: "it holds \(pack.count) pictures and \(Self.list) names \(listed.count)")
            }
            return listed.sorted { $0.key < $1.key }
                .filter { !$0.value.captions.isEmpty || !needsCaptions }
                .map { entry($0.key, $0.value, row: $0.value.row) }
        }
        let all = (FileManager.default.enumerator(atPath: section.folder)?.allObjects as? [String] ?? [])
            .sorted()
        let paths = all.filter { Self.endings.contains(Self.ending($0)) && !isHidden($0) }
        if let lost = listed.keys.sorted().first(where: { !paths.contains($0) }) {
            throw TrainingError.unusableData(
                path: "\(section.folder)/\(Self.list)", reason: "it names \(lost), which is no picture there")
        }
        var entries: [Entry] = []
        var lonely: [String] = []
        for path in paths {
            let told = try listed[path] ?? Told(captions: captions(beside: path))
            if !told.captions.isEmpty || !needsCaptions {
                entries.append(entry(path, told))
            } else {
                lonely.append(path)
            }
        }
        guard !entries.isEmpty else {
            throw TrainingError.unusableData(
                path: section.folder,
                reason: paths.isEmpty
                    ? "there are no pictures in it (\(Self.endings.sorted().joined(separator: ", ")))"
                    : "none of its \(paths.count) pictures has a caption: NAME.txt beside it, or a line of \(Self.list)"
            )
        }
        tellOfOthers(all, images: paths, lonely: lonely, control: control)
        return entries
    }

    private func entry(_ path: String, _ told: Told, row: Int = 0) -> Entry {
        Entry(
            path: path, captions: Array(told.captions.prefix(section.captions)), repeats: told.repeats,
            labels: told.labels, isHeldOut: told.isHeldOut, row: row)
    }

    private static let endings: Set<String> = [
        "png", "jpg", "jpeg", "webp", "gif", "tif", "tiff", "avif", "heic", "ppm",
    ]
    private static let list = "captions.jsonl"

    private static func ending(_ path: String) -> String { (path as NSString).pathExtension.lowercased() }

    /// Says which files were passed over, and why.
    private func tellOfOthers(
        _ all: [String], images: [String], lonely: [String], control: TrainingControl
    ) {
        let stems = Set(images.map { ($0 as NSString).deletingPathExtension })
        var (captions, others, hidden): ([String], [String], [String]) = ([], [], [])
        for path in all where path != Self.list && !Self.endings.contains(Self.ending(path)) || isHidden(path)
        {
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: "\(section.folder)/\(path)", isDirectory: &isFolder)
            if isFolder.boolValue { continue }
            if isHidden(path) {
                hidden.append(path)
            } else if Self.ending(path) != "txt" {
                others.append(path)
            } else if !stems.contains((path as NSString).deletingPathExtension) {
                captions.append(path)
            }
        }
        for (names, what) in [
            (lonely, "pictures without a caption"), (captions, "captions without a picture"),
            (others, "files of other kinds"), (hidden, "hidden files"),
        ] where !names.isEmpty {
            let more = names.count > 3 ? ", …" : ""
            control.report(
                .message(
                    "left out, \(what): \(names.count) (\(names.prefix(3).joined(separator: ", "))\(more))"))
        }
    }

    private func isHidden(_ path: String) -> Bool {
        path.split(separator: "/").contains { $0.hasPrefix(".") }
    }

    /// The lines of NAME.txt, without empty ones.
    private func captions(beside path: String) throws -> [String] {
        let place = "\(section.folder)/\((path as NSString).deletingPathExtension).txt"
        guard let data = FileManager.default.contents(atPath: place) else { return [] }
        guard let text = String(data: data, encoding: .utf8) else {
            throw TrainingError.unusableData(path: place, reason: "it is not UTF-8 text")
        }
        return Self.cleaned(text.split(whereSeparator: \.isNewline).map(String.init))
    }

    /// What captions.jsonl says, by the images' paths.
    private func listedCaptions() throws -> [String: Told] {
        let place = "\(section.folder)/\(Self.list)"
        guard let data = FileManager.default.contents(atPath: place) else { return [:] }
        var found: [String: Told] = [:]
        for (index, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        {
            guard line.contains(where: { $0 > 32 }) else { continue }
            guard let item = try? JSONDecoder().decode(Line.self, from: Data(line)),
                let file = item.file ?? item.fileName
            else {
                throw TrainingError.unusableData(
                    path: place,
                    reason: "line \(index + 1) is not {\"file\": …, \"caption\": … or \"captions\": […]}")
            }
            let captions = (item.captions ?? []) + [item.caption, item.text].compactMap(\.self)
            let row = found.count
            found[file, default: Told(row: row)].captions += Self.cleaned(captions)
            found[file]?.labels.merge(item.labels ?? [:]) { $1 }
            if let repeats = item.repeats {
                guard (1...1000).contains(repeats) else {
                    throw TrainingError.unusableData(
                        path: place, reason: "line \(index + 1) says \"repeats\": \(repeats); 1 to 1000")
                }
                found[file]?.repeats = repeats
            }
            if let split = item.split {
                guard ["train", "held-out"].contains(split) else {
                    throw TrainingError.unusableData(
                        path: place,
                        reason: "line \(index + 1) says \"split\": \"\(split)\"; train or held-out")
                }
                found[file]?.isHeldOut = split == "held-out"
            }
        }
        return found
    }

    /// What is told of an image.
    private struct Told {
        var row = 0
        var captions: [String] = []
        var repeats = 1
        var labels: [String: String] = [:]
        var isHeldOut = false
    }

    private struct Line: Decodable {
        var file: String?
        var fileName: String?
        var caption: String?
        var captions: [String]?
        var text: String?
        var repeats: Int?
        var split: String?
        var labels: [String: String]?

        enum CodingKeys: String, CodingKey {
            case file, caption, captions, text, repeats, split, labels
            case fileName = "file_name"
        }
    }

    private static func cleaned(_ captions: [String]) -> [String] {
        captions.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }.filter { !$0.isEmpty }
    }

    /// Names the images: settings, captions, and of each file its name, its length, its first and last bytes; of packed
    /// ones some pixels.
    private func fingerprint(_ entries: [Entry], of pack: PackedImages?) throws -> String {
        var fingerprint = try CacheKey(of: section)
        for entry in entries {
            if let pack {
                fingerprint.add("\(entry.path)\n\(entry.repeats)\n" + entry.captions.joined(separator: "\n"))
                fingerprint.add(try pack.middleLine(entry.row))
                continue
            }
            let path = "\(section.folder)/\(entry.path)"
            guard let file = FileHandle(forReadingAtPath: path) else {
                throw TrainingError.missing(path: path)
            }
            defer { try? file.close() }
            let length = try file.seekToEnd()
            fingerprint.add("\(entry.path)\n\(length)\n" + entry.captions.joined(separator: "\n"))
            if entry.repeats != 1 { fingerprint.add("\n\(entry.repeats) times") }
            for offset in [0, length > 4096 ? length - 4096 : 0] {
                try file.seek(toOffset: offset)
                fingerprint.add(try file.read(upToCount: 4096) ?? Data())
            }
        }
        return fingerprint.text
    }
}
