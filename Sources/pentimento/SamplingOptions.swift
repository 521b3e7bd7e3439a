import ArgumentParser
import Editing
import Foundation

/// Seed and guidance, which every command that paints understands.
struct SamplingOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: "What the noise follows from; -1, or none, takes one by chance and says which.")
    var seed: SeedChoice = .chance

    @Option(help: "Steps of the whole trajectory.")
    var steps: Int?

    @Option(
        name: [.long, .customLong("cfg-scale")], parsing: .unconditional,
        help: "How strongly the prompt counts (classifier-free guidance); 1 is the prompt alone.")
    var guidance: Double?

    func validate() throws {
        if let steps, steps < Limits.steps.lowerBound {
            throw ValidationError("--steps is \(steps); it must be a whole number from 1 on")
        }
        if let guidance, !Limits.guidance.contains(guidance) {
            throw ValidationError("--guidance is \(guidance); it must be a number from 0 to 100")
        }
    }
}

/// A seed, or the wish for any.
enum SeedChoice: ExpressibleByArgument, CustomStringConvertible {
    case chance
    case number(UInt64)

    init?(argument: String) {
        if let number = UInt64(argument) {
            self = .number(number)
        } else if let number = Int64(argument), number < 0 {
            self = .chance
        } else {
            return nil
        }
    }

    /// The seed; a new one of at most ten digits for each call where chance decides.
    func drawn() -> UInt64 {
        switch self {
        case .chance: .random(in: 0..<1 << 32)
        case .number(let number): number
        }
    }

    var description: String {
        switch self {
        case .chance: "-1"
        case .number(let number): "\(number)"
        }
    }
}

/// A size in pixels as `512x384`.
struct PixelSize: ExpressibleByArgument, Equatable, CustomStringConvertible {
    var width: Int
    var height: Int

    init?(argument: String) {
        let parts = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false).map {
            Int($0)
        }
        guard (1...2).contains(parts.count), let width = parts[0], let height = parts[parts.count - 1],
            min(width, height) >= Limits.side.lowerBound
        else { return nil }
        (self.width, self.height) = (width, height)
    }

    var description: String { "\(width)x\(height)" }
}

/// A prompt that says something.
func checkedPrompt(_ text: String) throws -> String {
    guard text.contains(where: { !$0.isWhitespace }) else {
        throw Failure.usage("the prompt is empty; say what the picture should show")
    }
    return text
}
