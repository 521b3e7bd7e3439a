import Foundation

/// What every page of a benchmark shares: its looks, its viewer and its script.
enum PageParts {
    /// A number with the digits that its size asks for.
    static func number(_ value: Double) -> String {
        let size = abs(value)
        if value == value.rounded(), size < 1e6 { return String(format: "%.0f", value) }
        return String(
            format: size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : size >= 1 ? "%.2f" : "%.4f", value)
    }

    static let style = """
        :root{color-scheme:light dark;--ink:#1c2024;--dim:#5d666f;--paper:#fbfbf9;--card:#fff;--line:#d9dcdf;--good:#0b6b43;\
        --mark:#ffe9a8;--warn:#8a4b00}
        @media(prefers-color-scheme:dark){:root:not([data-theme=light]){--ink:#e7e9ea;--dim:#a2abb3;--paper:#15181b;\
        --card:#1d2125;--line:#343a40;--good:#6fd3a4;--mark:#5a4a12;--warn:#f0b266}}
        :root[data-theme=dark]{color-scheme:dark;--ink:#e7e9ea;--dim:#a2abb3;--paper:#15181b;--card:#1d2125;--line:#343a40;\
        --good:#6fd3a4;--mark:#5a4a12;--warn:#f0b266}
        :root[data-theme=light]{color-scheme:light}
        *{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);\
        font:16px/1.5 system-ui,sans-serif}main{max-width:1200px;margin:0 auto;padding:16px}
        h1{font-size:1.6rem;line-height:1.2;margin:.2em 0}h2{font-size:1.2rem;margin:2em 0 .5em}h3{font-size:1rem;margin:1em 0 .4em}
        h3 small{display:block;color:var(--dim);font-weight:400}dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 12px}
        dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}small{font-size:.8em;color:var(--dim)}
        .warning{color:var(--warn)}.wide{overflow-x:auto;border:1px solid var(--line);border-radius:6px;background:var(--card)}
        table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;min-width:100%}
        th,td{padding:6px 10px;text-align:right;vertical-align:top;border-bottom:1px solid var(--line)}
        td:first-child{text-align:left}td small{display:block;white-space:nowrap}tbody tr:last-child>*{border-bottom:0}
        th:first-child{text-align:left;position:sticky;left:0;background:var(--card);max-width:14rem}
        th button{all:unset;cursor:pointer;font-weight:600;white-space:nowrap}th button:focus-visible,button:focus-visible{outline:2px solid var(--good);\
        outline-offset:2px}th[aria-sort=ascending] button::after{content:" ▲"}th[aria-sort=descending] button::after{content:" ▼"}
        .best{color:var(--good);font-weight:700}.tied{color:var(--good)}.flag{color:var(--warn)}mark{background:var(--mark);color:inherit}
        button{font:inherit}header>button{padding:6px 12px;border:1px solid var(--line);border-radius:6px;background:var(--card);color:var(--ink)}
        .row{display:flex;gap:10px;overflow-x:auto;padding-bottom:6px}figure{margin:0;flex:0 0 168px}
        figure button{all:unset;cursor:zoom-in;display:block}figure img{width:168px;height:168px;object-fit:contain;background:var(--card);\
        border:1px solid var(--line);border-radius:4px;display:block}.none{width:168px;height:168px;display:grid;place-items:center;\
        border:1px dashed var(--line);color:var(--dim)}figcaption{font-size:.85rem;overflow-wrap:anywhere}figcaption small{display:block}
        svg{display:block;width:100%;min-width:600px;height:auto}thead th{white-space:nowrap}
        svg text{fill:var(--ink);font:13px system-ui,sans-serif}svg .dim{fill:var(--dim)}svg line{stroke:var(--line)}
        svg .bar{stroke:var(--dim)}svg .curve{fill:none;stroke:var(--good);stroke-width:2;opacity:.6}svg .point{fill:var(--good)}svg .reference{fill:none;stroke:var(--dim);stroke-width:2}
        dialog{border:1px solid var(--line);border-radius:8px;background:var(--card);color:var(--ink);padding:12px;width:min(96vw,900px);max-height:96vh}
        dialog::backdrop{background:rgba(0,0,0,.6)}.stage{position:relative;overflow:auto;max-height:66vh;margin:8px 0}
        .stage .both{position:relative;width:100%;aspect-ratio:1}.stage img{position:absolute;inset:0;width:100%;height:100%;object-fit:contain}
        .tools{display:flex;gap:12px;align-items:center;flex-wrap:wrap}.tools input[type=range]{flex:1;min-width:120px}
        """

    /// What compares a picture with the one before it.
    static let viewer = """
        <dialog id="viewer" aria-label="Compare with the picture before"><div class="tools"><strong id="name"></strong>
        <label>Size <select id="zoom"><option value="1">fit</option><option value="2">2×</option><option value="4">4×</option></select></label>
        <form method="dialog"><button>Close</button></form></div>
        <div class="stage"><div class="both"><img id="old" alt="before"><img id="new" alt="after"></div></div>
        <div class="tools"><span>before</span><input id="slide" type="range" min="0" max="100" value="50" aria-label="How much of the picture before is shown"><span>after</span></div>
        </dialog>
        """

    static let script = """
        "use strict";
        const one = id => document.getElementById(id), root = document.documentElement;
        one("theme").addEventListener("click", () => {
          const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
          root.dataset.theme = dark ? "light" : "dark";
        });
        for (const table of document.querySelectorAll("table.sortable")) {
          const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
          heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
            const up = head.getAttribute("aria-sort") !== "ascending";
            heads.forEach(other => other.removeAttribute("aria-sort"));
            head.setAttribute("aria-sort", up ? "ascending" : "descending");
            const key = row => { const cell = row.cells[column], value = cell.dataset.value;
              return value === undefined ? (column ? (up ? Infinity : -Infinity) : cell.textContent) : Number(value); };
            const rows = [...body.rows].sort((a, b) => { const x = key(a), y = key(b);
              return (x < y ? -1 : x > y ? 1 : 0) * (up ? 1 : -1); });
            body.append(...rows);
          }));
        }
        const viewer = one("viewer"), both = viewer.querySelector(".both"), stage = viewer.querySelector(".stage");
        const slide = () => { one("new").style.clipPath = `inset(0 0 0 ${100 - one("slide").value}%)`; };
        one("slide").addEventListener("input", slide);
        one("zoom").addEventListener("change", () => { both.style.width = `${100 * one("zoom").value}%`;
          stage.scrollTo((both.clientWidth - stage.clientWidth) / 2, (both.clientHeight - stage.clientHeight) / 2); });
        for (const button of document.querySelectorAll("button.picture")) button.addEventListener("click", () => {
          const figure = button.closest("figure"), first = button.closest(".row").querySelector("img");
          one("old").src = first.src; one("new").src = button.querySelector("img").src;
          one("name").textContent = figure.querySelector("figcaption").firstChild.textContent;
          one("slide").value = 50; one("zoom").value = 1; both.style.width = "100%"; slide(); viewer.showModal();
        });
        """
}
