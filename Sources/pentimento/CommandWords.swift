import ArgumentParser
import Editing
import Foundation

/// What a command understands, by the names that people type; read from the command's own declarations.
struct CommandWords {
    /// Options that take a value: every name, dashes included, and the name to use beside an equals sign.
    private(set) var options: [String: String] = [:]
    /// Options that take none.
    private(set) var flags: Set<String> = []

    /// The words of a command, those of its subcommands included.
    init(of command: any ParsableCommand.Type) throws {
        let tool = try JSONDecoder().decode(Tool.self, from: Data(command._dumpHelp().utf8))
        add(tool.command)
    }

    /// Arguments in which no value can be taken for an option, because it is joined to its name.
    ///
    /// `--prompt "-foo"` becomes `--prompt=-foo`. A word that is itself an option's name is no value.
    /// - Throws: `Failure` for a name that there is not, before anybody asks what else is missing.
    func joined(_ arguments: [String]) throws -> [String] {
        var joined: [String] = []
        var rest = arguments[...]
        while let word = rest.popFirst() {
            if word == "--" { return joined + [word] + rest }
            if let name = options[word] {
                guard let value = rest.first, !isName(value) else {
                    joined.append(word)
                    continue
                }
                rest.removeFirst()
                joined += value.hasPrefix("-") && value.count > 1 ? ["\(name)=\(value)"] : [word, value]
            } else if word.hasPrefix("--"), !isName(word) {
                throw unknown(word)
            } else {
                joined.append(word)
            }
        }
        return joined
    }

    private func isName(_ word: String) -> Bool {
        if word == "--" || flags.contains(word) || options[word] != nil { return true }
        return word.firstIndex(of: "=").map { options[String(word[..<$0])] != nil } ?? false
    }

    private func unknown(_ word: String) -> Failure {
        let name = String(word.prefix { $0 != "=" })
        let known = (Array(options.keys) + flags).filter { $0.hasPrefix("--") }.sorted()
        // Without the dashes, which all of them have.
        let nearest = known.map { String($0.dropFirst(2)) }.nearest(to: String(name.dropFirst(2)))
        return .usage(
            "there is no option \(name)" + (nearest.map { "; did you mean --\($0)?" } ?? "")
                + " (see `\(Program.helpHint)`)")
    }

    private mutating func add(_ command: Tool.Command) {
        for argument in command.arguments ?? [] {
            let names = (argument.names ?? []).map { ($0.kind == "long" ? "--" : "-") + $0.name }
            switch argument.kind {
            case "option":
                let name = names.first { $0.hasPrefix("--") } ?? names.first ?? ""
                for each in names { options[each] = name }
            case "flag": flags.formUnion(names)
            default: break
            }
        }
        for subcommand in command.subcommands ?? [] { add(subcommand) }
    }

    /// The library's description of a command, as far as it is needed here.
    private struct Tool: Decodable {
        struct Command: Decodable {
            var arguments: [Argument]?
            var subcommands: [Command]?
        }
        struct Argument: Decodable {
            struct Name: Decodable {
                var kind: String
                var name: String
            }
            var kind: String
            var names: [Name]?
        }
        var command: Command
    }
}
