import Imaging

extension Region {
    /// Refuses a region that lies outside the image, is nowhere, or says nothing or things that do not go together.
    /// - Parameter number: its place in the list, from 1.
    /// - Throws: `EditingError.badValue`.
    func check(number: Int) throws(EditingError) {
        let name = name(number: number)
        // A background may say no more than the request's prompt does.
        guard prompt.hasWords || effectiveRole == .background else {
            throw .badValue(name: "the prompt of region \(name)", value: "empty", expected: "some words")
        }
        try checkPlace(name)
        try checkTarget(name)
        if let feather, !(0...1).contains(feather) {
            throw .badValue(
                name: "the feather of region \(name)", value: "\(OptionValue.number(feather))",
                expected: "a number from 0 to 1")
        }
        for word in words {
            guard word.hasWords else {
                throw .badValue(
                    name: "a key word of region \(name)", value: "empty", expected: "a word of its prompt")
            }
            guard ([prompt] + [target].compactMap(\.self)).contains(where: { $0.says(word) }) else {
                let prompts = [prompt, target].compactMap(\.self)
                throw .unknownWord(
                    word: word, prompt: prompts.joined(separator: "\" or \""),
                    nearest: prompts.flatMap(\.plainWords).nearest(to: word))
            }
        }
    }

    private func checkPlace(_ name: String) throws(EditingError) {
        switch place {
        case .box(let box):
            guard box.isInside else {
                let hint = [box.x, box.y, box.width, box.height].contains { $0 > 1 } ? ", not in pixels" : ""
                throw .badValue(
                    name: "region \(name)", value: "\(box)",
                    expected: "x,y,width,height in shares of the picture (0 to 1) that stay inside it" + hint)
            }
        case .mask(let mask):
            guard mask.values.allSatisfy({ (0...1).contains($0) }), mask.values.contains(where: { $0 >= 0.5 })
            else {
                throw .badValue(
                    name: "the mask of region \(name)", value: "dark everywhere",
                    expected: "white where the region is")
            }
        }
        if role == .background, place != Self.everywhere {
            throw .badValue(
                name: "the place of region \(name)", value: "a part of the picture",
                expected: "left out, as a background is everywhere; make it inherent to keep the place")
        }
    }

    private func checkTarget(_ name: String) throws(EditingError) {
        if role == .edited, target?.hasWords != true {
            throw .badValue(
                name: "the target prompt of region \(name)", value: "empty",
                expected: "what the edited region shows in the new picture")
        }
        if let target, effectiveRole != .edited {
            throw .badValue(
                name: "the target prompt of region \(name)", value: "\"\(target)\"",
                expected: "left out, or the role edited: it is \(effectiveRole.rawValue)")
        }
    }
}

extension String {
    /// Whether there is anything but white space.
    var hasWords: Bool { contains { !$0.isWhitespace } }

    /// The runs of letters and digits, in lower case.
    var plainWords: [String] {
        lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }

    /// Whether the words of a phrase stand in it one after the other; case and punctuation do not count.
    func says(_ phrase: String) -> Bool {
        let (own, wanted) = (plainWords, phrase.plainWords)
        guard !wanted.isEmpty, own.count >= wanted.count else { return false }
        return (0...(own.count - wanted.count)).contains { Array(own[$0..<($0 + wanted.count)]) == wanted }
    }
}
