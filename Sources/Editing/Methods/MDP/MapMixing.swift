import Diffusion
import Networks
import Prompts
import Tensors

/// Mixes the prompt's attention maps of one branch into another's, token by token.
///
/// A token of the target takes the map of the source's token at the same place: the same one where both prompts have
/// it, and the one it replaces where as many tokens were replaced as came. Tokens that have no such partner keep their
/// own maps (Hertz et al. 2022, word swap and refinement).
struct MapMixing {
    private let sites: [Site]
    /// Which column of the source's map each of the target's columns takes, [L], int64.
    private let columns: Tensor
    /// 1 where there is such a column, else 0, [1, 1, 1, L].
    private let isMapped: Tensor

    /// A mixing between a context's prompts.
    /// - Throws: `EditingError.missing` for prompts that have no tokens.
    init(_ context: EditContext, source: Conditioning) throws {
        guard let old = source.tokens, let new = context.prompt.tokens else {
            throw EditingError.missing(.textPrompts, method: "mdp")
        }
        let alignment = Self.alignment(from: old.ids, to: new.ids)
        let device = context.session.model.device
        sites = try context.session.model.sites.filter(\.isCrossAttentionMap)
        columns = Tensor(alignment.map { Int64($0 ?? 0) }).to(device: device)
        isMapped = Tensor(
            alignment.map { Float($0 == nil ? 0 : 1) }, shape: [1, 1, 1, alignment.count]
        ).like(context.clean)
    }

    /// Where the source branch's maps are kept during one pass.
    func recording() -> Recording { Recording(sites) }

    /// M ← w·Mᴬ + (1 - w)·M for the tokens that have a partner.
    func plan(from recording: Recording, weight: Double) -> Plan {
        .editing(sites) { [columns, isMapped] site, own in
            let share = isMapped * weight
            return recording[site].indexSelect(3, columns) * share + own * (1 - share)
        }
    }

    /// For every token of the target the place of its partner in the source, or nil.
    ///
    /// The longest common subsequence; between its members, runs of equal length are partners one by one.
    static func alignment(from source: [Int], to target: [Int]) -> [Int?] {
        var longest = [[Int]](
            repeating: [Int](repeating: 0, count: target.count + 1), count: source.count + 1)
        for i in source.indices.reversed() {
            for j in target.indices.reversed() {
                longest[i][j] =
                    source[i] == target[j]
                    ? longest[i + 1][j + 1] + 1 : max(longest[i + 1][j], longest[i][j + 1])
            }
        }
        var partners = [Int?](repeating: nil, count: target.count)
        var (i, j) = (0, 0)
        // Where the runs of unequal tokens began.
        var (sourceRun, targetRun) = (0, 0)
        func closeRuns() {
            if i - sourceRun == j - targetRun {
                for offset in 0..<(j - targetRun) { partners[targetRun + offset] = sourceRun + offset }
            }
        }
        while i < source.count, j < target.count {
            if source[i] == target[j], longest[i][j] == longest[i + 1][j + 1] + 1 {
                closeRuns()
                partners[j] = i
                (i, j) = (i + 1, j + 1)
                (sourceRun, targetRun) = (i, j)
            } else if longest[i + 1][j] >= longest[i][j + 1] {
                i += 1
            } else {
                j += 1
            }
        }
        (i, j) = (source.count, target.count)
        closeRuns()
        return partners
    }
}
