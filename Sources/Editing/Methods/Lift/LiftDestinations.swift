import Foundation
import Imaging

/// Where an instruction's things go: placements from the boxes of what was found, and what would be lost.
struct LiftDestinations {
    /// The working size, in pixels.
    let width: Int
    let height: Int
    /// The user's image, which pixels of an instruction are of.
    let photo: (width: Int, height: Int)

    /// Between two things side by side, as a share of the width.
    static let gap = 0.03
    /// Between a thing and the frame, as a share of the width.
    static let margin = 0.02
    /// How much of a thing may leave the frame.
    static let mostLost = 0.1
    /// Of a thing that is found at all, the most of the image that it may be.
    static let mostArea: Float = 0.6
    /// The least side of a result, in pixels of an image of 64.
    static let leastSide = 4.0

    /// The placement of each thing of a step.
    /// - Parameters:
    ///   - boxes: around the things, in the order of `LiftInstruction.Step.things`.
    ///   - other: around the thing beside which one is put.
    func placements(_ step: LiftInstruction.Step, _ boxes: [PixelBox], other: PixelBox? = nil) -> [Placement]
    {
        let box = boxes[0]
        var placement = Self.resting(box)
        switch step {
        case .move(_, let direction, let distance):
            switch direction {
            case .left: placement.right = -across(distance)
            case .right: placement.right = across(distance)
            case .up: placement.down = -along(distance)
            case .down: placement.down = along(distance)
            }
        case .beside(_, let side, _): placement.right = other.map { beside(box, $0, side) } ?? 0
        case .place(_, .middle): placement.right = Double(width - 1) / 2 - box.middle
        case .place(_, .half(let side)):
            placement.right = Double(width) * (side == .left ? 0.25 : 0.75) - 0.5 - box.middle
        case .place(_, .edge(let side)):
            let margin = Self.margin * Double(width)
            placement.right =
                side == .left
                ? margin - Double(box.left) : Double(width - 1) - margin - Double(box.right)
        case .scale(_, let factor): placement.factor = factor
        case .turn, .mirror: placement.isMirrored = true
        case .swap:
            return [(boxes[0], boxes[1]), (boxes[1], boxes[0])].map { own, other in
                var placement = Self.resting(own)
                placement.right = other.middle - own.middle
                placement.down = Double(other.bottom - own.bottom)
                return placement
            }
        }
        return [placement]
    }

    private static func resting(_ box: PixelBox) -> Placement {
        Placement(middle: box.middle, foot: Double(box.bottom))
    }

    private func across(_ distance: LiftInstruction.Distance) -> Double {
        switch distance {
        case .share(let share): share * Double(width)
        case .pixels(let count): count * Double(width) / Double(photo.width)
        }
    }

    private func along(_ distance: LiftInstruction.Distance) -> Double {
        switch distance {
        case .share(let share): share * Double(height)
        case .pixels(let count): count * Double(height) / Double(photo.height)
        }
    }

    /// How far a thing moves to stand beside another: on the side that is said, else on the nearer one in the frame.
    private func beside(_ box: PixelBox, _ other: PixelBox, _ side: LiftInstruction.Side?) -> Double {
        let gap = Self.gap * Double(width)
        let left = Double(other.left) - gap - Double(box.right)
        let right = Double(other.right) + gap - Double(box.left)
        switch side {
        case .left: return left
        case .right: return right
        case nil:
            let fitting = [left, right].filter {
                Double(box.left) + $0 >= 0 && Double(box.right) + $0 <= Double(width - 1)
            }
            return (fitting.isEmpty ? [left, right] : fitting).min { abs($0) < abs($1) } ?? 0
        }
    }

    /// The share of a thing's pixels that a placement takes out of the frame.
    func lost(_ core: Mask, _ placement: Placement) -> Double {
        var (gone, all) = (0, 0)
        for (place, value) in core.values.enumerated() where value > 0.5 {
            all += 1
            let target = placement.target(x: Double(place % width), y: Double(place / width))
            let isIn =
                target.x >= -0.5 && target.x <= Double(width) - 0.5 && target.y >= -0.5
                && target.y <= Double(height) - 0.5
            if !isIn { gone += 1 }
        }
        return all == 0 ? 0 : Double(gone) / Double(all)
    }

    /// Refuses what was not found, is the ground, would leave the frame or become too small.
    /// - Parameter cores: the things' pixels, in the order of `LiftInstruction.Step.things`.
    func check(_ step: LiftInstruction.Step, _ cores: [Mask], other: PixelBox? = nil) throws(LiftError) {
        var boxes: [PixelBox] = []
        for (thing, core) in zip(step.things, cores) {
            guard let box = core.box(), core.area <= Self.mostArea else { throw .ground(thing.noun) }
            boxes.append(box)
        }
        let found = placements(step, boxes, other: other)
        for (index, placement) in found.enumerated() {
            let least = Self.leastSide * Double(max(width, height)) / 64
            let side = Double(min(boxes[index].width, boxes[index].height))
            if placement.factor < 1, side * placement.factor < least {
                throw .tooSmall(step.things[index].name, least: min(least / side, 1))
            }
            let lost = lost(cores[index], placement)
            guard lost > Self.mostLost else { continue }
            throw leaving(step, index, cores[index], boxes[index], lost)
        }
    }

    /// What would fit instead.
    private func leaving(
        _ step: LiftInstruction.Step, _ index: Int, _ core: Mask, _ box: PixelBox, _ lost: Double
    ) -> LiftError {
        let name = step.things[index].name
        func fits(_ other: LiftInstruction.Step) -> Bool {
            self.lost(core, placements(other, [box])[0]) <= Self.mostLost
        }
        switch step {
        case .move(let thing, let direction, let distance):
            let way =
                [.left, .right].contains(direction) ? "to the \(direction.rawValue)" : direction.rawValue
            let (amount, unit, scale): (Double, String, Double) =
                switch distance {
                case .share(let share): (share * 100, "%", 100)
                case .pixels(let count): (count, "px", 1)
                }
            let most = (0...max(Int(amount.rounded(.down)), 0)).last { whole in
                let value = Double(whole) / scale
                let other: LiftInstruction.Distance = unit == "%" ? .share(value) : .pixels(value)
                return fits(.move(thing, direction, other))
            }
            return .leavesFrame(
                what: "moving the \(name) \(LiftInstruction.text(amount)) \(unit) \(way)", lost: lost,
                remedy: "at most \(most ?? 0) \(unit) fits")
        case .scale(let thing, let factor):
            let most = stride(from: factor, through: 1, by: -0.05).first { fits(.scale(thing, $0)) }
            return .leavesFrame(
                what: "making the \(name) \(LiftInstruction.text(factor)) times as large", lost: lost,
                remedy: "at most \(LiftInstruction.text(most ?? 1)) times fits")
        case .swap(let one, let other):
            let place = index == 0 ? other : one
            return .leavesFrame(
                what: "putting the \(name) in the place of the \(place.name)", lost: lost,
                remedy: "there is no room for it there")
        default:
            return .leavesFrame(
                what: "putting the \(name) there", lost: lost, remedy: "there is no room for it")
        }
    }
}
