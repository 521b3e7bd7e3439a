import Foundation
import Support
import Testing

@Suite struct JSONValueTests {
    @Test("A value is read and written as it stands, seeds above Int's range and Python's words among them")
    func values() throws {
        let text = #"{"a":18446744073709551615,"b":[1,0.5,true,null,"x"],"c":-9223372036854775808}"#
        let value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        #expect(
            value
                == .object([
                    "a": .natural(.max),
                    "b": .list([.whole(1), .number(0.5), .flag(true), .null, .text("x")]),
                    "c": .whole(.min),
                ]))
        #expect(try jsonLine(value, naming: .plain) == text)
        let python = try #require(JSONValue.object(of: Data("{\"a\": -Infinity, \"b\": NaN}".utf8)))
        #expect(python["a"] == .number(-.infinity) && python["b"]?.description == "NaN")
        #expect(JSONValue.object(of: Data("[1]".utf8)) == nil)
    }

    @Test("New members take the place of old ones, and of nothing but an object")
    func adding() {
        #expect(
            JSONValue.object(["a": .whole(1), "b": .whole(2)]).adding(["b": .null, "c": .flag(false)])
                == .object(["a": .whole(1), "b": .null, "c": .flag(false)]))
        #expect(JSONValue.list([]).adding(["a": .null]) == .list([]))
    }

    @Test("Numbers are numbers, whole or not, and truth values are none")
    func numbers() {
        #expect(JSONValue.whole(3).number == 3 && JSONValue.natural(4).number == 4)
        #expect(JSONValue.number(.infinity).number == nil && JSONValue.flag(true).number == nil)
    }
}
