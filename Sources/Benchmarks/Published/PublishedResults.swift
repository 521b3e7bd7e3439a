/// Numbers that papers give for a benchmark, to stand beside a run's own.
///
/// They were made with other models, other networks that measure and other harnesses: orders may be compared, numbers
/// hardly.
public struct PublishedResults: Sendable, Hashable {
    /// Where they are from, and what has to be known of them.
    public var note: String
    /// What the columns are, with ↑ or ↓ where more or less is better.
    public var columns: [String]
    /// A method and its numbers, as printed.
    public var rows: [(method: String, values: [Double?])]

    /// Numbers of a table.
    public init(note: String, columns: [String], rows: [(method: String, values: [Double?])]) {
        (self.note, self.columns, self.rows) = (note, columns, rows)
    }

    /// Whether both are the same table.
    public static func == (left: PublishedResults, right: PublishedResults) -> Bool {
        left.note == right.note && left.columns == right.columns
            && left.rows.map(\.method) == right.rows.map(\.method)
            && left.rows.map(\.values) == right.rows.map(\.values)
    }

    /// By note and columns.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(note)
        hasher.combine(columns)
    }
}

extension PublishedBenchmark {
    /// What papers report on it; nil where nothing is known here.
    public var published: PublishedResults? {
        switch self {
        case .tedbench:
            PublishedResults(
                note: """
                    A comparison of three methods on TEdBench's 100 edits (Stable Diffusion; which CLIP is not said). \
                    CLIP score is clip.clipped, direction is direction; three methods on 100 edits of 40 pictures, \
                    without intervals: the first two scores cannot be told apart.
                    """,
                columns: ["CLIP score ↑", "direction ↑"],
                rows: [
                    ("Plug-and-Play", [0.2245, 0.2430]), ("HiPer", [0.2173, 0.1547]),
                    ("Imagic", [0.2148, 0.1021]),
                ])
        case .pieBench:
            PublishedResults(
                note: """
                    Ju and others, "PnP Inversion", ICLR 2024 (Stable Diffusion 1.4, 700 edits): structure ×10³ by DINO, \
                    PSNR, LPIPS (SqueezeNet) ×10³, MSE ×10⁴ and SSIM ×10² with the edited area black in both pictures \
                    (psnr.zeroed, mse.zeroed, ssim.zeroed), CLIP ×100 by ViT-L/14 of the whole (clip.hundred) and of the \
                    edited area (clip.edited). Results were saved as JPEG of quality 75.
                    """,
                columns: [
                    "structure ↓", "PSNR ↑", "LPIPS ↓", "MSE ↓", "SSIM ↑", "CLIP whole ↑", "CLIP edited ↑",
                ],
                rows: Self.pieBenchRows)
        default: nil
        }
    }

    private static let pieBenchRows: [(method: String, values: [Double?])] = [
        ("DDIM + Prompt-to-Prompt", [69.43, 17.87, 208.80, 219.88, 71.14, 25.01, 22.44]),
        ("Null-text + Prompt-to-Prompt", [13.44, 27.03, 60.67, 35.86, 84.11, 24.75, 21.86]),
        ("Negative-prompt + Prompt-to-Prompt", [16.17, 26.21, 69.01, 39.73, 83.40, 24.61, 21.87]),
        ("StyleDiffusion + Prompt-to-Prompt", [11.65, 26.05, 66.10, 38.63, 83.42, 24.78, 21.72]),
        ("Direct + Prompt-to-Prompt", [11.65, 27.22, 54.55, 32.86, 84.76, 25.02, 22.10]),
        ("DDIM + MasaCtrl", [28.38, 22.17, 106.62, 86.97, 79.67, 23.96, 21.16]),
        ("Direct + MasaCtrl", [24.70, 22.64, 87.94, 81.09, 81.33, 24.38, 21.35]),
        ("DDIM + Pix2Pix-Zero", [61.68, 20.44, 172.22, 144.12, 74.67, 22.80, 20.54]),
        ("Direct + Pix2Pix-Zero", [49.22, 21.53, 138.98, 127.32, 77.05, 23.31, 21.05]),
        ("DDIM + Plug-and-Play", [28.22, 22.28, 113.46, 83.64, 79.05, 25.41, 22.55]),
        ("Direct + Plug-and-Play", [24.29, 22.46, 106.06, 80.45, 79.68, 25.41, 22.62]),
    ]
}
