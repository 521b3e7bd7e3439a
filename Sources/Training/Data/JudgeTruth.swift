import Networks
import StillLife
import StillLifeStudy
import Tensors

/// What is true of a batch of images, as the targets of a judge: ones where something holds, zeros elsewhere.
struct JudgeTruth {
    /// Shares of each cell, nothing first, [B, kinds + 1, cells, cells].
    let cells: Tensor
    /// Which kinds are there, [B, kinds].
    let kinds: Tensor
    /// [B, kinds, colours]; zeros for kinds that are not there.
    let colours: Tensor
    /// What covers each, [B, kinds, surfaces].
    let surfaces: Tensor
    /// [B, kinds, states]; zeros for kinds with a single state as well.
    let states: Tensor
    let tables: Tensor
    let walls: Tensor
    let styles: Tensor
    let counts: Tensor

    /// The same as plain numbers, filled scene by scene.
    struct Numbers {
        let images: Int
        var cells: [Float]
        var kinds: [Float]
        var colours: [Float]
        var surfaces: [Float]
        var states: [Float]
        var tables: [Float] = []
        var walls: [Float] = []
        var styles: [Float] = []
        var counts: [Float] = []

        init(images: Int, places: Int) {
            self.images = images
            let all = images * ObjectKind.allCases.count
            cells = [Float](repeating: 0, count: (all + images) * places)
            kinds = [Float](repeating: 0, count: all)
            colours = [Float](repeating: 0, count: all * ObjectColour.allCases.count)
            surfaces = [Float](repeating: 0, count: all * Surface.allCases.count)
            states = [Float](repeating: 0, count: all * ObjectState.allCases.count)
        }

        mutating func add(_ object: SceneObject, kind: Int, row: Int) {
            let place = row * ObjectKind.allCases.count + kind
            kinds[place] = 1
            Self.mark(&colours, place, object.colour)
            Self.mark(&surfaces, place, object.surface)
            if object.kind.states.count > 1 { Self.mark(&states, place, object.state) }
        }

        mutating func add(_ scene: Scene) {
            Self.append(&tables, scene.table)
            Self.append(&walls, scene.wall)
            Self.append(&styles, scene.style)
            counts += (1...3).map { $0 == scene.objects.count ? 1 : 0 }
        }

        private static func mark<Name: CaseIterable & Equatable>(
            _ values: inout [Float], _ row: Int, _ name: Name
        ) {
            for (index, other) in Name.allCases.enumerated() where other == name {
                values[row * Name.allCases.count + index] = 1
            }
        }

        private static func append<Name: CaseIterable & Equatable>(_ values: inout [Float], _ name: Name) {
            values += Name.allCases.map { $0 == name ? 1 : 0 }
        }
    }

    init(_ numbers: Numbers, cells side: Int, device: Device) {
        let (rows, kindCount) = (numbers.images, ObjectKind.allCases.count)
        func tensor(_ values: [Float], _ shape: [Int]) -> Tensor {
            Tensor(values, shape: [rows] + shape).to(device: device)
        }
        cells = tensor(numbers.cells, [kindCount + 1, side, side])
        kinds = tensor(numbers.kinds, [kindCount])
        colours = tensor(numbers.colours, [kindCount, ObjectColour.allCases.count])
        surfaces = tensor(numbers.surfaces, [kindCount, Surface.allCases.count])
        states = tensor(numbers.states, [kindCount, ObjectState.allCases.count])
        tables = tensor(numbers.tables, [Table.allCases.count])
        walls = tensor(numbers.walls, [Wall.allCases.count])
        styles = tensor(numbers.styles, [Style.allCases.count])
        counts = tensor(numbers.counts, [3])
    }

    /// How far an answer is from the truth: the sum of the cross entropies of all its parts.
    /// - Parameter flipped: whether the images were shown as in a mirror.
    func loss(of answer: AttributeNetwork.Answer, flipped: Bool) -> Tensor {
        let cells = flipped ? cells.flipped(3) : cells
        let scores = answer.kinds
        let presence = scores.binaryEntropy(of: kinds).mean
        var loss = Self.entropy(answer.cells, cells, along: 1) + presence * 8
        for (found, wanted) in [
            (answer.colours, colours), (answer.surfaces, surfaces), (answer.states, states),
            (answer.tables, tables), (answer.walls, walls), (answer.styles, styles), (answer.counts, counts),
        ] {
            loss += Self.entropy(found, wanted, along: -1)
        }
        return loss
    }

    /// Mean cross entropy over everything that has a target.
    private static func entropy(_ found: Tensor, _ wanted: Tensor, along dimension: Int) -> Tensor {
        let total = wanted.sum.clamped(1, nil)
        return (found.logSoftmax(dimension) * wanted).sum / total * -1.0
    }
}
