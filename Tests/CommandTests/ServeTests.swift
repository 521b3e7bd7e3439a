import Foundation
import Service
import Testing

@Suite struct ServeTests {
    @Test("serve becomes the service's own program, whose options and statuses are its own")
    func handsOver() throws {
        let version = try Program.run(["serve", "--version"])
        #expect(version.status == 0 && version.output == Producer.packageVersion + "\n")
        let help = try Program.run(["serve", "--help"])
        #expect(help.status == 0 && help.output.contains("pentimento serve --no-open"))
        let wrong = try Program.run(["serve", "--queue", "0"])
        #expect(wrong.status == 64)
        #expect(
            wrong.errors
                == "pentimento: --queue is 0; it must lie in 1...10000 (see `pentimento serve --help`)\n")
    }

    @Test("The command line starts without SQLite, which the service alone is linked to")
    func withoutSQLite() throws {
        let outcome = try Program.run(["--version"], environment: ["LD_DEBUG": "files"])
        #expect(outcome.status == 0 && outcome.errors.contains("libc.so"))
        #expect(!outcome.errors.contains("libsqlite3"))
        let service = try Program.run(["serve", "--version"], environment: ["LD_DEBUG": "files"])
        #expect(service.errors.contains("libsqlite3"))
    }
}
