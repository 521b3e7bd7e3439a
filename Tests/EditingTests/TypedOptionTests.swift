import Foundation
import Support
import Testing

@testable import Editing

/// Options that are declared once with a type, and that what reads them is what descriptions declare.
@Suite struct TypedOptionTests {
    enum Colour: String, OptionChoice {
        case red
        case darkGreen = "dark-green"
    }

    static let count = TypedOption<Int>(
        "count", in: 1...9, 3, presets: [.fast: 1], symbol: "n", help: "how many")
    static let share = TypedOption<Double>("share", in: 0...1, 1, presets: [.official: 0.5], help: "how much")
    static let colour = TypedOption<Colour>("colour", .darkGreen, presets: [.google: .red], help: "which one")
    static let words = TypedOption<String>("words", presets: [.official: "a"], help: "what it says")
    static let isOn = TypedOption<Bool>("on", true, presets: [.fast: false], help: "whether")

    @Test("What a typed option is, in the words of descriptions")
    func descriptions() {
        #expect(
            Self.count.description
                == OptionDescription(
                    "count", .integer(1...9), .integer(3), presets: [.fast: .integer(1)], symbol: "n",
                    help: "how many"))
        #expect(
            Self.share.description
                == OptionDescription(
                    "share", .number(0...1), .number(1), presets: [.official: .number(0.5)], help: "how much")
        )
        #expect(
            Self.colour.description
                == OptionDescription(
                    "colour", .choice(["red", "dark-green"]), .text("dark-green"),
                    presets: [.google: .text("red")], help: "which one"))
        #expect(
            Self.words.description
                == OptionDescription(
                    "words", .text, .text(""), presets: [.official: .text("a")], help: "what it says"))
        #expect(
            Self.isOn.description
                == OptionDescription(
                    "on", .flag, .flag(true), presets: [.fast: .flag(false)], help: "whether"))
    }

    @Test("Values are read by the option's type, given ones and defaults alike")
    func values() throws {
        let all = [
            Self.count.description, Self.share.description, Self.colour.description, Self.words.description,
            Self.isOn.description,
        ]
        let usual = Options(defaultsOf: all)
        #expect(usual[Self.count] == 3 && usual[Self.share] == 1 && usual[Self.colour] == .darkGreen)
        #expect(usual[Self.words] == "" && usual[Self.isOn])
        let given = try Options(
            ["count": "2", "share": "0.25", "colour": "red", "words": "b", "on": "off"], of: all, owner: "it",
            preset: .paper)
        #expect(given[Self.count] == 2 && given[Self.share] == 0.25 && given[Self.colour] == .red)
        #expect(given[Self.words] == "b" && !given[Self.isOn])
    }

    @Test("An option of another owner, or of another type, has no value")
    func undeclared() {
        let options = Options(defaultsOf: [Self.count.description])
        #expect(options.value(of: Self.count) == 3 && options.value(of: Self.share) == nil)
        #expect(options.value(of: TypedOption<String>("count", help: "other")) == nil)
    }

    @Test("Circumstances name the option and its values as they are written")
    func circumstances() {
        #expect(Self.colour.is(.red, .darkGreen) == .option("colour", ["red", "dark-green"]))
        #expect(Self.share.isNot(1) == .optionIsNot("share", ["1"]))
        #expect(Self.words.is("").message.description == "without words")
        #expect(Self.count.setting == .option("count"))
    }

    @Test(
        "Every option that a method reads is in its description, under every preset",
        arguments: Registry.all.map { $0.description })
    func methods(method: MethodDescription) throws {
        for preset in method.presetNames {
            // An option that is not declared would end the process.
            let options = try Options([:], of: method, preset: preset)
            _ = try Registry.method(named: method.name).init(options)
        }
    }

    @Test("So is every one that is read only when the edit begins")
    func readLater() throws {
        _ = try EditDirection(try Options([:], of: Pix2PixZero.description), source: "a cat", target: "a dog")
        _ = try MasaCtrlReach(try Options([:], of: MasaCtrl.description))
        // The published code's preset blends, so that all options are read; direct inversion has a correction.
        let request = ConditionTests.request(PromptToPrompt.description) {
            ($0.preset, $0.inversion) = (.official, .direct)
        }
        #expect(
            try ConditionTests.edit(request).account.options.count == PromptToPrompt.description.options.count
        )
    }

    @Test("Every option that an inversion reads is in its description", arguments: InversionKind.allCases)
    func inversions(kind: InversionKind) throws {
        for preset in Preset.allCases { _ = kind.type.init(try kind.options(preset: preset)) }
    }

    @Test("What conditions name is an option of the method", arguments: Registry.all.map { $0.description })
    func conditions(method: MethodDescription) {
        let names = Set(method.options.map(\.name))
        func named(_ circumstance: Circumstance) -> [String] {
            switch circumstance {
            case .option(let name, _), .optionIsNot(let name, _): [name]
            case .given(.option(let name)), .notGiven(.option(let name)): [name]
            case .all(let parts), .any(let parts): parts.flatMap(named)
            case .always, .given, .notGiven, .guided, .inversion: []
            }
        }
        for condition in method.conditions {
            for case .option(let name) in condition.settings { #expect(names.contains(name)) }
            #expect(names.isSuperset(of: named(condition.when)))
        }
    }
}
