import Foundation
import ImageMetrics
import Imaging
import TestSupport
import Testing

@testable import Benchmarks

/// Blind pairs, the page that shows them, and what votes say.
@Suite struct VoteTests {
    private func rows(_ items: Int, _ labels: [String]) -> [Row] {
        (0..<items).flatMap { item in
            (["nothing"] + labels).map { label in
                Row(
                    item: "i\(item)", candidate: label,
                    status: item == 0 && label == labels[0] ? .failed : .done, seed: 1, seconds: 0,
                    forwards: 0,
                    backwards: 0, scores: Scores(), warnings: [])
            }
        }
    }

    @Test(
        "Pairs are all pairs of contenders in turns, sides and order drawn, with repeats and checks")
    func pairs() throws {
        let pairs = BlindPairs(rows(30, ["a", "b", "c"]), count: 60, seed: 4)
        let contests = pairs.pairs.filter { $0.purpose == .contest }
        #expect(contests.count == 60)
        let meetings = Dictionary(grouping: contests) { [$0.left, $0.right].sorted() }.mapValues(
            \.count)
        #expect(meetings == [["a", "b"]: 20, ["a", "c"]: 20, ["b", "c"]: 20])
        #expect(!contests.contains { $0.item == "i0" && ($0.left == "a" || $0.right == "a") })
        // No edit twice for two contenders, and both sides are taken.
        #expect(Set(contests.map { [$0.item] + [$0.left, $0.right].sorted() }).count == 60)
        let left = contests.count { $0.left < $0.right }
        #expect(left > 15 && left < 45)
        let mirrored = pairs.pairs.filter { $0.purpose == .mirrored }
        #expect(mirrored.count == 6)
        for pair in mirrored {
            let first = try #require(pairs.pairs.first { $0.id == pair.repeats })
            #expect(first.left == pair.right && first.right == pair.left && first.item == pair.item)
            #expect(first.id < pair.id)
        }
        let checks = pairs.pairs.filter { $0.purpose == .check }
        #expect(
            checks.count == 6 && checks.allSatisfy { ($0.left == "spoiled") != ($0.right == "spoiled") })
        #expect(pairs == BlindPairs(rows(30, ["a", "b", "c"]), count: 60, seed: 4))
        #expect(pairs != BlindPairs(rows(30, ["a", "b", "c"]), count: 60, seed: 5))
        #expect(
            BlindPairs(rows(30, ["a", "b", "c"]), contenders: ["a"], count: 60, seed: 4).pairs.isEmpty)
    }

    @Test("The page tells nobody whose pictures they are, and can be read by scripts that end a tag")
    func page() throws {
        let pairs = BlindPairs(rows(12, ["method-a", "method-b"]), count: 10, seed: 4)
        var (texts, pictures) = ([String: String](), [String: Image]())
        let page = VotePage(
            pairs, facts: { _ in (Image(width: 8, height: 8), "a </script> cat", "a dog") },
            result: { _, label in
                Image(width: 8, height: 8, red: label == "method-a" ? 200 : 10, green: 0, blue: 0)
            })
        try page.write({ texts[$1] = $0 }, { pictures[$1] = $0 })
        let html = try #require(texts["index.html"])
        #expect(!html.contains("method-") && !html.contains("http") && !html.contains("spoiled"))
        #expect(html.components(separatedBy: "</script>").count == 2)
        #expect(pictures.count == 3 * pairs.pairs.count)
        let key = try JSONDecoder().decode(BlindPairs.self, from: Data((texts["key.json"] ?? "").utf8))
        #expect(key == pairs)
        for pair in pairs.pairs where pair.purpose == .contest {
            #expect(
                pictures["pictures/\(pair.id)-left.png"]?.pixels[0] == (pair.left == "method-a" ? 200 : 10))
        }
        let check = try #require(pairs.pairs.first { $0.purpose == .check })
        let side = check.left == "spoiled" ? "left" : "right"
        #expect(pictures["pictures/\(check.id)-\(side).png"]?.pixels[1] == 255)
    }

    /// A sheet whose voter prefers one contender wherever it stands, but for so many of the first pairs.
    private func sheet(
        _ pairs: BlindPairs, _ voter: String, prefers: String, against: Int = 0,
        failsChecks: Bool = false
    ) -> VoteSheet {
        var (votes, left) = ([String: VoteSheet.Choice](), against)
        for pair in pairs.pairs {
            switch pair.purpose {
            case .check: votes[pair.id] = (pair.left == "spoiled") != failsChecks ? .right : .left
            case .contest, .mirrored:
                var isLeft = pair.left == prefers
                if pair.purpose == .contest, left > 0 {
                    isLeft.toggle()
                    left -= 1
                }
                votes[pair.id] = isLeft ? .left : .right
            }
        }
        return VoteSheet(page: pairs.page, voter: voter, votes: votes)
    }

    // Counting sides in place of contenders would give about a half.
    @Test("Votes count for contenders, wherever they stood; who fails checks does not count")
    func report() throws {
        let pairs = BlindPairs(rows(41, ["a", "b"]), count: 40, seed: 4)
        let sheets = [
            sheet(pairs, "one", prefers: "a", against: 8), sheet(pairs, "two", prefers: "a"),
            sheet(pairs, "three", prefers: "b", failsChecks: true),
        ]
        let report = try VoteReport(pairs, sheets, draws: 50)
        #expect(report.count == 80)
        let meeting = try #require(report.meetings.first)
        #expect(
            report.meetings.count == 1 && meeting.wins == 72 && meeting.losses == 8 && meeting.ties == 0)
        #expect(meeting.share?.value == 0.9)
        let voter = try #require(report.voters.first { $0.name == "one" })
        #expect(voter.checks.right == 4 && voter.checks.of == 4 && voter.counts)
        #expect(report.voters.first { $0.name == "three" }?.counts == false)
        let difference = (report.strengths["a"]?.value ?? 0) - (report.strengths["b"]?.value ?? 0)
        // log(9), a little less for the prior.
        #expect(difference < log(9) && difference > log(9) - 0.05)
        #expect(report.table.rows.map { $0[0] } == ["a", "b"])
        let agreement = try #require(report.agreement)
        #expect(agreement > 0.5 && agreement < 0.9)
    }

    @Test("Votes of another page are refused, and of one voter the last sheet counts")
    func sheets() throws {
        let pairs = BlindPairs(rows(11, ["a", "b"]), count: 10, seed: 4)
        var other = sheet(pairs, "one", prefers: "b")
        let twice = try VoteReport(pairs, [sheet(pairs, "one", prefers: "a"), other], draws: 5)
        #expect(twice.count == 10 && twice.meetings[0].losses == 10)
        other.page = "x"
        #expect(throws: VoteError.otherPage(voter: "one", page: "x", wanted: pairs.page)) {
            try VoteReport(pairs, [other])
        }
        #expect(try VoteReport(pairs, []).strengths.isEmpty)
    }
}
