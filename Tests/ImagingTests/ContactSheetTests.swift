import Testing

@testable import Imaging

@Suite("Contact sheets")
struct ContactSheetTests {
    private func ink(_ image: Image) -> Int {
        stride(from: 0, to: image.pixels.count, by: 3).count { image.pixels[$0] == 32 }
    }

    @Test("pictures lie in rows and columns, captions below, nothing is enlarged")
    func layout() {
        let cells = (0..<5).map { ContactSheet.Cell(pattern(40, 30), caption: "no \($0)") }
        let sheet = ContactSheet(cells, columns: 3, textScale: 1, gap: 4).image()
        // Three columns of 40 and two rows of 30 with a line of text, gaps around and between.
        #expect(sheet.width == 4 + 3 * (40 + 4))
        #expect(sheet.height == 4 + 2 * (30 + 2 + 10 + 4))
        for (column, row) in [(0, 0), (2, 0), (1, 1)] {
            let (left, top) = (4 + column * 44, 4 + row * 46)
            for y in 0..<30 {
                let from = sheet.offset(x: left, y: top + y)
                #expect(
                    sheet.pixels[from..<(from + 120)] == pattern(40, 30).pixels[(y * 120)..<(y * 120 + 120)])
            }
        }
        #expect(ink(sheet) > 100)
    }

    @Test("large pictures are shrunk to the cell, keeping their shape")
    func shrinking() {
        let sheet = ContactSheet(
            rows: [[.init(pattern(200, 100)), .init(pattern(10, 20))]], cellSide: 50, gap: 1)
        #expect((sheet.image().width, sheet.image().height) == (1 + 50 + 1 + 10 + 1, 1 + 25 + 1))
    }

    @Test("odd sheets are drawn: none, empty rows, no picture, long words, tiny cells")
    func oddSheets() {
        #expect(ContactSheet(rows: []).image().pixels == [255, 255, 255])
        #expect(ContactSheet(rows: [[], []]).image().pixels == [255, 255, 255])
        #expect(ink(ContactSheet(rows: [[.init(nil, caption: "words only")]]).image()) > 0)
        let long = String(repeating: "x", count: 300)
        let sheet = ContactSheet(rows: [[.init(pattern(3, 3), caption: long)], []], textScale: 1).image()
        #expect(sheet.height > 300)
    }

    @Test("captions break at spaces, and words that are too long are cut")
    func lines() {
        #expect(ContactSheet.lines("a green pear on marble", letters: 9) == ["a green", "pear on", "marble"])
        #expect(ContactSheet.lines("abcdefghij k", letters: 4) == ["abcd", "efgh", "ij k"])
        #expect(ContactSheet.lines("one\ntwo  three", letters: 20) == ["one", "two three"])
        #expect(ContactSheet.lines(" ", letters: 5).isEmpty)
    }

    @Test("every letter is there and differs from every other")
    func letters() {
        let all = (32...126).compactMap { Unicode.Scalar($0).map { Character($0) } }
        let drawn = Set(all.map { Font.rows(of: $0) })
        #expect(drawn.count == 95)
        #expect(drawn.allSatisfy { $0.count == 8 && $0.allSatisfy { $0 < 32 } })
        #expect(Font.rows(of: "é") == Font.rows(of: "e"))
        #expect(Font.rows(of: "×") == Font.rows(of: "x"))
        #expect(!drawn.contains(Font.rows(of: "猫")))
        #expect(Font.rows(of: "T") == [0b11111, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0])
    }

    @Test("writing and placing outside the picture change nothing")
    func outside() {
        var image = pattern(10, 10)
        for (x, y) in [(-100, 0), (100, 0), (0, -100), (0, 100), (Int.max / 4, 3)] {
            image.write("hello", x: x, y: y, scale: 2)
            image.place(pattern(5, 5), x: x, y: y)
        }
        #expect(image == pattern(10, 10))
        image.place(pattern(5, 5), x: -3, y: 8)
        #expect(image.pixels[image.offset(x: 0, y: 8)] == pattern(5, 5).pixels[9])
    }

    @Test("a panel brings everything to one height")
    func panel() {
        let cells: [ContactSheet.Cell] = [
            .init(pattern(40, 30), caption: "photo"), .init(pattern(20, 15), caption: "mask"),
            .init(pattern(80, 60), caption: "edit"),
        ]
        let panel = Image.panel(cells, height: 24)
        let without = Image.panel(cells.map { .init($0.image) }, height: 24)
        #expect(without.height == 8 + 24 + 8)
        #expect(without.width == 8 + 3 * (32 + 8))
        #expect(panel.height > without.height)
    }
}
