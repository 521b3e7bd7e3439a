import Testing

@testable import pentimento

/// How far work is, on terminals of any width and in logs.
@Suite struct ProgressTests {
    static let line = ProgressLine(stage: "finding the mask", done: 20, total: 40, seconds: 3.2, left: 4.4)

    @Test(
        "A bar shows what there is room for, the count first",
        arguments: [
            (80, "finding the mask  [############            ] 20/40  3 s, 4 s left"),
            (65, "finding the mask  [############            ] 20/40  3 s, 4 s left"),
            (64, "finding the mask  20/40, 4 s left"), (33, "finding the mask  20/40, 4 s left"),
            (32, "finding the mas… 20/40, 4 s left"), (20, "fin… 20/40, 4 s left"),
            (19, "fi… 20/40, 4 s left"),
            (18, "20/40"), (3, "20/"),
        ])
    func bars(columns: Int, expected: String) {
        #expect(Self.line.bar(columns: columns) == expected)
        #expect(expected.count <= columns)
    }

    @Test("A log gets a line of words; what is not known is left out, and long times are minutes")
    func lines() {
        #expect(Self.line.text == "finding the mask: 20 of 40, 3 s, 4 s left")
        var tuning = Self.line
        tuning.loss = 0.12345
        #expect(tuning.text == "finding the mask: 20 of 40, loss 0.1235, 3 s, 4 s left")
        #expect(tuning.bar(columns: 50) == "finding the mask  20/40, loss 0.1235, 4 s left")
        let start = ProgressLine(stage: "decoding", done: 0, total: 50, seconds: 0, left: nil)
        #expect(start.text == "decoding: 0 of 50, 0 s")
        #expect(start.bar(columns: 80) == "decoding  [\(String(repeating: " ", count: 24))] 0/50  0 s")
        #expect(duration(89.4) == "89 s" && duration(90) == "2 min" && duration(3600) == "60 min")
    }
}
