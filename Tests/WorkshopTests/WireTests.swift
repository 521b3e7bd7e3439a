import Diffusion
import Editing
import Foundation
import Support
import Testing
import Vault

@testable import Workshop

@Suite struct WireTests {
    private let id = String(repeating: "a", count: 64)

    private func request(_ text: String) throws -> JobRequest {
        let text = text.replacing("PICTURE", with: "\"picture\": \"\(id)\"")
        return try JobRequest(try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)))
    }

    private func problem(_ text: String) -> Problem? {
        do {
            _ = try request(text)
            return nil
        } catch { return Problem(describing: error) }
    }

    @Test("A request is written as it was read, the seed included")
    func roundTrip() throws {
        let read = try request(
            """
            {PICTURE, "prompt": "a pear", "source": "an apple", "options": {"threshold": 0.25}, "guidance": 5,
            "seed": "18446744073709551615", "mask": {"picture": "\(id)", "grow": -2, "blur": 1.5},
            "regions": [{"box": [0, 0.5, 1, 0.5], "prompt": "a table"}], "paste": "none", "feather": 3,
            "focus": {"margin": 0.5}, "previews": {"every": 2}}
            """)
        #expect(read.settings.seed == .max)
        #expect(read.settings.options == ["threshold": "0.25"])
        #expect(read.settings.focus == 0.5 && read.previews?.interval == 2)
        #expect(try JobRequest(JSONValue(line: read.json.line)) == read)
        #expect(read.json.line.contains("\"seed\":\"18446744073709551615\""))
        #expect(read.needs == [.init(id, as: "photo"), .init(id, as: "mask")])
    }

    @Test("Seeds that scripts cannot hold exactly are texts; none, null and -1 are drawn later")
    func seeds() throws {
        #expect(try request("{PICTURE, \"seed\": 9007199254740991}").settings.seed == (1 << 53) - 1)
        #expect(try request("{PICTURE, \"seed\": \"9007199254740993\"}").settings.seed == (1 << 53) + 1)
        for drawn in ["null", "-1"] { #expect(try !request("{PICTURE, \"seed\": \(drawn)}").hasSeed) }
        for wrong in ["9007199254740992", "18446744073709551616", "1.5", "\"x\"", "-2", "true"] {
            #expect(problem("{PICTURE, \"seed\": \(wrong)}")?.field == "seed", "\(wrong)")
        }
    }

    @Test(
        "What makes no sense is refused with the field that it is about",
        arguments: [
            ("{PICTURE, \"promt\": \"x\"}", "unknown-field", "promt"),
            ("{\"picture\": \"../../etc/passwd\"}", "bad-value", "picture"),
            ("{\"prompt\": \"x\"}", "missing", "picture"), ("[1]", "bad-value", nil),
            ("{PICTURE, \"prompt\": 5}", "bad-value", "prompt"),
            ("{PICTURE, \"options\": [1]}", "bad-value", "options"),
            ("{PICTURE, \"kind\": \"paint\"}", "bad-value", "kind"),
            ("{PICTURE, \"mask\": {}}", "missing", "mask.picture"),
            ("{PICTURE, \"mask\": {\"words\": \"x\", \"blur\": 1e9}}", "bad-value", "mask.blur"),
            (
                "{PICTURE, \"regions\": [{\"box\": [0, 0, 1], \"prompt\": \"x\"}]}", "bad-value",
                "regions.0.box"
            ),
            ("{PICTURE, \"regions\": [{\"prompt\": \"x\"}]}", "missing", "regions.0.box"),
            ("{PICTURE, \"workingSide\": 1000000}", "bad-value", "workingSide"),
            ("{PICTURE, \"inversion\": \"nul-text\"}", "bad-value", "inversion"),
        ] as [(String, String, String?)])
    func refused(text: String, slug: String, field: String?) {
        let problem = problem(text)
        #expect(problem?.slug == slug && problem?.field == field, "\(String(describing: problem))")
    }

    @Test("A mistyped field is told with the one that may have been meant")
    func nearest() {
        #expect(
            problem("{PICTURE, \"guidence\": 5}")?.detail
                == "there is no field guidence; did you mean guidance?")
        #expect(problem("{PICTURE, \"guidence\": 5}")?.nearest == "guidance")
    }

    @Test("A text is as long as it may be in bytes, not in letters")
    func lengths() {
        let long = String(repeating: "ä", count: 4001)
        #expect(problem("{PICTURE, \"prompt\": \"\(long)\"}")?.field == "prompt")
        #expect(problem("{PICTURE, \"prompt\": \"\(long.dropLast())\"}") == nil)
    }

    @Test("More than 64 regions are refused")
    func regions() {
        let region = "{\"box\": [0, 0, 1, 1], \"prompt\": \"x\"}"
        func list(_ count: Int) -> String {
            "{PICTURE, \"regions\": [\(Array(repeating: region, count: count).joined(separator: ", "))]}"
        }
        #expect(problem(list(65))?.field == "regions")
        #expect(problem(list(64)) == nil)
    }
}
