import Foundation
public import ImageMetrics

/// The votes of one person on one page.
public struct VoteSheet: Sendable, Hashable, Codable {
    /// What was chosen.
    public enum Choice: String, Sendable, Hashable, Codable {
        case left, right
        /// Neither is better.
        case same
    }

    /// The page that was voted on.
    public var page: String
    /// Who voted; drawn by the page, no name.
    public var voter: String
    /// Choices by the pairs' names.
    public var votes: [String: Choice]

    /// Votes on a page.
    public init(page: String, voter: String, votes: [String: Choice]) {
        (self.page, self.voter, self.votes) = (page, voter, votes)
    }
}

/// What people's votes say of contenders.
public struct VoteReport: Sendable, Hashable, Codable {
    /// Two contenders.
    public struct Meeting: Sendable, Hashable, Codable {
        /// One contender.
        public var first: String
        /// The other.
        public var second: String
        /// Votes for the first.
        public var wins: Int
        /// Votes for neither.
        public var ties: Int
        /// Votes for the second.
        public var losses: Int
        /// The first's share of the votes that prefer one, with Wilson's 95 % interval; nil where there are none.
        public var share: Interval?
    }

    /// A person.
    public struct Voter: Sendable, Hashable, Codable {
        /// As the page calls the person.
        public var name: String
        /// Pairs that were voted on.
        public var votes: Int
        /// Checks that were passed, of those that were answered.
        public var checks: Share
        /// Pairs that were shown twice and answered alike.
        public var repeats: Share
        /// Whether the votes count: at least two of three checks are passed.
        public var counts: Bool
    }

    /// Who voted.
    public var voters: [Voter]
    /// The contenders two by two.
    public var meetings: [Meeting]
    /// Strengths (Bradley and Terry) as logarithms with 95 % intervals, by contender; bootstrap over edits.
    public var strengths: [String: Interval]
    /// Fleiss' kappa over pairs that several people voted on; nil where there are none.
    public var agreement: Double?
    /// Votes on contests that count.
    public var count: Int

    /// A report of sheets on one page's pairs.
    /// - Throws: `VoteError`.
    public init(_ pairs: BlindPairs, _ sheets: [VoteSheet], seed: UInt64 = 1, draws: Int = 1000)
        throws(VoteError)
    {
        for sheet in sheets where sheet.page != pairs.page {
            throw .otherPage(voter: sheet.voter, page: sheet.page, wanted: pairs.page)
        }
        let byName = Dictionary(uniqueKeysWithValues: pairs.pairs.map { ($0.id, $0) })
        // Whoever voted twice counts by the last sheet.
        var last: [String: VoteSheet] = [:]
        for sheet in sheets { last[sheet.voter] = sheet }
        let all = last.values.sorted { $0.voter < $1.voter }
        voters = all.map { Self.voter($0, byName) }
        let counted = zip(all, voters).filter(\.1.counts).map(\.0)
        var votes: [(item: String, vote: PairedPreference.Vote)] = []
        var ratings: [String: [String: Int]] = [:]
        for sheet in counted {
            for (name, choice) in sheet.votes.sorted(by: { $0.key < $1.key }) {
                guard let pair = byName[name], pair.purpose == .contest else { continue }
                let share = choice == .left ? 1.0 : choice == .right ? 0 : 0.5
                votes.append((pair.item, PairedPreference.Vote(pair.left, pair.right, share: share)))
                ratings[name, default: [:]][choice.rawValue, default: 0] += 1
            }
        }
        count = votes.count
        meetings = Self.meetings(votes.map(\.vote))
        agreement = PairedPreference.kappa(ratings.sorted { $0.key < $1.key }.map(\.value))
        strengths = Self.strengths(votes, seed: seed, draws: draws)
    }

