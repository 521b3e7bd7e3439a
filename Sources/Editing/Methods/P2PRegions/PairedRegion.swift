import Diffusion
import Tensors

/// A region of a source and a target that are painted side by side.
struct PairedRegion {
    /// What one of the two pictures reads there.
    struct Row {
        /// The global prompt and what the region shows.
        let prompt: LongPrompt
        /// What guidance leads away from.
        let negative: Conditioning
    }

    /// Its place in the request's list; nil for the background that was not listed, and for the whole picture.
    let index: Int?
    /// What becomes of it.
    let role: Region.Role
    /// Where it is painted.
    let tile: Tile
    /// How much of it counts against the background, [1, 1, height, width].
    let weights: Tensor
    /// The source's row; nil where that is not painted.
    let source: Row?
    /// The target's row; nil where that is not painted.
    let target: Row?
    /// Whose attention the target's row takes; nil where it takes none.
    let controller: AttentionController?

    /// The rows that are painted, with what each reads.
    func row(_ side: PairSide) -> Row? { side == .source ? source : target }
}

/// One of two pictures that are painted side by side.
enum PairSide: Int, CaseIterable {
    /// The picture before the edit (row 0).
    case source
    /// The picture after it (row 1).
    case target
}

/// Two values: the source's and the target's.
struct Sides<Value> {
    var source: Value
    var target: Value

    init(_ source: Value, _ target: Value) {
        self.source = source
        self.target = target
    }

    /// Both from a rule.
    init(_ value: (PairSide) throws -> Value) rethrows {
        self.init(try value(.source), try value(.target))
    }

    subscript(_ side: PairSide) -> Value {
        get { side == .source ? source : target }
        set { if side == .source { source = newValue } else { target = newValue } }
    }

    /// What a rule makes of both.
    func map<Other>(_ change: (Value) throws -> Other) rethrows -> Sides<Other> {
        Sides<Other>(try change(source), try change(target))
    }
}
