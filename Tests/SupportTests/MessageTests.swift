import Support
import Testing

@Suite struct MessageTests {
    private let message: Message =
        "draw \(.setting("mask"), before: "one for ", plain: "a mask") or use \(.setting("option", "k=\(2)"), plain: "k") "
        + "\(.command("methods"), before: "(see ", after: ")", plain: "")"

    @Test("A message has plain words where no program names its settings")
    func plain() {
        #expect(message.description == "draw a mask or use k ")
    }

    @Test("A program's names take the place of the plain words, with what belongs to them; others stay plain")
    func named() {
        let naming = Naming { control in
            switch control {
            case .setting("mask", nil): "<mask>"
            case .setting("option", let value?): "<\(value)>"
            case .command(let name): name.uppercased()
            default: nil
            }
        }
        #expect(message.text(naming) == "draw one for <mask> or use <k=2> (see METHODS)")
        #expect(message.text(Naming { _ in nil }) == message.description)
    }

    @Test("Messages are equal where their words and settings are, however they were put together")
    func equality() {
        #expect(Message("a b") == "a" + " " + "b" && "a \("b")" == Message("a b"))
        #expect("\(.setting("mask"), plain: "a mask")" != Message("a mask"))
        #expect(["a", "b", "c"].joined(separator: ", ") == Message("a, b, c"))
        #expect([Message]().joined(separator: ", ") == "")
    }

    @Test("An error says its message, and another its description")
    func errors() {
        struct Pointing: UserError {
            let kind = UserErrorKind.request
            var description: String { "\(message)" }
            var message: Message { "give \(.setting("mask"), plain: "a mask")" }
        }
        struct Plain: UserError {
            let kind = UserErrorKind.fault
            let description = "it broke"
        }
        struct Foreign: Error, CustomStringConvertible { let description = "elsewhere" }
        let naming = Naming { _ in "MASK" }
        #expect(naming.text(of: Pointing()) == "give MASK" && "\(Pointing())" == "give a mask")
        #expect(naming.text(of: Plain()) == "it broke" && naming.text(of: Foreign()) == "elsewhere")
    }
}