    private static func voter(_ sheet: VoteSheet, _ pairs: [String: BlindPairs.Pair]) -> Voter {
        var (checks, repeats) = ([Bool](), [Bool]())
        for (name, choice) in sheet.votes.sorted(by: { $0.key < $1.key }) {
            guard let pair = pairs[name] else { continue }
            switch pair.purpose {
            case .contest: break
            case .check: checks.append(choice == (pair.left == BlindPairs.spoiled ? .right : .left))
            case .mirrored:
                guard let first = pair.repeats.flatMap({ sheet.votes[$0] }) else { continue }
                let turned: VoteSheet.Choice = first == .left ? .right : first == .right ? .left : .same
                repeats.append(choice == turned)
            }
        }
        let passed = Share(checks)
        return Voter(
            name: sheet.voter, votes: sheet.votes.count, checks: passed, repeats: Share(repeats),
            counts: checks.isEmpty || 3 * passed.right >= 2 * passed.of)
    }

    private static func meetings(_ votes: [PairedPreference.Vote]) -> [Meeting] {
        var found: [[String]: Meeting] = [:]
        for vote in votes {
            let isTurned = vote.second < vote.first
            let names = isTurned ? [vote.second, vote.first] : [vote.first, vote.second]
            let share = isTurned ? 1 - vote.share : vote.share
            var meeting =
                found[names] ?? Meeting(first: names[0], second: names[1], wins: 0, ties: 0, losses: 0)
            if share == 1 {
                meeting.wins += 1
            } else if share == 0 {
                meeting.losses += 1
            } else {
                meeting.ties += 1
            }
            found[names] = meeting
        }
        return found.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { _, meeting in
            var meeting = meeting
            meeting.share = Statistics.wilson(successes: meeting.wins, of: meeting.wins + meeting.losses)
            return meeting
        }
    }

    private static func strengths(
        _ votes: [(item: String, vote: PairedPreference.Vote)], seed: UInt64, draws: Int
    ) -> [String: Interval] {
        let found = PairedPreference.strengths(votes.map(\.vote))
        let groups = Dictionary(grouping: votes, by: \.item).sorted { $0.key < $1.key }.map(\.value)
        guard !groups.isEmpty else { return [:] }
        var (generator, samples) = (PCG32(seed: seed, stream: 8), [String: [Double]]())
        for _ in 0..<draws {
            let drawn = groups.indices.flatMap { _ in groups[generator.below(groups.count)].map(\.vote) }
            for (name, value) in PairedPreference.strengths(drawn) {
                samples[name, default: []].append(value)
            }
        }
        return found.reduce(into: [:]) { result, entry in
            let sorted = (samples[entry.key] ?? [entry.value]).sorted()
            result[entry.key] = Interval(
                value: entry.value, low: Statistics.quantile(0.025, of: sorted),
                high: Statistics.quantile(0.975, of: sorted),
                count: votes.count { [$0.vote.first, $0.vote.second].contains(entry.key) })
        }
    }
}

extension VoteReport {
    /// The contenders, the strongest first.
    public var table: TextTable {
        TextTable(
            header: ["contender", "strength", "votes"],
            rows: strengths.sorted { ($1.value.value, $0.key) < ($0.value.value, $1.key) }.map {
                name, value in
                [
                    Candidate.title(of: name),
                    "\(value.value.fixed(2)) [\(value.low.fixed(2)), \(value.high.fixed(2))]",
                    "\(value.count)",
                ]
            })
    }

    /// The contenders two by two.
    public var meetingTable: TextTable {
        TextTable(
            header: [
                "first", "second", "for the first", "neither", "for the second", "share of the first",
            ],
            rows: meetings.map { meeting in
                let share = meeting.share.map {
                    "\(($0.value * 100).fixed(0)) % [\(($0.low * 100).fixed(0)), \(($0.high * 100).fixed(0))]"
                }
                return [
                    Candidate.title(of: meeting.first), Candidate.title(of: meeting.second),
                    "\(meeting.wins)",
                    "\(meeting.ties)", "\(meeting.losses)", share ?? "–",
                ]
            })
    }
}
