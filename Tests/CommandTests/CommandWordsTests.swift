import ArgumentParser
import Foundation
import Testing

@testable import pentimento

/// Names and values of a command line, before the library reads them.
@Suite struct CommandWordsTests {
    static let commands = Pentimento.configuration.subcommands.map { $0._commandName }

    func words(_ command: String) throws -> CommandWords {
        try CommandWords(
            of: try #require(Pentimento.configuration.subcommands.first { $0._commandName == command }))
    }

    func message(_ typed: [String]) -> String {
        let error = #expect(throws: Failure.self) { try Pentimento.arguments(typed) }
        #expect(error?.status == .usage)
        return error?.message ?? ""
    }

    @Test("Every option of every command takes a value that begins with a dash", arguments: commands)
    func dashes(command: String) throws {
        let words = try words(command)
        for (name, long) in words.options {
            for value in ["-5", "-blurry", "- a list, as pasted", "--- x"] {
                #expect(try words.joined([name, value, "photo.png"]) == ["\(long)=\(value)", "photo.png"])
            }
            #expect(try words.joined([name, "plain", "-"]) == [name, "plain", "-"])
        }
    }

    @Test("The library reads what was joined: negative numbers, texts and single letters")
    func parsed() throws {
        let typed = [
            "edit", "a.png", "-p", "- a list", "--negative", "-blurry", "--mask-grow", "-3", "--mask",
            "-m.png",
        ]
        let command = try #require(try Pentimento.parseAsRoot(Pentimento.arguments(typed)) as? EditCommand)
        #expect(command.prompt == "- a list" && command.negative == "-blurry")
        #expect(command.masking.maskGrow == -3 && command.masking.mask == "-m.png")
    }

    @Test("An option's name is no value, and nothing is joined behind two dashes")
    func names() throws {
        let edit = try words("edit")
        #expect(try edit.joined(["--prompt", "--steps", "5"]) == ["--prompt", "--steps", "5"])
        #expect(try edit.joined(["--prompt", "--steps=5"]) == ["--prompt", "--steps=5"])
        #expect(try edit.joined(["--prompt", "-q"]) == ["--prompt", "-q"])
        #expect(
            try edit.joined(["--prompt", "x", "--", "--prompt", "-y"]) == [
                "--prompt", "x", "--", "--prompt", "-y",
            ])
        #expect(try edit.joined(["--prompt=-y", "-"]) == ["--prompt=-y", "-"])
        #expect(try edit.joined(["--prompt"]) == ["--prompt"])
    }

    @Test(
        "A name that there is not is told before what is missing, with the nearest that there is",
        arguments: [
            (["edit", "a.png", "--promt", "x"], "there is no option --promt; did you mean --prompt?"),
            (["edit", "--guidence=3"], "there is no option --guidence; did you mean --guidance?"),
            (["train", "--chek"], "there is no option --chek; did you mean --check?"),
            (["generate", "--no-window"], "there is no option --no-window; did you mean --no-windows?"),
            (["edit", "--zzzzzz"], "there is no option --zzzzzz"),
        ])
    func unknown(typed: [String], expected: String) {
        #expect(message(typed).hasPrefix(expected + " (see `pentimento"))
    }

    @Test("A command that there is not gets the nearest, if one is near")
    func unknownCommand() {
        #expect(
            message(["edti", "x"])
                == "there is no command \"edti\"; did you mean edit? (see `pentimento --help`)")
        #expect(message(["nosuch"]) == "there is no command \"nosuch\" (see `pentimento --help`)")
    }

    @Test("Help, version and completion are left to the library")
    func library() throws {
        for typed in [
            ["--version"], ["help", "edit"], ["---completion", "x"], [], ["edit", "--help"], ["edit", "-h"],
        ] {
            #expect(try Pentimento.arguments(typed) == typed)
        }
    }
}
