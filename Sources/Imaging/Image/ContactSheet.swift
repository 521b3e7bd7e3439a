/// Images in rows and columns with captions, as one image.
public struct ContactSheet: Sendable {
    /// One place of the sheet: an image, or none, and a caption below it.
    public struct Cell: Sendable, Hashable {
        /// The image; nil leaves the place empty.
        public var image: Image?
        /// Text below the image, broken into lines at the column's width.
        public var caption: String

        /// A cell of a sheet.
        public init(_ image: Image?, caption: String = "") {
            self.image = image
            self.caption = caption
        }
    }

    /// The rows from the top, each with its cells from the left; rows may differ in length.
    public var rows: [[Cell]]
    /// Pixels of one step of the lettering; letters are 5 by 8 steps.
    public var textScale: Int
    /// Pixels between cells and around the sheet.
    public var gap: Int
    /// Images are shrunk to fit this many pixels a side, never enlarged; nil leaves their size.
    public var cellSide: Int?

    /// A sheet of given rows.
    public init(rows: [[Cell]], cellSide: Int? = nil, textScale: Int = 2, gap: Int = 8) {
        self.rows = rows
        self.cellSide = cellSide.map { max($0, 1) }
        self.textScale = max(textScale, 1)
        self.gap = max(gap, 0)
    }

    /// A sheet that fills rows of so many columns one after the other.
    public init(
        _ cells: [Cell], columns: Int, cellSide: Int? = nil, textScale: Int = 2, gap: Int = 8
    ) {
        let columns = max(columns, 1)
        let rows = stride(from: 0, to: cells.count, by: columns).map {
            Array(cells[$0..<min($0 + columns, cells.count)])
        }
        self.init(rows: rows, cellSide: cellSide, textScale: textScale, gap: gap)
    }

    /// Draws the sheet: dark letters on white, images centred over their captions.
    ///
    /// A column is as wide as its widest image (at least ten letters where it has a caption), a row as high as its
    /// highest image and longest caption. A sheet without cells is one white pixel.
    public func image() -> Image {
        let fitted = rows.map { $0.map { Cell($0.image.map(fitting), caption: $0.caption) } }
        let columns = fitted.map(\.count).max() ?? 0
        guard columns > 0 else { return Image(width: 1, height: 1, red: 255, green: 255, blue: 255) }
        let widths = (0..<columns).map { column in
            fitted.filter { column < $0.count }.map { minimumWidth($0[column]) }.max() ?? 1
        }
        let lines = fitted.map { row in
            zip(row, widths).map { Self.lines($0.caption, letters: letters(in: $1)) }
        }
        let imageHeights = fitted.map { $0.compactMap { $0.image?.height }.max() ?? 0 }
        let textHeights = lines.map { row in
            let count = row.map(\.count).max() ?? 0
            return count == 0 ? 0 : gap / 2 + count * Font.lineHeight * textScale
        }
        let width = widths.reduce(gap) { $0 + $1 + gap }
        let height = zip(imageHeights, textHeights).reduce(gap) { $0 + $1.0 + $1.1 + gap }
        var sheet = Image(width: max(width, 1), height: max(height, 1), red: 255, green: 255, blue: 255)
        var top = gap
        for (index, row) in fitted.enumerated() {
            var left = gap
            for (column, cell) in row.enumerated() {
                if let image = cell.image {
                    sheet.place(image, x: left + (widths[column] - image.width) / 2, y: top)
                }
                var y = top + imageHeights[index] + gap / 2
                for line in lines[index][column] {
                    let length = (line.count * Font.advance - 1) * textScale
                    sheet.write(line, x: left + max(widths[column] - length, 0) / 2, y: y, scale: textScale)
                    y += Font.lineHeight * textScale
                }
                left += widths[column] + gap
            }
            top += imageHeights[index] + textHeights[index] + gap
        }
        return sheet
    }

    private func fitting(_ image: Image) -> Image {
        var plain = image
        plain.profile = nil
        guard let cellSide, max(image.width, image.height) > cellSide else { return plain }
        let long = max(image.width, image.height)
        return plain.resized(
            width: max(image.width * cellSide / long, 1), height: max(image.height * cellSide / long, 1),
            by: .lanczos)
    }

    private func minimumWidth(_ cell: Cell) -> Int {
        let text = min(cell.caption.count, 10) * Font.advance * textScale
        return max(cell.image?.width ?? 0, text, 1)
    }

    private func letters(in width: Int) -> Int { max((width + textScale) / (Font.advance * textScale), 1) }

    /// A text broken at spaces into lines of at most so many letters; longer words are cut.
    static func lines(_ text: String, letters: Int) -> [String] {
        var lines: [String] = []
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: true) {
            var line = ""
            for word in paragraph.split(separator: " ") {
                var rest = word
                if !line.isEmpty, line.count + 1 + rest.count <= letters {
                    line += " " + rest
                    continue
                }
                if !line.isEmpty { lines.append(line) }
                while rest.count > letters {
                    lines.append(String(rest.prefix(letters)))
                    rest = rest.dropFirst(letters)
                }
                line = String(rest)
            }
            if !line.isEmpty { lines.append(line) }
        }
        return lines
    }
}

extension Image {
    /// Images side by side with captions below, such as a photo, its mask and its edit.
    ///
    /// All are brought to the height of the first, at most `height` pixels where given.
    public static func panel(_ cells: [ContactSheet.Cell], height: Int? = nil) -> Image {
        guard let first = cells.compactMap(\.image).first else {
            return ContactSheet(rows: [cells]).image()
        }
        let side = max(height.map { min($0, first.height) } ?? first.height, 1)
        let even = cells.map { cell in
            ContactSheet.Cell(
                cell.image.map { image in
                    let width = max((image.width * side + image.height / 2) / image.height, 1)
                    return image.resized(width: width, height: side)
                }, caption: cell.caption)
        }
        return ContactSheet(rows: [even]).image()
    }

    /// Copies an image into this one; what lies outside is left out.
    public mutating func place(_ image: Image, x left: Int, y top: Int) {
        let from = max(-left, 0)
        let count = min(image.width, width - left) - from
        guard count > 0 else { return }
        for y in 0..<image.height where (0..<height).contains(top + y) {
            let source = image.offset(x: from, y: y)
            let target = offset(x: left + from, y: top + y)
            pixels.replaceSubrange(
                target..<(target + count * 3), with: image.pixels[source..<(source + count * 3)])
        }
    }

    /// Writes a line of text in small fixed letters, 5 by 8 pixels times `scale`; what lies outside is left out.
    public mutating func write(
        _ text: String, x left: Int, y top: Int, scale: Int = 1, red: UInt8 = 32, green: UInt8 = 32,
        blue: UInt8 = 32
    ) {
        let scale = max(scale, 1)
        for (index, character) in text.enumerated() {
            for (row, bits) in Font.rows(of: character).enumerated() {
                for column in 0..<Font.letterWidth where bits >> (Font.letterWidth - 1 - column) & 1 == 1 {
                    let x = left + (index * Font.advance + column) * scale
                    fill(x: x, y: top + row * scale, side: scale, red: red, green: green, blue: blue)
                }
            }
        }
    }

    private mutating func fill(x left: Int, y top: Int, side: Int, red: UInt8, green: UInt8, blue: UInt8) {
        for y in max(top, 0)..<max(min(top + side, height), max(top, 0)) {
            for x in max(left, 0)..<max(min(left + side, width), max(left, 0)) {
                let place = offset(x: x, y: y)
                pixels[place] = red
                pixels[place + 1] = green
                pixels[place + 2] = blue
            }
        }
    }
}
