import Foundation
public import Imaging

/// A page on which people compare pairs of results without knowing whose they are.
public struct VotePage {
    private let pairs: BlindPairs
    private let facts: (String) throws -> (before: Image, source: String?, target: String)
    private let result: (String, String) throws -> Image
    /// The long side of pictures, in pixels.
    public var pictureSide = 512

    /// A page of pairs.
    /// - Parameters:
    ///   - facts: the picture before and the texts of an edit.
    ///   - result: the picture of a contender on an edit.
    public init(
        _ pairs: BlindPairs,
        facts: @escaping (String) throws -> (before: Image, source: String?, target: String),
        result: @escaping (String, String) throws -> Image
    ) {
        (self.pairs, self.facts, self.result) = (pairs, facts, result)
    }

    /// Writes `index.html`, `pictures/` and, for `benchmark votes` alone, `key.json` by a function that is given each.
    ///
    /// Names of pictures say nothing of whose they are.
    public func write(
        _ text: (String, String) throws -> Void, _ picture: (Image, String) throws -> Void
    ) throws {
        var lines: [[String: String]] = []
        for pair in pairs.pairs {
            let (before, source, target) = try facts(pair.item)
            let sides = [pair.left, pair.right]
            for (side, label) in zip(["left", "right"], sides) {
                // A spoiled side is made of the other one.
                let image =
                    label == BlindPairs.spoiled
                    ? BlindPairs.spoiled(try result(pair.item, sides.first { $0 != label } ?? label))
                    : try result(pair.item, label)
                try picture(fitted(image), "pictures/\(pair.id)-\(side).png")
            }
            try picture(fitted(before), "pictures/\(pair.id)-before.png")
            lines.append(["id": pair.id, "source": source ?? "", "target": target])
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let data = String(decoding: try encoder.encode(lines), as: UTF8.self).replacing(
            "<", with: "\\u003c")
        try text(html(data), "index.html")
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try text(String(decoding: try encoder.encode(pairs), as: UTF8.self) + "\n", "key.json")
    }

    private func fitted(_ image: Image) -> Image {
        max(image.width, image.height) > pictureSide ? Sheet.fitted(image, pictureSide) : image
    }

    private func html(_ lines: String) -> String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Which edit is better?</title><style>\(PageParts.style)\(Self.style)</style></head><body>
        <main><header><h1>Which edit is better?</h1><p>The picture in the middle was to become what the text says, and to stay \
        as it is in everything else. <kbd>1</kbd> left, <kbd>2</kbd> right, <kbd>0</kbd> neither; <kbd>Backspace</kbd> goes back. \
        Answers are kept in this browser until they are saved as a file.</p></header>
        <p id="text" aria-live="polite"></p>
        <div class="three"><button type="button" data-choice="left"><img id="left" alt="left result"><b>1</b></button>
        <figure><img id="before" alt="picture before"><figcaption>before</figcaption></figure>
        <button type="button" data-choice="right"><img id="right" alt="right result"><b>2</b></button></div>
        <div class="tools"><button type="button" data-choice="same">0 neither is better</button>
        <button type="button" id="back">back</button><progress id="bar" value="0" max="1"></progress><span id="count"></span>
        <button type="button" id="save">Save votes</button></div></main>
        <script>const PAGE = "\(pairs.page)", PAIRS = \(lines);
        \(Self.script)</script></body></html>

        """
    }

    private static let style = """
        .three{display:grid;grid-template-columns:1fr 1fr 1fr;gap:12px;align-items:start}.three img{width:100%;height:auto;\
        aspect-ratio:1;object-fit:contain;background:var(--card);border-radius:4px;display:block}
        .three figure{flex:initial}.three figure img{border:1px solid var(--line)}
        .three button{padding:4px;border:2px solid var(--line);border-radius:8px;background:var(--card);color:var(--ink);cursor:pointer}
        .three button:hover,.three button:focus-visible{border-color:var(--good)}#text{font-size:1.2rem;min-height:2em}
        .tools button{padding:8px 14px;border:1px solid var(--line);border-radius:6px;background:var(--card);color:var(--ink)}
        @media(max-width:600px){.three{grid-template-columns:1fr 1fr}.three figure{grid-column:1/3;grid-row:1;max-width:50%;margin:auto}}
        """

    private static let script = """
        "use strict";
        const one = id => document.getElementById(id), key = "votes-" + PAGE;
        let state;
        try { state = JSON.parse(localStorage.getItem(key)); } catch { state = null; }
        if (!state) state = {page: PAGE, voter: Math.random().toString(36).slice(2, 10), votes: {}};
        let place = PAIRS.findIndex(pair => !(pair.id in state.votes));
        if (place < 0) place = PAIRS.length;
        const keep = () => { try { localStorage.setItem(key, JSON.stringify(state)); } catch { } };
        const show = () => {
          const done = Object.keys(state.votes).length, pair = PAIRS[place];
          one("bar").max = PAIRS.length; one("bar").value = done; one("count").textContent = `${done} of ${PAIRS.length}`;
          document.querySelector(".three").hidden = !pair;
          if (!pair) { one("text").textContent = "Thank you: all pairs are answered. Save the votes and hand the file on."; return; }
          one("text").textContent = (pair.source ? pair.source + " → " : "") + pair.target;
          for (const side of ["left", "right", "before"]) one(side).src = `pictures/${pair.id}-${side}.png`;
          const next = PAIRS[place + 1];
          if (next) for (const side of ["left", "right", "before"]) new Image().src = `pictures/${next.id}-${side}.png`;
        };
        const vote = choice => { const pair = PAIRS[place]; if (!pair) return;
          state.votes[pair.id] = choice; keep(); place += 1; show(); };
        const back = () => { if (place > 0) { place -= 1; show(); } };
        for (const button of document.querySelectorAll("[data-choice]"))
          button.addEventListener("click", () => vote(button.dataset.choice));
        one("back").addEventListener("click", back);
        one("save").addEventListener("click", () => {
          const link = document.createElement("a");
          link.href = URL.createObjectURL(new Blob([JSON.stringify(state, null, 1)], {type: "application/json"}));
          link.download = `votes-${state.voter}.json`; link.click(); URL.revokeObjectURL(link.href);
        });
        addEventListener("keydown", event => {
          if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
          const choice = {1: "left", 2: "right", 0: "same"}[event.key];
          if (choice) { event.preventDefault(); vote(choice); } else if (event.key === "Backspace") { event.preventDefault(); back(); }
        });
        show();
        """
}
