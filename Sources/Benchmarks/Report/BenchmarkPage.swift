import Foundation
public import ImageMetrics

/// A benchmark's run as one HTML page that needs nothing but itself.
public struct BenchmarkPage: Sendable {
    /// A picture on the page.
    public struct Cell: Sendable, Hashable {
        /// Whose it is: a contender's label, or `before` and `truth`.
        public var label: String
        /// The picture as a `data:` URL; nil where there is none.
        public var picture: String?
        /// What is said below it.
        public var note: String
        /// What is odd about it, such as `failed` or `unchanged`.
        public var flag: String?

        /// A picture.
        public init(label: String, picture: String?, note: String = "", flag: String? = nil) {
            (self.label, self.picture, self.note, self.flag) = (label, picture, note, flag)
        }
    }

    /// An edit that is shown, with all contenders' pictures.
    public struct Shown: Sendable, Hashable {
        /// The edit.
        public var item: String
        /// The text of the picture before; empty where unknown.
        public var source: String
        /// The text of the edit.
        public var target: String
        /// The kind of edit.
        public var kind: String
        /// The picture before first.
        public var cells: [Cell]

        /// An edit that is shown.
        public init(item: String, source: String, target: String, kind: String, cells: [Cell]) {
            (self.item, self.source, self.target) = (item, source, target)
            (self.kind, self.cells) = (kind, cells)
        }
    }

    /// What the page is called.
    public var title: String
    /// What the run is, by names: benchmark, model, date.
    public var facts: [(name: String, value: String)]
    /// What has to be known before any number is read.
    public var warnings: [String]
    /// What contenders are worth.
    public var summary: BenchmarkSummary
    /// The reasons of edits without a picture, each with the contender and how often.
    public var failures: [(label: String, reason: String, count: Int)]
    /// The settings of each contender, as lines.
    public var settings: [(label: String, text: String)]
    /// Edits that are shown.
    public var shown: [Shown]
    /// What papers report on the same benchmark.
    public var published: PublishedResults?

    /// A page.
    public init(title: String, summary: BenchmarkSummary) {
        (self.title, self.summary) = (title, summary)
        (facts, warnings, failures, settings, shown) = ([], [], [], [], [])
        published = nil
    }

    /// The page's text.
    public var html: String {
        let parts = [
            heading, section("Results", table, id: "results"), section("What papers report", publishedTable),
            section("What changed against what stayed", BenchmarkPlot(summary).svg),
            section("By kind of edit", kinds), section("Is the best really better?", comparisons),
            section("Pictures", gallery), section("Edits without a picture", failureList),
            section("Settings", settingsList), section("What the measures are", legend),
        ]
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title.escaped)</title><style>\(PageParts.style)</style></head><body>
            <main>\(parts.joined(separator: "\n"))</main>
            \(PageParts.viewer)<script>\(PageParts.script)</script></body></html>

