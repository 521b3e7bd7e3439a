import Foundation
import Support

/// The lists of a benchmark's folder.
struct BenchmarkFiles {
    let folder: String
    /// What belongs where, for errors.
    let layout: String

    /// A file's text.
    func text(_ name: String) throws(BenchmarkDataError) -> String {
        let path = "\(folder)/\(name)"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .missing(path: path, layout: layout)
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw .malformed(path: path, reason: "it is no text in UTF-8")
        }
        return text
    }

    /// A JSON file's value.
    func json(_ name: String) throws(BenchmarkDataError) -> JSONValue {
        let text = try text(name)
        do { return try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) } catch {
            throw .malformed(path: "\(folder)/\(name)", reason: "it is no JSON")
        }
    }

    /// The error of something in a list.
    func malformed(_ name: String, _ reason: String) -> BenchmarkDataError {
        .malformed(path: "\(folder)/\(name)", reason: reason)
    }

    /// A number with noughts in front, so that names sort by it.
    static func padded(_ number: Int, _ digits: Int = 4) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(digits - text.count, 0)) + text
    }

    /// A text as a part of a file's name.
    static func named(_ text: String) -> String {
        String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-.".contains($0)) ? $0 : "_" })
    }
}

extension BenchmarkFiles {
    /// TEdBench: `input_list.json` of `img_name` and `target_text`, pictures in `originals/`.
    ///
    /// It has no texts of the pictures; a file `source_captions.json` beside the list, names to texts, may give them.
    func tedbench() throws(BenchmarkDataError) -> [BenchmarkEntry] {
        let list = "input_list.json"
        let captions: [String: JSONValue]
        if FileManager.default.fileExists(atPath: "\(folder)/source_captions.json") {
            guard let object = try json("source_captions.json").object else {
                throw malformed("source_captions.json", "it is no object of names and texts")
            }
            captions = object
        } else {
            captions = [:]
        }
        guard case .list(let items) = try json(list) else { throw malformed(list, "it is no list") }
        var entries: [BenchmarkEntry] = []
        for (index, item) in items.enumerated() {
            guard let name = item.object?["img_name"]?.text,
                let target = item.object?["target_text"]?.text
            else {
                throw malformed(list, "entry \(index + 1) has no img_name and target_text")
            }
            // The published results: the inner full stops stay, the last one goes.
            let words = target.hasSuffix(".") ? String(target.dropLast()) : target
            let result = "\(name)-\(words.replacing(" ", with: "_")).png"
            entries.append(
                BenchmarkEntry(
                    id: Self.padded(index + 1) + "-" + Self.named((name as NSString).deletingPathExtension),
                    picture: "\(folder)/originals/\(name)", source: captions[name]?.text, target: target,
                    results: [result]))
        }
        return entries
    }

    /// PIE-Bench: `mapping_file.json`, pictures in `annotation_images/`.
    func pieBench() throws(BenchmarkDataError) -> [BenchmarkEntry] {
        let list = "mapping_file.json"
        let kinds = [
            "random", "change object", "add object", "delete object", "change content", "change pose",
            "change colour", "change material", "change background", "change style",
        ]
        guard let items = try json(list).object else { throw malformed(list, "it is no object") }
        func plain(_ prompt: String) -> String { prompt.filter { $0 != "[" && $0 != "]" } }
        var entries: [BenchmarkEntry] = []
        for (id, item) in items.sorted(by: { $0.key < $1.key }) {
            guard let facts = item.object, let path = facts["image_path"]?.text,
                let source = facts["original_prompt"]?.text, let target = facts["editing_prompt"]?.text,
                let kind = facts["editing_type_id"]?.text.flatMap(Int.init), kinds.indices.contains(kind)
            else {
                throw malformed(
                    list, "\(id) has no image_path, original_prompt, editing_prompt and editing_type_id")
            }
            var area: BenchmarkEntry.Area?
            if let mask = facts["mask"] {
                guard case .list(let values) = mask else {
                    throw malformed(list, "\(id) has a mask that is no list")
                }
                let runs = values.compactMap { value in
                    if case .whole(let number) = value { number } else { Int?.none }
                }
                guard runs.count == values.count, runs.count % 2 == 0, runs.allSatisfy({ $0 >= 0 }),
                    stride(from: 0, to: runs.count, by: 2).allSatisfy({ runs[$0] < 512 * 512 })
                else { throw malformed(list, "\(id) has a mask that is no list of starts and lengths") }
                area = .runs(runs, side: 512)
            }
            entries.append(
                BenchmarkEntry(
                    id: id, picture: "\(folder)/annotation_images/\(path)", source: plain(source),
                    target: plain(target), instruction: facts["editing_instruction"]?.text, kind: kinds[kind],
                    area: area, results: [path, (path as NSString).lastPathComponent]))
        }
        return entries
    }

    /// BISON: `bison_annotations.cocoval2014.json`, pictures in `val2014/`.
    ///
    /// DiffEdit takes of two alike pictures the one with its own caption and asks for the caption of the other. A caption
    /// of the picture is the one that another entry gives it; without one the edit has no source.
    func bison() throws(BenchmarkDataError) -> [BenchmarkEntry] {
        let list = "bison_annotations.cocoval2014.json"
        guard case .list(let items)? = try json(list).object?["data"] else {
            throw malformed(list, "it has no list \"data\"")
        }
        struct Pair { var id: String, target: String, own: String, other: String }
        var (pairs, captions) = ([Pair](), [String: String]())
        for (index, item) in items.enumerated() {
            guard let facts = item.object, let caption = facts["caption"]?.text,
                let own = facts["true_image_id"],
                case .list(let candidates)? = facts["image_candidates"], candidates.count == 2,
                let first = candidates[0].object, let second = candidates[1].object,
                let firstName = first["image_filename"]?.text,
                let secondName = second["image_filename"]?.text
            else {
                throw malformed(
                    list,
                    "entry \(index + 1) has no caption, true_image_id and two image_candidates with names")
            }
            let isFirst = first["image_id"] == own
            let names = isFirst ? (firstName, secondName) : (secondName, firstName)
            captions[names.0] = captions[names.0] ?? caption
            pairs.append(
                Pair(id: Self.padded(index + 1, 5), target: caption, own: names.0, other: names.1))
        }
        return pairs.map {
            BenchmarkEntry(
                id: $0.id, picture: "\(folder)/val2014/\($0.other)", source: captions[$0.other],
                target: $0.target)
        }
    }
}
