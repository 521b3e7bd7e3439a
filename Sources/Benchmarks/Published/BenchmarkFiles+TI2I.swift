import Foundation

extension BenchmarkFiles {
    /// Wild-TI2I and ImageNet-R-TI2I: YAML lists of `init_img` and `target_prompts`, pictures in `data/`.
    ///
    /// Lists are every file whose name begins with the benchmark's; those of generated pictures (`fake`) are read where
    /// their pictures are there. `init_img` counts by its last component. FlowEdit's list, with `source_prompt`, is one too.
    func ti2i(isWild: Bool) throws(BenchmarkDataError) -> [BenchmarkEntry] {
        let begin = isWild ? "wild-ti2i" : "imagenet-r-ti2i"
        let inside = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let lists = inside.sorted().filter {
            $0.hasPrefix(begin) && ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml"))
        }
        guard !lists.isEmpty else { throw .missing(path: "\(folder)/\(begin)….yaml", layout: layout) }
        var entries: [BenchmarkEntry] = []
        for list in lists {
            let kind = list.contains("fake") ? "generated" : "real"
            for item in try items(of: list) {
                guard let path = item["init_img"]?.first, let prompts = item["target_prompts"],
                    !prompts.isEmpty
                else {
                    throw malformed(list, "an entry has no init_img and target_prompts")
                }
                let name = (path as NSString).lastPathComponent
                for prompt in prompts {
                    let number = Self.padded(entries.count + 1)
                    entries.append(
                        BenchmarkEntry(
                            id: "\(number)-\(Self.named((name as NSString).deletingPathExtension))",
                            picture: "\(folder)/data/\(name)",
                            source: item["source_prompt"]?.first ?? item["prompt"]?.first, target: prompt,
                            kind: kind))
                }
            }
        }
        return entries
    }

    /// A YAML list of maps from names to a text or a list of texts; no other YAML is known here.
    private func items(of list: String) throws(BenchmarkDataError) -> [[String: [String]]] {
        var (items, key) = ([[String: [String]]](), String?.none)
        for (index, line) in try text(list).split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            var rest = line.trimmingPrefix { $0 == " " }
            if rest.isEmpty || rest.hasPrefix("#") || rest.hasPrefix("---") { continue }
            if rest == "-" {
                items.append([:])
                key = nil
                continue
            }
            let depth = line.count - rest.count
            let refusal = malformed(list, "line \(index + 1) is no part of a list of names and texts")
            if rest.hasPrefix("- "), depth == 0 {
                items.append([:])
                key = nil
                rest = rest.dropFirst(2).trimmingPrefix { $0 == " " }
            } else if rest.hasPrefix("- ") {
                guard let key, !items.isEmpty else { throw refusal }
                items[items.count - 1][key, default: []].append(Self.scalar(rest.dropFirst(2)))
                continue
            }
            guard let (name, value) = Self.pair(rest), !items.isEmpty else { throw refusal }
            key = name
            items[items.count - 1][name] = Self.values(value)
        }
        return items
    }

    /// `name: value`, the value maybe empty.
    private static func pair(_ text: Substring) -> (name: String, value: Substring)? {
        guard
            let colon = text.range(of: ": ")
                ?? (text.hasSuffix(":") ? text.index(before: text.endIndex)..<text.endIndex : nil)
        else { return nil }
        let name = text[..<colon.lowerBound].trimmingCharacters(in: .whitespaces)
        return name.isEmpty || name.hasPrefix("\"") || name.hasPrefix("'")
            ? nil : (name, text[colon.upperBound...])
    }

    /// A value on the line of its name: nothing, a text, or a list in brackets.
    private static func values(_ text: Substring) -> [String] {
        let trimmed = text.trimmingCharacters(in: .whitespaces)
        guard !trimmed.isEmpty else { return [] }
        guard trimmed.hasPrefix("["), trimmed.hasSuffix("]") else { return [scalar(trimmed[...])] }
        let inner = trimmed.dropFirst().dropLast().replacing("', '", with: "\", \"")
        // A list of quoted texts is JSON, but for the kind of its quotation marks.
        let json = "[" + inner.replacing(/^\s*'|'\s*$/, with: "\"") + "]"
        if let list = try? JSONDecoder().decode([String].self, from: Data(json.utf8)) { return list }
        return inner.split(separator: ",").map { scalar($0) }
    }

    /// A text without the quotation marks around it.
    private static func scalar(_ text: Substring) -> String {
        let trimmed = text.trimmingCharacters(in: .whitespaces)
        for mark in ["\"", "'"]
        where trimmed.count > 1 && trimmed.hasPrefix(mark) && trimmed.hasSuffix(mark) {
            let inner = String(trimmed.dropFirst().dropLast())
            return mark == "'" ? inner.replacing("''", with: "'") : inner.replacing("\\\"", with: "\"")
        }
        return trimmed
    }
}