            """
    }

    private func section(_ title: String, _ body: String, id: String? = nil) -> String {
        guard !body.isEmpty else { return "" }
        let mark = id.map { " id=\"\($0)\"" } ?? ""
        return "<section\(mark)><h2>\(title)</h2>\(body)</section>"
    }

    private var heading: String {
        let rows = facts.map { "<dt>\($0.name.escaped)</dt><dd>\($0.value.escaped)</dd>" }.joined()
        let notes = warnings.map { "<p class=\"warning\">\($0.escaped)</p>" }.joined()
        return "<header><h1>\(title.escaped)</h1><dl>\(rows)</dl>\(notes)"
            + "<button id=\"theme\" type=\"button\">Light or dark</button></header>"
    }

    /// The measures that are read first.
    private static let leading = [
        "gain", "direction", "clip", "clip.accuracy", "lpips.alex", "psnr.kept", "ssim.kept", "ssim.e",
        "ssim.i",
    ]

    /// The measures of the table: those that are read first, those of the edit, then the others.
    private var columns: [String] {
        let all = PictureMeasure.allCases.filter { measure in
            summary.contenders.contains { $0.measures[measure.rawValue] != nil }
        }
        let first = Self.leading.filter { name in all.contains { $0.rawValue == name } }
        let known = (all.filter(\.tellsOfEdit) + all.filter { !$0.tellsOfEdit }).map(\.rawValue)
        let ordered = first + known.filter { !first.contains($0) }
        let others = Set(summary.contenders.flatMap { $0.measures.keys }).subtracting(known)
        return ordered + others.sorted()
    }

    private var table: String {
        let heads = columns.map { name in
            let measure = PictureMeasure(rawValue: name)
            let arrow = measure.map { $0.wantsMore ? " ↑" : " ↓" } ?? ""
            return header(name + arrow, title: measure?.meaning ?? name)
        }
        let costs = ["seconds", "forwards", "backwards", "n", "failed"].map { header($0, title: $0) }
        let rows = summary.contenders.map { contender in
            let cells = columns.map { name -> String in
                guard let value = contender.measures[name] else { return "<td></td>" }
                let isBest = summary.best(name)?.label == contender.label
                let isTied = summary.tied(name).contains(contender.label)
                let kind = isBest ? "best" : (isTied ? "tied" : "")
                let number = value.count == contender.count ? "" : " n=\(value.count)"
                return
                    "<td data-value=\"\(value.value)\" class=\"\(kind)\">\(PageParts.number(value.value))"
                    + "<small>\(PageParts.number(value.low)) … \(PageParts.number(value.high))\(number)</small></td>"
            }
            let costs: [Double?] = [
                contender.seconds, contender.forwards.map(Double.init),
                contender.backwards.map(Double.init),
                Double(contender.count), Double(contender.failed),
            ]
            let tail = costs.map { value in
                value.map { "<td data-value=\"\($0)\">\(PageParts.number($0))</td>" } ?? "<td></td>"
            }
            return
                "<tr><th scope=\"row\" title=\"\(contender.label.escaped)\">\(contender.title.escaped)</th>"
                + (cells + tail).joined() + "</tr>"
        }
        return "<p>Means over all edits with 95 % intervals (bootstrap over source pictures). "
            + "<b class=\"best\">Best</b>, <span class=\"tied\">not told from the best</span>. "
            + "What stayed is best for a picture that nobody touched: read both kinds of columns.</p>"
            + "<div class=\"wide\"><table class=\"sortable\"><thead><tr>"
            + header("contender", title: "contender") + (heads + costs).joined() + "</tr></thead><tbody>"
            + rows.joined() + "</tbody></table></div>"
    }

    private var publishedTable: String {
        guard let published else { return "" }
        let heads = (["method"] + published.columns).map { "<th scope=\"col\">\($0.escaped)</th>" }.joined()
        let rows = published.rows.map { row in
            let cells = row.values.map { value in "<td>\(value.map { "\($0)" } ?? "")</td>" }
            return "<tr><th scope=\"row\">\(row.method.escaped)</th>\(cells.joined())</tr>"
        }
        return
            "<p>\(published.note.escaped) Other models and other networks that measure: compare orders, not numbers.</p>"
            + "<div class=\"wide\"><table><thead><tr>\(heads)</tr></thead><tbody>\(rows.joined())</tbody></table></div>"
    }

    private func header(_ text: String, title: String) -> String {
        "<th scope=\"col\" title=\"\(title.escaped)\"><button type=\"button\">\(text.escaped)</button></th>"
    }

    private var kinds: String {
        let names = Set(summary.contenders.flatMap { $0.kinds.keys }).sorted()
        guard names.count > 1 else { return "" }
        let measures = columns.filter { ["direction", "clip", "lpips.alex", "psnr.kept"].contains($0) }
        return measures.map { measure in
            let rows = summary.contenders.map { contender in
                let cells = names.map { kind in
                    "<td>\(contender.kinds[kind]?[measure].map(PageParts.number) ?? "")</td>"
                }
                let macro = contender.macro[measure].map(PageParts.number) ?? ""
                return
                    "<tr><th scope=\"row\">\(contender.title.escaped)</th>\(cells.joined())<td>\(macro)</td></tr>"
            }
            let heads = (names + ["mean of kinds"]).map { "<th scope=\"col\">\($0.escaped)</th>" }
                .joined()
            return
                "<h3>\(measure)</h3><div class=\"wide\"><table><thead><tr><th></th>\(heads)</tr></thead>"
                + "<tbody>\(rows.joined())</tbody></table></div>"
        }.joined()
    }

    private var comparisons: String {
        guard !summary.comparisons.isEmpty else { return "" }
        let titles = Dictionary(summary.contenders.map { ($0.label, $0.title) }) { first, _ in first }
        let rows = summary.comparisons.map { pair -> String in
            let range =
                "\(PageParts.number(pair.difference.low)) … \(PageParts.number(pair.difference.high))"
            let p = pair.p < 0.001 ? "&lt; 0.001" : String(format: "%.3f", pair.p)
            let cells = [
                pair.measure.escaped, (titles[pair.best] ?? pair.best).escaped,
                (titles[pair.other] ?? pair.other).escaped,
                "\(PageParts.number(pair.difference.value))<small>\(range)</small>", p,
                "\(pair.wins) / \(pair.ties) / \(pair.losses)",
                pair.detectable.map(PageParts.number) ?? "",
            ]
            return "<tr>" + cells.map { "<td>\($0)</td>" }.joined() + "</tr>"
        }
        let heads = [
            "measure", "best", "against", "difference", "p", "better / equal / worse", "would show",
        ]
        .map { "<th scope=\"col\">\($0)</th>" }.joined()
        return
            "<p>Edit by edit; p by sign flips over source pictures, adjusted after Holm. <i>Would show</i> is the "
            + "difference that this many edits show four times in five.</p><div class=\"wide\"><table><thead><tr>"
            + heads + "</tr></thead><tbody>\(rows.joined())</tbody></table></div>"
    }

    private var gallery: String {
        let parts = shown.map { edit -> String in
            let cells = edit.cells.map { cell -> String in
                let title =
                    ["before", "truth"].contains(cell.label) ? cell.label : Candidate.title(of: cell.label)
                let flag = cell.flag.map { "<b class=\"flag\">\($0.escaped)</b> " } ?? ""
                let picture =
                    cell.picture.map {
                        "<button type=\"button\" class=\"picture\"><img loading=\"lazy\" alt=\"\(title.escaped)\" src=\"\($0)\"></button>"
                    } ?? "<div class=\"none\">no picture</div>"
                return "<figure data-label=\"\(cell.label.escaped)\">\(picture)<figcaption>\(title.escaped)"
                    + "<small>\(flag)\(cell.note.escaped)</small></figcaption></figure>"
            }
            let before = edit.source.isEmpty ? "" : "<span>\(edit.source.escaped)</span> → "
            return "<article><h3>\(before)\(Self.marked(edit.target, against: edit.source))"
                + "<small>\(edit.item.escaped), \(edit.kind.escaped)</small></h3>"
                + "<div class=\"row\">\(cells.joined())</div></article>"
        }
        return parts.isEmpty
            ? ""
            : "<p>Drawn by the run's seed, not chosen. A click compares with the picture before.</p>"
                + parts.joined()
    }

    /// A text with the words marked that another has not.
    static func marked(_ text: String, against other: String) -> String {
        let known = Set(other.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init))
        guard !known.isEmpty else { return text.escaped }
        return text.split(separator: " ").map { word in
            let plain = word.lowercased().filter { $0.isLetter || $0.isNumber }
            return known.contains(plain) || plain.isEmpty
                ? String(word).escaped : "<mark>\(String(word).escaped)</mark>"
        }.joined(separator: " ")
    }

    private var failureList: String {
        guard !failures.isEmpty else { return "" }
        let lines = failures.map {
            "<li>\(Candidate.title(of: $0.label).escaped), \($0.count)×: \($0.reason.escaped)</li>"
        }
        return
            "<p>They count: as the picture before in what tells of the edit, as the worst contender in what stayed.</p>"
            + "<ul>\(lines.joined())</ul>"
    }

    private var settingsList: String {
        let lines = settings.map {
            "<dt>\(Candidate.title(of: $0.label).escaped)</dt><dd><code>\($0.text.escaped)</code></dd>"
        }
        return lines.isEmpty ? "" : "<dl>\(lines.joined())</dl>"
    }

    private var legend: String {
        let lines = columns.compactMap { name in
            PictureMeasure(rawValue: name).map { "<dt>\(name)</dt><dd>\($0.meaning.escaped)</dd>" }
        }
        return lines.isEmpty ? "" : "<dl>\(lines.joined())</dl>"
    }
}

extension String {
    /// The text as HTML shows it.
    var escaped: String {
        replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
