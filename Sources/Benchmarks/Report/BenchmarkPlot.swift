import Foundation
import ImageMetrics

/// A drawing of what changed against what stayed: a point for each contender, with 95 % intervals both ways.
struct BenchmarkPlot {
    private let points: [Point]
    private let names: (x: String, y: String)?
    private struct Point {
        /// The contender without its options.
        var family: String
        var title: String
        var isReference: Bool
        var x, y: Interval
    }
    private static let (width, height, margin) = (760.0, 420.0, 56.0)

    init(_ summary: BenchmarkSummary) {
        func first(_ names: [String]) -> String? {
            names.first { name in summary.contenders.contains { $0.measures[name] != nil } }
        }
        guard let x = first(["psnr.kept", "lpips.alex", "psnr"]), let y = first(["direction", "clip"])
        else {
            (points, names) = ([], nil)
            return
        }
        names = (x, y)
        points = summary.contenders.compactMap { contender in
            guard let across = contender.measures[x], let up = contender.measures[y] else { return nil }
            // Equal pixels have 100 dB by definition, far from whoever edits.
            if x.hasPrefix("psnr"), contender.label == Candidate.nothing.label { return nil }
            return Point(
                family: String(contender.label.prefix { $0 != " " }), title: contender.title,
                isReference: BenchmarkRows.references.contains(contender.label), x: across, y: up)
        }
    }

    /// The drawing; empty where there are no two such measures.
    var svg: String {
        guard let names, points.count > 1 else { return "" }
        let across = Self.scale(points.map(\.x), from: Self.margin, to: Self.width - 150)
        let up = Self.scale(points.map(\.y), from: Self.height - Self.margin, to: 24)
        var parts: [String] = []
        for tick in across.ticks {
            let x = across.place(tick)
            parts.append(Self.line(x, 20, x, Self.height - Self.margin))
            parts.append(
                Self.text(x, Self.height - Self.margin + 18, PageParts.number(tick), "middle", "dim"))
        }
        for tick in up.ticks {
            let y = up.place(tick)
            parts.append(Self.line(Self.margin, y, Self.width - 150, y))
            parts.append(Self.text(Self.margin - 6, y + 4, PageParts.number(tick), "end", "dim"))
        }
        // One method at several values is a curve.
        for family in Dictionary(grouping: points, by: \.family).values where family.count > 1 {
            let places = family.map {
                "\(Self.short(across.place($0.x.value))),\(Self.short(up.place($0.y.value)))"
            }
            parts.append("<polyline class=\"curve\" points=\"\(places.joined(separator: " "))\"/>")
        }
        let labels = Self.apart(points.map { up.place($0.y.value) })
        for (index, point) in points.enumerated() {
            let (x, y) = (across.place(point.x.value), up.place(point.y.value))
            parts.append(Self.line(across.place(point.x.low), y, across.place(point.x.high), y, "bar"))
            parts.append(Self.line(x, up.place(point.y.low), x, up.place(point.y.high), "bar"))
            let kind = point.isReference ? "reference" : "point"
            parts.append(
                "<circle class=\"\(kind)\" cx=\"\(Self.short(x))\" cy=\"\(Self.short(y))\" r=\"5\"/>")
            parts.append(Self.text(x + 9, labels[index] - 7, point.title.escaped, "start"))
        }
        let direction = PictureMeasure(rawValue: names.x)?.wantsMore == true ? "more" : "less"
        parts.append(
            Self.text(
                (Self.width - 94) / 2, Self.height - 12, "what stayed: \(names.x), \(direction) is better",
                "middle"))
        parts.append(Self.text(Self.margin, 14, "what changed: \(names.y), more is better", "start"))
        return "<div class=\"wide\"><svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\" "
            + "aria-label=\"\(names.y) against \(names.x)\">\(parts.joined())</svg></div>"
    }

    private struct Scale {
        var low, high, from, to: Double
        func place(_ value: Double) -> Double { from + (value - low) / (high - low) * (to - from) }
        var ticks: [Double] { (0...4).map { low + (high - low) * Double($0) / 4 } }
    }

    private static func scale(_ values: [Interval], from: Double, to: Double) -> Scale {
        let (low, high) = (values.map(\.low).min() ?? 0, values.map(\.high).max() ?? 1)
        let room = max((high - low) * 0.06, 1e-6)
        return Scale(low: low - room, high: high + room, from: from, to: to)
    }

    /// Heights of labels, moved down where they would stand on each other.
    static func apart(_ heights: [Double]) -> [Double] {
        var placed = heights
        let order = heights.indices.sorted { heights[$0] < heights[$1] }
        for (one, next) in zip(order, order.dropFirst()) {
            placed[next] = max(placed[next], placed[one] + 15)
        }
        return placed
    }

    private static func short(_ value: Double) -> String { String(format: "%.1f", value) }

    private static func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ kind: String = "grid"
    ) -> String {
        "<line class=\"\(kind)\" x1=\"\(short(x1))\" y1=\"\(short(y1))\" x2=\"\(short(x2))\" y2=\"\(short(y2))\"/>"
    }

    private static func text(
        _ x: Double, _ y: Double, _ text: String, _ anchor: String, _ kind: String = ""
    ) -> String {
        "<text class=\"\(kind)\" x=\"\(short(x))\" y=\"\(short(y))\" text-anchor=\"\(anchor)\">\(text)</text>"
    }
}
