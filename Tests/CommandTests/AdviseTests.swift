import Foundation
import Imaging
import TestSupport
import Testing

/// Advice on the command line.
@Suite struct AdviseTests {
    private let environment = ["PENTIMENTO_MODELS": Fixtures.package + "/Models"]

    @Test("Advice is a line with its numbers, and the same as JSON")
    func advice() throws {
        let arguments = ["advise", "--source", "a red apple", "--prompt", "a green apple"]
        let told = try Program.run(arguments, environment: environment)
        #expect(
            told.status == 0 && told.output.contains("only a colour changes; median gain "), "\(told.errors)")
        let json = try Program.run(arguments + ["--json"], environment: environment).json()
        #expect(json["kind"] as? String == "colour" && json["count"] as? Int == 5)
        let method = try #require(json["method"] as? String)
        #expect(told.output.hasPrefix("\(method) --preset paper: "))
        let missing = try Program.run(["advise", "no.png", "--prompt", "x"], environment: environment)
        #expect(missing.status == 66 && missing.errors == "pentimento: no.png does not exist\n")
    }

    @Test("--method auto follows the advice and says so")
    func auto() throws {
        let folder = try Folder()
        try Image(width: 16, height: 16, red: 90, green: 60, blue: 30).write(to: folder["a.png"])
        let outcome = try Program.run(
            [
                "edit", "a.png", "--source", "a red apple", "--prompt", "a green apple", "--method", "auto",
                "--model", Fixtures.model("tiny-sd1"), "--steps", "4", "--seed", "1", "-o", "b.png",
            ], in: folder, environment: environment)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let advice = try Program.run(
            ["advise", "--source", "a red apple", "--prompt", "a green apple"], environment: environment)
        #expect(outcome.errors.contains(advice.output.trimmingCharacters(in: .whitespacesAndNewlines)))
    }
}
